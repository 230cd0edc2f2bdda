"""Photos from which little can be learned: of one color, dark, washed out, blurred, tiny, or long and narrow."""

from collections.abc import Sequence

import numpy as np

from transfer_core.photos.decode import FileFacts
from transfer_core.photos.health.looks import Looks

__all__ = ["QUALITY", "poor_photos"]

QUALITY = ("one_color", "dark", "bright", "blurred", "tiny", "narrow")
"""Every kind of poor photo; one that is of one color is of no other kind."""

# Chosen on the 2,015 photos of three sets, none of which is named, and on copies made dark, bright and blurred
# (`python -m tests.benchmarks health`).
_ONE_COLOR = 0.03  # contrast; the least of the sets has 0.035
_DARK, _BRIGHT = 0.15, 0.9  # brightness; the darkest has 0.17, the brightest 0.84
_BLURRED = 0.62  # blur; the sharpest of those blurred by 3 pixels has 0.61, and the least sharp of the sets 0.59
_TINY = 0.5  # of the side the network sees: smaller photos are blown up to more than twice their size
_NARROW = 3.0  # times as long as wide: the network sees a third of it or less


def poor_photos(looks: Looks, files: Sequence[FileFacts], size: int) -> dict[str, list[int]]:
    """Find them.

    Args:
        looks: of the photos.
        files: of the same photos.
        size: side of the square that the network sees, in pixels.

    Returns:
        Rows by each of `QUALITY`, the worst first.
    """
    width, height = (np.array([getattr(file, side) for file in files], np.float32) for side in ("width", "height"))
    short, ratio = np.minimum(width, height), np.maximum(width, height) / np.minimum(width, height)
    plain = looks.contrast < _ONE_COLOR
    worst = {  # what makes a photo poor, and how much of it
        "one_color": (plain, looks.contrast),
        "dark": (~plain & (looks.brightness < _DARK), looks.brightness),
        "bright": (~plain & (looks.brightness > _BRIGHT), -looks.brightness),
        "blurred": (~plain & (looks.blur > _BLURRED), -looks.blur),
        "tiny": (~plain & (short < _TINY * size), short),
        "narrow": (~plain & (ratio > _NARROW), -ratio),
    }
    found = {}
    for kind in QUALITY:
        poor, order = worst[kind]
        rows = np.flatnonzero(poor)
        found[kind] = [int(row) for row in rows[np.argsort(order[rows], kind="stable")]]
    return found
