"""Augmentation near the cut: cached activations mirrored, moved or mixed, against augmented photos and plain ones.

Mirroring or moving a map of activations costs next to nothing, where a new variant of a photo has to go through the
frozen part again. It is not quite what the network would make of the changed photo. Mixed are the maps of two photos,
whole (manifold mixup, Verma et al. 2019) or by a rectangle (CutMix, Yun et al. 2019), their labels in the same shares.

Trained and judged as in `recipe`, from block6a on, with the default rate. What is mixed is computed twice here, once a
label, so its time says too much. An hour on two cores; trainings are kept in
the folder THAW_STUDY, if that is set, and not repeated.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.material import photo_folder, say
from tests.benchmarks.recipe import BLOCK, PHOTOS, class_folders
from tests.benchmarks.table import Row
from transfer_core.nn.data.batches import Batch, Batches

if TYPE_CHECKING:
    from tests.benchmarks.recipe.trainings import Setting

CASES = (
    *(("clothing", total, seed) for total, seed in ((60, 0), (200, 0), (200, 1), (200, 2), (700, 0))),
    *(("trash", 150, seed) for seed in (0, 1, 2)),
)
_EPOCHS = 8
_MIXED = 0.2
"""Parameter of the beta distribution of the shares; 0.1 to 0.4 in the paper of mixup (Zhang et al. 2018)."""
_MOVED = 0.08
"""Share of the side, as in the preset "photos"."""

Change = Callable[[Batch, np.random.Generator], Batch]


@dataclass(frozen=True)
class CachedViews(Batches):
    """Batches of cached activations, changed each time they are seen."""

    change: Change = field(kw_only=True)

    def epoch(self, number: int = 0) -> Iterator[Batch]:
        """See `Batches.epoch`."""
        random = np.random.default_rng([self.seed or 0, number, 1])
        for batch in super().epoch(number):
            yield self.change(batch, random)


def mirrored(batch: Batch, random: np.random.Generator) -> Batch:
    """Every second map left to right."""
    chosen = random.random(len(batch.labels)) < 0.5
    inputs = tuple(np.where(chosen[:, None, None, None], maps[:, :, ::-1], maps) for maps in batch.inputs)
    return replace(batch, inputs=inputs)


def moved(batch: Batch, random: np.random.Generator) -> Batch:
    """Mirrored, and moved by whole cells; the edge is repeated."""
    parts = random.uniform(-_MOVED, _MOVED, (len(batch.labels), 2))
    return replace(
        mirrored(batch, random),
        inputs=tuple(np.stack([_shift(*one) for one in zip(maps, parts, strict=True)]) for maps in batch.inputs),
    )


def _shift(values: NDArray[np.float32], parts: NDArray[np.float64]) -> NDArray[np.float32]:
    down, right = (
        np.clip(np.arange(side) - round(part * side), 0, side - 1)
        for side, part in zip(values.shape, parts, strict=False)
    )
    return values[down][:, right]


def mixed(batch: Batch, random: np.random.Generator) -> Batch:
    """Each map with that of another photo of the batch."""
    share = random.beta(_MIXED, _MIXED, len(batch.labels)).astype(np.float32)
    other = random.permutation(len(share))
    part = share[:, None, None, None]
    return _doubled(batch, tuple(part * maps + (1 - part) * maps[other] for maps in batch.inputs), share, other)


def cut(batch: Batch, random: np.random.Generator) -> Batch:
    """A rectangle of each map from that of another photo of the batch."""
    photos, (rows, columns) = len(batch.labels), batch.inputs[0].shape[1:3]
    other, size = random.permutation(photos), np.sqrt(1 - random.random(photos))
    from_other = np.zeros((photos, rows, columns), bool)
    for at in range(photos):
        top, left = random.integers(rows), random.integers(columns)
        high, wide = size[at] * rows / 2, size[at] * columns / 2
        box = slice(max(0, round(top - high)), round(top + high)), slice(max(0, round(left - wide)), round(left + wide))
        from_other[at][box] = True
    share = 1 - from_other.mean((1, 2), dtype=np.float32)
    inputs = tuple(np.where(from_other[..., None], maps[other], maps) for maps in batch.inputs)
    return _doubled(batch, inputs, share, other)


def _doubled(
    batch: Batch, inputs: tuple[NDArray[np.float32], ...], share: NDArray[np.float32], other: NDArray[np.int64]
) -> Batch:
    """Each input once with either label: the loss is that of the labels' mixture."""
    weights = np.concatenate([batch.weights * share, batch.weights[other] * (1 - share)]) * 2
    labels = np.concatenate([batch.labels, batch.labels[other]])
    return Batch(tuple(np.concatenate([maps, maps]) for maps in inputs), labels, weights.astype(np.float32))


