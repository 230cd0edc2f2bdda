"""How much ImageNet is asked about, and which base answers."""

import hashlib
from dataclasses import dataclass
from itertools import count

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.cost import look_seconds
from transfer_core.backbones.imagenet_classes import ANSWERING_BASE
from transfer_core.backbones.stored_trees import shipped_tree
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.labs.options import option
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.checks import is_whole
from transfer_core.runs.config import BaseConfig
from transfer_core.stats.intervals import wilson
from transfer_core.text import Sentence

__all__ = ["LEAST_PHOTOS", "NEEDS_WEIGHTS", "TOLD", "Settings", "base_note", "choose", "expected_seconds"]

NEEDS_WEIGHTS = False
"""The base that answers comes with Thaw, whichever was asked for (`base_note`)."""

TOLD = 2 / 3
"""ImageNet's answers tell a class from the others when even the low end of the share's 95 % interval is this much."""


LEAST_PHOTOS = next(number for number in count(1) if wilson(number, number)[0] >= TOLD)
"""Of a class; with fewer, its interval reaches below `TOLD` even if every answer fits."""


@dataclass(frozen=True)
class Settings:
    """How much is asked."""

    photos: int = option("--photos", 50, f"Photos of each class to ask about, at least {LEAST_PHOTOS}.")
    """Photos of each class, drawn by the seed; all of them where a class has fewer."""

    def __post_init__(self) -> None:
        if not is_whole(self.photos) or not LEAST_PHOTOS <= self.photos <= 10_000:
            raise ConfigError(
                "The number of photos of each class must be a whole number from {least_photos}, below which nothing "
                "could be told, to 10000; {photos!r} came.",
                least_photos=LEAST_PHOTOS,
                photos=self.photos,
            )


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Settings | None, manifest: Manifest) -> float:
    """How long asking will take here; see `labs.experiment.expected_seconds`. Another base may answer than `tree`'s."""
    asked = choose(manifest, (settings or Settings()).photos, 0)
    return sum(look_seconds(workspace, shipped_tree(ANSWERING_BASE) or tree, len(asked)).values())


def choose(manifest: Manifest, per_class: int, seed: int) -> tuple[ManifestPhoto, ...]:
    """At most `per_class` photos of each class, whatever their split: the base has learned from none of them.

    By order of a hash of seed and photo, so that one more photo changes little.
    """
    photos = {photo.sha256: photo for photo in manifest.photos}.values()
    chosen: list[ManifestPhoto] = []
    for label in range(len(manifest.classes)):
        of_class = [photo for photo in photos if photo.label == label]
        of_class.sort(key=lambda photo: hashlib.sha256(f"knowledge|{seed}|{photo.sha256}".encode()).hexdigest())
        chosen += of_class[:per_class]
    return tuple(chosen)


def base_note(base: BaseConfig) -> Sentence:
    """Why another base answers than the one asked for; empty where it answers itself."""
    row, answering = get_base(base.name), get_base(ANSWERING_BASE).title
    if base.weights == "none":
        return Sentence(
            "A base with random weights knows nothing yet; {answering} with its ImageNet weights answers here.",
            answering=answering,
        )
    if row.name != ANSWERING_BASE:
        return Sentence(
            "The weights of {base} come without their ImageNet answer layer, so {answering} answers in its "
            "place: all bases learned the same 1000 classes, so what ImageNet holds is the same.",
            base=row.title,
            answering=answering,
        )
    if base.weights != "imagenet":
        return Sentence(
            "The published ImageNet weights of {answering} answer here, not those in {weights}.",
            answering=answering,
            weights=base.weights,
        )
    return Sentence("")
