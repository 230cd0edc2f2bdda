"""What labs that ask trained networks share: decoded photos and answers, with one share of the work told throughout."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transfer_core.labs.run_bench import Bench
from transfer_core.nn.data.pixels import Pixels, Skipped, load_pixels
from transfer_core.nn.inference.predictor import Predictor
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.runs.events import Progress
from transfer_core.text import Sentence

__all__ = ["Span", "ask", "decode_photos"]

_BATCH = 32  # photos between two looks at whether to stop

Span = tuple[float, float]
"""From which to which share (0..1) of the whole experiment a part of it takes it."""


def decode_photos(bench: Bench, photos: Sequence[ManifestPhoto], size: int, span: Span) -> tuple[Pixels, list[Skipped]]:
    """As `load_pixels`; progress moves the experiment's own along `span`, and what is skipped is told."""
    low, high = span

    def told(event: Progress) -> None:
        bench.share(Sentence("Reading the photos"), low + (high - low) * event.done / event.total)

    return load_pixels(bench.workspace, photos, size, bench.part(told))


def ask(
    bench: Bench, network: Predictor, pixels: Pixels, photos: Sequence[ManifestPhoto], step: Sentence, span: Span
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The answers of `network` to `photos`, (photos, classes), while the `step` moves progress along `span`.

    And their pooled features, see `Predictor.answers`.
    """
    rows = np.array([pixels.rows[photo.sha256] for photo in photos], np.int64)
    low, high = span
    parts = []
    for start in range(0, max(1, len(rows)), _BATCH):
        bench.share(step, low + (high - low) * start / max(1, len(rows)))
        batch = rows[start : start + _BATCH]
        parts.append(network.answers(np.asarray(pixels.array[batch])))
    bench.share(step, high)
    shares, pooled = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    return shares, pooled