KINDS: dict[str, Change] = {
    "maps mirrored": mirrored,
    "maps mirrored and moved": moved,
    "maps mixed": mixed,
    "maps cut and mixed": cut,
}
PLAIN, FIXED, NEW = "plain", "fixed variants of photos", "new variants of photos"


def run(quick: bool = False) -> list[Row]:
    """Train with each kind of augmentation; `quick` only shows that it works, on a few drawn photos."""

    def settings(usual: "Setting") -> "dict[str, Setting]":
        found = {
            kind: replace(usual, name=f"{usual.name}-{change.__name__}", views=partial(_viewed, change=change))
            for kind, change in KINDS.items()
        }
        found[FIXED] = replace(usual, name=f"{usual.name}-cached", fit=replace(usual.fit, augment="cached"))
        found[NEW] = replace(usual, name=f"{usual.name}-live", fit=replace(usual.fit, augment="live"))
        return found

    return study("views", settings, quick)


def study(name: str, settings: "Callable[[Setting], dict[str, Setting]]", quick: bool) -> list[Row]:
    """Train every case in each way, from block6a on, and hold the ways against plain photos and the usual settings.

    Args:
        name: of the benchmark.
        settings: from the usual setting of a case, to what is tried instead, by its words.
        quick: only show that it works.
    """
    from tests.benchmarks.recipe.rules import OURS, RULES
    from tests.benchmarks.recipe.trainings import Case, Trainings, cosine
    from transfer_core.runs.config import fine_tuning_rate

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    found: dict[str, list[tuple[float, float]]] = {}  # by kind: accuracy and seconds, a case each
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        kept = Path(os.environ.get("THAW_STUDY", f"{folder}/study"))
        kept.mkdir(parents=True, exist_ok=True)
        cases, epochs = [Case(*case) for case in CASES], _EPOCHS
        if quick or not PHOTOS.is_dir():
            photo_folder(Path(folder) / "drawn", 48)
            cases, epochs = [Case("drawn", 24, 0)], 1 if quick else _EPOCHS
        for photos in dict.fromkeys(case.photos for case in cases):
            trainings = Trainings(class_folders(photos, Path(folder)), kept)
            for case in (case for case in cases if case.photos == photos):
                usual = cosine(fine_tuning_rate(case.learned), epochs)
                tried = {PLAIN: replace(usual, name=f"{usual.name}-{PLAIN}")} | settings(usual)
                for kind, setting in tried.items():
                    recording = trainings.record(case, BLOCK, setting)
                    right, seconds = 100 * RULES[OURS](recording), float(recording.seconds)
                    found.setdefault(kind, []).append((right, seconds))
                    say(f"{case.name}, {kind}: {right:.1f} % right on new photos, {seconds:.0f} s")
    return [_row(name, kind, figures, found[PLAIN]) for kind, figures in found.items() if kind != PLAIN]


def _viewed(batches: Batches, change: Change) -> Batches:
    return CachedViews(**vars(batches), change=change)


def _row(name: str, kind: str, figures: list[tuple[float, float]], plain: list[tuple[float, float]]) -> Row:
    """What it gains over plain photos, and what that takes."""
    right, before = (float(np.mean([one for one, _ in pairs])) for pairs in (figures, plain))
    times = sum(seconds for _, seconds in figures) / sum(seconds for _, seconds in plain)
    worst = min(one - other for (one, _), (other, _) in zip(figures, plain, strict=True))
    note = f"mean of {len(figures)} trainings; {worst:+.1f} points at worst; {times:.2f} times as long"
    return Row(name, kind, right, before, "%", PLAIN, right / before, ">=", 1.0, note)
