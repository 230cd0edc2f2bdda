"""Which run is put to the test, and on how many photos."""

from collections.abc import Sequence
from dataclasses import dataclass

from transfer_core.backbones.cost import look_seconds
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.labs.evaluate.settings import Material, material
from transfer_core.labs.evaluate.settings import Settings as Evaluated
from transfer_core.labs.experiment import trained_run
from transfer_core.labs.folds import ordered
from transfer_core.labs.options import argument, option
from transfer_core.photos.changes import CHANGES, STRENGTHS
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.checks import is_whole

__all__ = ["NEEDS_WEIGHTS", "TAKES_TEST_PHOTOS", "Settings", "check", "drawn", "expected_seconds", "photos_of"]

NEEDS_WEIGHTS = False
"""The run says which base it has."""
TAKES_TEST_PHOTOS = True
"""Photos that are given, as `DataConfig.test`, take the place of the run's own."""

_CHANGE_SECONDS = 0.003  # a photo, for one change


@dataclass(frozen=True)
class Settings:
    """Which run, and how many photos."""

    run: str = argument("RUN")
    """Its folder, as `Run.path`."""
    photos: int = option("--photos", 100, "Look at no more than so many.")
    """At most so many photos are changed, of each class its share."""

    def __post_init__(self) -> None:
        if not isinstance(self.run, str) or not self.run:
            raise ConfigError("The run must be the folder of a training run; {run!r} came.", run=self.run)
        if not is_whole(self.photos) or self.photos < 1:
            raise ConfigError(
                "The number of photos to look at must be a whole number above 0; {photos!r} came.", photos=self.photos
            )


def photos_of(settings: Settings, given: Manifest | None = None) -> Material:
    """The run and its photos: those given, else its test photos, else those it was validated on.

    Raises:
        TransferError: as `evaluate.settings.material`.
    """
    run = trained_run(settings.run)
    on = "" if given is not None else "test" if run.manifest().of("test") else "validation"
    return material(Evaluated(settings.run, on), given)


def check(settings: Settings) -> None:
    """Refuse what can't be put to the test."""
    trained_run(settings.run)


def drawn(photos: Sequence[ManifestPhoto], most: int, seed: int) -> list[ManifestPhoto]:
    """At most about `most` of them, of each class its share but one at least, by their content and the seed."""
    if len(photos) <= most:
        return list(photos)
    kept: set[str] = set()
    for label in sorted({photo.label for photo in photos}):
        mine = ordered((photo for photo in photos if photo.label == label), seed)
        kept |= set(mine[: max(1, int(len(mine) * most / len(photos) + 0.5))])
    return [photo for photo in photos if photo.sha256 in kept]


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Settings | None, manifest: Manifest) -> float:
    """How long it takes here; see `labs.experiment.expected_seconds`."""
    most = (settings or Settings(".")).photos
    found = photos_of(settings).photos if settings is not None else manifest.of("test") or manifest.of("validation")
    rounds, photos = len(CHANGES) * STRENGTHS + 1, min(len(found), most)
    look = look_seconds(workspace, tree, photos)
    return look["photos"] + look["start"] + rounds * (look["features"] + photos * _CHANGE_SECONDS)
