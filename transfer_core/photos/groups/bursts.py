"""Photos of one burst: taken within seconds of each other, or numbered one after the other, and alike."""

import re
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from transfer_core.photos.groups.near_copies import groups_of, small_grey, told_apart
from transfer_core.photos.reader import formats

__all__ = ["Shot", "bursts", "taken_at"]

_SECONDS = 10.0  # between two photos of one burst, at most
_ALIKE, _ALIKE_NUMBERED = 0.8, 0.92
"""Likeness (as of near copies) from which two that follow each other are one burst: in time, and by number alone.
Of clothes, whose numbers mean nothing, 21 of 1,425 that follow each other reach the first, and none the second."""

_ORIGINAL, _SUBSECONDS = ExifTags.Base.DateTimeOriginal, ExifTags.Base.SubsecTimeOriginal
_TIME_IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_ T.]?"
    r"([0-2]\d)[-_.:]?([0-5]\d)[-_.:]?([0-5]\d)(?:[-_. ]?(\d{3}))?(?!\d)"
)
_NUMBERED = re.compile(r"(.*?)(\d{1,18})\)?$", re.DOTALL)
_BEGIN = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Shot:
    """What is known of when a photo was taken."""

    name: str
    """As found: folders and file name."""
    class_name: str
    """Only shots of one class make a burst."""
    taken: float | None
    """Seconds, by the camera's clock; None where the file does not say."""


def taken_at(path: Path) -> float | None:
    """When a photo was taken, in seconds by the camera's clock, from its EXIF data; None where they don't say."""
    # Damaged notes, or a file that is gone: the time is not known, and whoever needs the photo says what is wrong.
    with suppress(OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        with Image.open(path, formats=formats()) as image:
            found = image.getexif().get_ifd(ExifTags.IFD.Exif)
        moment = datetime.strptime(str(found[_ORIGINAL]).strip(" \0"), "%Y:%m:%d %H:%M:%S")
        parts = str(found.get(_SUBSECONDS, "")).strip(" \0")
        return (moment - _BEGIN).total_seconds() + (float(f"0.{parts}") if parts.isdecimal() else 0.0)
    return None


def bursts(grids: NDArray[np.uint8], shots: Sequence[Shot]) -> list[list[int]]:
    """Find photos of one burst, each alike the one before it or taken within a second of it.

    Args:
        grids: (photos, side, side) grey pictures of what the network sees of each.
        shots: of the same photos.

    Returns:
        Groups of two or more rows, each row in one of them at most.
    """
    clear = set(told_apart(grids).tolist())
    alike = small_grey(grids.astype(np.float32))
    timed, numbered = [], []
    for row, shot in enumerate(shots):
        path = PurePosixPath(shot.name)
        moment = shot.taken if shot.taken is not None else _time_in(path.stem)
        number = _NUMBERED.fullmatch(path.stem)
        if moment is not None:
            timed.append((shot.class_name, moment, row))
        elif number is not None:
            numbered.append((shot.class_name, str(path.parent), number[1], int(number[2]), row))

    def likeness(one: int, other: int) -> float:
        return float(alike[one] @ alike[other]) if {one, other} <= clear else 0.0

    pairs = []
    for one, other in pairwise(sorted(timed)):
        gap = other[1] - one[1]
        # Nobody takes two things within a second; but programs write one time into many files.
        near = 0 < gap < 1 or (gap <= _SECONDS and likeness(one[-1], other[-1]) >= _ALIKE)
        if one[0] == other[0] and near:
            pairs.append((one[-1], other[-1]))
    for first, second in pairwise(sorted(numbered)):
        follows = first[:3] == second[:3] and second[3] - first[3] == 1
        if follows and likeness(first[-1], second[-1]) >= _ALIKE_NUMBERED:
            pairs.append((first[-1], second[-1]))
    return groups_of(len(shots), pairs)


def _time_in(name: str) -> float | None:
    """Such as `IMG_20260131_142501` or `camera 2026-01-31 14-25-01`."""
    found = _TIME_IN_NAME.search(name)
    if found is None:
        return None
    with suppress(ValueError):
        parts = [int(part) for part in found.groups()[:6]]
        return (datetime(*parts) - _BEGIN).total_seconds() + int(found[7] or 0) / 1000  # type: ignore[arg-type]
    return None
