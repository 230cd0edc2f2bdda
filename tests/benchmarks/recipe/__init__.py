"""Fine-tuning: which weights to keep, and what the default rate is worth at every depth, on photos that chose nothing.

Sets of photos are dealt out at random into those to learn from, those to validate on (a fifth) and judges. A head is
trained on the frozen base, then the base is fine-tuned from a block on, and after every epoch the network is asked
about validation photos and judges. So one training tells what every rule would have kept, how good that is on the
judges, and how good the epoch that turns out best. EfficientNet-Lite0, Adam, batches of 32, eight epochs, the rate
falling along a cosine.

First the rules, at two rates from one block on; then the default, whose rate goes by the number of photos, from the
last block on to the whole base, against the head alone; and that rate against what the rate finder suggests, and a
tenth of it.

It takes two hours and a half on two cores. Trainings are kept in the folder THAW_STUDY, if that is set, and not
repeated.
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
DEPTHS = ("block7a", "block6a", "block4a", "stem")
"""First blocks that train, with the default rate."""
DEPTH_CASES = (
    ("clothing", 60, 0),
    ("clothing", 200, 0),
    ("clothing", 700, 0),
    ("trash", 150, 0),
    ("cats_dogs", 100, 0),
)
FOUND = {"the rate finder's": 1.0, "a tenth of the rate finder's": 0.1}
_EPOCHS = 8
_POINT = 1.0  # of a hundred photos: what weights may lose against the best epoch, which nobody knows beforehand


def run(quick: bool = False) -> list[Row]:
    """Compare the rules; `quick` only shows that it works, on a few drawn photos."""
    from tests.benchmarks.recipe.rules import FORMER, HEAD, OURS, RULES, best_epoch
    from tests.benchmarks.recipe.trainings import Case, Recording, Trainings, cosine
    from transfer_core.runs.config import fine_tuning_rate

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    recordings: dict[str, Recording] = {}
    tuned: dict[str, list[tuple[float, float]]] = {}  # by block: accuracy before and after, a case each
    found_rates: dict[str, list[tuple[float, float]]] = {}  # by name: accuracy with that rate and with the default's
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        kept = Path(os.environ.get("THAW_STUDY", f"{folder}/study"))
        kept.mkdir(parents=True, exist_ok=True)
        cases, depth_cases = [Case(*case) for case in CASES], [Case(*case) for case in DEPTH_CASES]
        rates, depths, epochs = RATES, DEPTHS, _EPOCHS
        if quick or not PHOTOS.is_dir():
            photo_folder(Path(folder) / "drawn", 48)
            cases = depth_cases = [Case("drawn", 24, 0)]
        if quick:
            rates, depths, epochs = RATES[:1], (BLOCK,), 2
        for name in dict.fromkeys(case.photos for case in cases):
            trainings = Trainings(class_folders(name, Path(folder)), kept)
            for case in (case for case in cases if case.photos == name):
                for rate in rates:
                    found = trainings.record(case, BLOCK, cosine(rate, epochs))
                    recordings[f"{case.name} {rate:g}"] = found
                    figures = "; ".join(f"{rule} {100 * judged(found):.1f}" for rule, judged in RULES.items())
                    say(f"{case.name}, {rate:g}: best epoch {100 * best_epoch(found):.1f}; {figures}")
            for case in (case for case in depth_cases if case.photos == name):
                for block in depths:
                    rate = fine_tuning_rate(case.learned)
                    found = trainings.record(case, block, cosine(rate, epochs))
                    before, after = 100 * RULES[HEAD](found), 100 * RULES[OURS](found)
                    tuned.setdefault(block, []).append((before, after))
                    say(f"{case.name} from {block} on, {rate:g}: {before:.1f} before, {after:.1f} after")
                usual = cosine(fine_tuning_rate(case.learned), epochs)
                suggested = trainings.found_rate(case, BLOCK, usual)
                if suggested is None:
                    say(f"{case.name}: the rate finder sees no fall")
                    continue
                ours = 100 * RULES[OURS](trainings.record(case, BLOCK, usual))
                for name, part in FOUND.items():
                    rate = float(f"{part * suggested:.1e}")
                    theirs = 100 * RULES[OURS](trainings.record(case, BLOCK, cosine(rate, epochs)))
                    found_rates.setdefault(name, []).append((theirs, ours))
                    say(f"{case.name}, {name}, {rate:g}: {theirs:.1f}; default, {usual.phase.rate:g}: {ours:.1f}")
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
    for block, pairs in tuned.items():
        before, after = (float(np.mean(figures)) for figures in zip(*pairs, strict=True))
        note = f"mean of {len(pairs)} sets; the worst changed by {min(b - a for a, b in pairs):+.1f} points"
        title = f"default rate, from {block} on"
        rows.append(Row("recipe", title, after, before, "%", HEAD, after / before, ">=", 1.0, note))
    for name, pairs in found_rates.items():
        theirs, ours = (float(np.mean(figures)) for figures in zip(*pairs, strict=True))
        note = (
            f"mean of {len(pairs)} sets; the default is better by {min(o - t for t, o in pairs):+.1f} points at worst"
        )
        title = f"default rate, from {BLOCK} on"
        rows.append(Row("recipe", title, ours, theirs, "%", name, ours / theirs, ">=", 1.0, note))
    note = f"points behind its own best epoch, the worst of all; with {FORMER}: {behind[FORMER]:.1f}"
    rows.append(
        Row("recipe", "worst loss", behind[OURS], _POINT, "%", "a point", behind[OURS] / _POINT, "<=", 1.0, note)
    )
    return rows


def class_folders(name: str, scratch: Path) -> Path:
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
