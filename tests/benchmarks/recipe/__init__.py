"""Which weights of a fine-tuning to keep: rules compared on photos that chose nothing.

Sets of photos are dealt out at random into those to learn from, those to validate on (a fifth) and judges. A head is
trained on the frozen base, then the base is fine-tuned from a block on, and after every epoch the network is asked
about validation photos and judges. So one training tells what every rule would have kept, how good that is on the
judges, and how good the epoch that turns out best. EfficientNet-Lite0, Adam, batches of 32, eight epochs, the rate
falling along a cosine.

It takes an hour on two cores. Trainings are kept in the folder THAW_STUDY, if that is set, and not repeated.
"""

import os
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

from tests.benchmarks.material import photo_folder, say
from tests.benchmarks.table import Row
from tests.support import ROOT

PHOTOS = ROOT.parent / "shared" / "photos"
CASES = (
    *(("clothing", total, seed) for total, seed in ((60, 0), (200, 0), (200, 1), (200, 2), (700, 0))),
    *(("trash", 150, seed) for seed in (0, 1, 2)),
    ("cats_dogs", 100, 0),
)
"""Set, photos to learn from and validate on, and the seed they are dealt out by."""
RATES, BLOCK = (1e-4, 3e-4), "block6a"
_POINT = 1.0  # of a hundred photos: what weights may lose against the best epoch, which nobody knows beforehand


def run(quick: bool = False) -> list[Row]:
    """Compare the rules; `quick` only shows that it works, on a few drawn photos."""
    from tests.benchmarks.recipe.rules import FORMER, OURS, RULES, best_epoch
    from tests.benchmarks.recipe.trainings import Case, Recording, Trainings, cosine

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    recordings: dict[str, Recording] = {}
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        kept = Path(os.environ.get("THAW_STUDY", f"{folder}/study"))
        kept.mkdir(parents=True, exist_ok=True)
        cases = [Case(*case) for case in CASES]
        if quick or not PHOTOS.is_dir():
            photo_folder(Path(folder) / "drawn", 48)
            cases = [Case("drawn", 24, 0)]
        for name in dict.fromkeys(case.photos for case in cases):
            trainings = Trainings(_class_folders(name, Path(folder)), kept)
            for case in (case for case in cases if case.photos == name):
                for rate in RATES[:1] if quick else RATES:
                    found = trainings.record(case, BLOCK, cosine(rate, epochs=2 if quick else 8))
                    recordings[f"{case.name} {rate:g}"] = found
                    figures = "; ".join(f"{rule} {100 * judged(found):.1f}" for rule, judged in RULES.items())
                    say(f"{case.name}, {rate:g}: best epoch {100 * best_epoch(found):.1f}; {figures}")
    mean = {rule: 100 * float(np.mean([judged(one) for one in recordings.values()])) for rule, judged in RULES.items()}
    behind = {
        rule: 100 * max(best_epoch(one) - judged(one) for one in recordings.values()) for rule, judged in RULES.items()
    }
    title = f"{len(recordings)} trainings, right on new photos"
    rows = [
        Row("recipe", title, mean[OURS], mean[rule], "%", rule, mean[OURS] / mean[rule], ">=", 1.0)
        for rule in RULES
        if rule != OURS
    ]
    note = f"points behind its own best epoch, the worst of all; with {FORMER}: {behind[FORMER]:.1f}"
    rows.append(
        Row("recipe", "worst loss", behind[OURS], _POINT, "%", "a point", behind[OURS] / _POINT, "<=", 1.0, note)
    )
    return rows


def _class_folders(name: str, scratch: Path) -> Path:
    """The folder of a set; one with splits of its own is put together anew."""
    if name == "drawn":
        return scratch / name
    if not (PHOTOS / name / "train").is_dir():
        return PHOTOS / name
    for path in (PHOTOS / name).glob("*/*/*"):
        place = scratch / name / path.parent.name / f"{path.parent.parent.name}_{path.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path)
    return scratch / name
