"""Which photos of a class must stay on one side of a split, and which of these units go to validation."""

import hashlib
import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Literal

from transfer_core.photos.groups.near_copies import groups_of
from transfer_core.photos.storage.queries import Photo

__all__ = ["KINDS", "Kind", "Unit", "chosen", "units"]

Kind = Literal["near", "burst"]
KINDS: tuple[Kind, ...] = ("near", "burst")
"""Why photos belong together, besides showing the same pixels: nearly the same, or of one burst."""

_MOST = 0.8
"""A unit that holds more of its class is cut: on one side it would leave too little for the other."""
_PIECES = 5

Unit = tuple[Photo, ...]
"""Photos of one class that stay on one side; the first has the smallest SHA-256."""


def units(photos: Sequence[Photo], kinds: Collection[Kind] = KINDS) -> tuple[list[Unit], Unit]:
    """Put the photos of one class that belong together into units; most units are a photo.

    Args:
        photos: of one class.
        kinds: what counts besides the same pixels.

    Returns:
        The units, and the one that held so much of the class that it was cut, in the order of its names; if none did,
        an empty one.
    """
    pairs = []
    first: dict[tuple[str, str], int] = {}
    for row, photo in enumerate(photos):
        names = {"pixels": photo.identity, "near": photo.near, "burst": photo.burst}
        for kind in ("pixels", *kinds):
            name = names[kind]
            if name is not None:
                pairs.append((first.setdefault((kind, name), row), row))
    joined = groups_of(len(photos), pairs)
    alone = set(range(len(photos))) - {row for group in joined for row in group}
    found = [_unit([photos[row] for row in group]) for group in joined] + [(photos[row],) for row in sorted(alone)]
    largest = max(found, key=size, default=())
    if size(largest) < 2 or size(largest) <= _MOST * sum(map(size, found)):
        return found, ()
    return [unit for unit in found if unit is not largest] + _cut(largest), largest


def size(unit: Unit) -> int:
    """How many different pictures it holds."""
    return len({photo.identity for photo in unit})


def chosen(found: Sequence[Unit], fraction: float, seed: int | str, keep: int = 1) -> set[str]:
    """SHA-256 of the photos of the units that go to validation, or to the test.

    Units are ordered by SHA-256("seed|sha256 of their first photo"), and taken as long as they fit into the share
    `fraction`, at least one picture and at most all but one. Where another unit brings the share nearer, it is taken
    too.

    Args:
        found: what `units` gave.
        fraction: share of the pictures, in [0, 1).
        seed: another seed, another choice.
        keep: so many units are left at least; where there are no more, nothing is chosen.
    """
    count = sum(map(size, found))
    if fraction == 0 or len(found) <= keep:
        return set()
    ordered = sorted(found, key=lambda unit: _digest(seed, unit))
    wanted = min(max(int(count * fraction + 0.5), 1), count - 1)
    taken: list[Unit] = []
    left: list[Unit] = []
    total = 0
    for unit in ordered:
        if total + size(unit) <= wanted and len(taken) < len(found) - keep:
            taken.append(unit)
            total += size(unit)
        else:
            left.append(unit)
    smallest = min(left, key=size)
    if len(left) > keep and (not taken or size(smallest) - (wanted - total) < wanted - total):
        taken.append(smallest)
    return {photo.sha256 for unit in taken for photo in unit}


def _digest(seed: int | str, unit: Unit) -> str:
    return hashlib.sha256(f"{seed}|{unit[0].sha256}".encode()).hexdigest()


def _unit(photos: Sequence[Photo]) -> Unit:
    return tuple(sorted(photos, key=lambda photo: photo.sha256))


def _cut(unit: Unit) -> list[Unit]:
    """In pieces of photos whose names follow each other; those with the same pixels stay together."""
    pictures: dict[str, list[Photo]] = {}
    for photo in sorted(unit, key=lambda photo: _in_order(photo.name)):
        pictures.setdefault(photo.identity, []).append(photo)
    some = list(pictures.values())
    pieces = min(_PIECES, len(some))
    edges = [round(len(some) * piece / pieces) for piece in range(pieces + 1)]
    return [_unit([photo for picture in some[begin:end] for photo in picture]) for begin, end in pairwise(edges)]


def _in_order(name: str) -> list[tuple[int, str]]:
    """Numbers by their value: 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,18})", name)]
