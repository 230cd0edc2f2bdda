"""What benchmarks train on: a folder of photos, the base, its weights, and `thaw train` on them."""

import json
import shutil
import sys
from pathlib import Path

from tests.benchmarks.outside import Measured, measure
from tests.support import ROOT, workspace
from transfer_core.backbones.weights import weights_state
from transfer_core.samples.sets import draw_sample, get_sample

BASE = "efficientnet-lite0"
LEARNING_RATE = 1e-3  # Adam's default, which Keras' guide leaves as it is
REAL = ROOT.parent / "shared" / "photos" / "cats_dogs" / "train"


def photo_folder(folder: Path, count: int) -> str:
    """Fill `folder` with `count` JPEGs in class folders: real photos where there are enough, drawn ones otherwise.

    Returns:
        What they are, in words.
    """
    classes = [sorted(path.glob("*.jpg")) for path in sorted(REAL.glob("*/"))]
    if classes and min(map(len, classes)) >= count // len(classes):
        for files in classes:
            place = folder / files[0].parent.name
            place.mkdir(parents=True)
            for file in files[: count // len(classes)]:
                shutil.copy(file, place)
        return "photos of cats and dogs"
    draw_sample("shapes", folder, per_class=count // len(get_sample("shapes").classes))
    return "drawn shapes"


def weights() -> str:
    """ImageNet weights where they are on this machine; random ones otherwise, which are as fast."""
    return "none" if weights_state(workspace(), BASE) in ("download", "file") else "imagenet"


def thaw_train(photos: Path, work: Path, epochs: int) -> Measured:
    """Train a head by `thaw train` for exactly so many epochs, in a workspace of its own with nothing cached.

    Args:
        photos: class folders.
        work: an empty folder for the workspace and the run.
        epochs: of the head; early stopping is off.
    """
    config = work / "config.json"
    choices = {
        "base": {"name": BASE, "weights": weights()},
        "head": {"epochs": epochs, "learning_rate": LEARNING_RATE},
        "fit": {"patience": 0},
    }
    config.write_text(json.dumps(choices))
    command = ["-m", "transfer_core", "train", photos, "--out", work / "run", "--config", config, "--json"]
    return measure(command, work / "home")


def say(text: str) -> None:
    """Tell whoever waits how far a long benchmark is."""
    print(f"  {text}", file=sys.stderr, flush=True)
