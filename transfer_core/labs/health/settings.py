"""What is asked of the photos, how many a class needs for it, and how long it takes."""

from dataclasses import dataclass
from typing import Any

from transfer_core.backbones.cost import look_seconds
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.photos.manifest import Manifest

__all__ = ["FOLDS", "LEAST_PHOTOS", "MOST_DOUBTS", "PENALTY", "Settings", "expected_seconds", "stage_seconds"]

FOLDS = 5
LEAST_PHOTOS = 3
"""Of each class, so that a classifier can answer every photo without having seen it."""
MOST_DOUBTS = 0.2
"""Share of the photos. Where more are in doubt, it is the classifier that is wrong, not the labels."""
PENALTY = 1e-4
"""Of the classifiers that find wrong labels (`stats.linear_probe`): of 1e-5 to 0.1, the one that found most of the
labels made wrong on purpose among those it named (`python -m tests.benchmarks health`)."""

_LOOK_SECONDS = 0.003  # a photo
_PAIR_SECONDS = 1e-6
_FIT_SECONDS = 2e-3  # a photo, for all folds


@dataclass(frozen=True)
class Settings:
    """Nothing to set: every photo is looked at, in every way."""


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Any, manifest: Manifest) -> float:
    """How long it will take here; see `labs.experiment.expected_seconds`."""
    return sum(stage_seconds(workspace, tree, len(manifest.photos)).values())


def stage_seconds(workspace: Workspace, tree: LayerTree, photos: int) -> dict[str, float]:
    """How long each part takes for so many photos if nothing is cached, in order."""
    look = look_seconds(workspace, tree, photos)
    ours = {"looks": _LOOK_SECONDS * photos, "copies": 0.1 + _PAIR_SECONDS * photos**2}
    return {"photos": look.pop("photos")} | ours | look | {"labels": 0.1 + _FIT_SECONDS * photos}
