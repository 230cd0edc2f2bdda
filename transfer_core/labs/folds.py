"""Photos dealt into parts, each to be answered by a classifier that learned from the others."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from transfer_core.photos.manifest import ManifestPhoto

__all__ = ["deal", "fitting", "ordered", "parts"]

_LEAST_UNITS = 4
"""Of a class: one to hold out, up to two more with it, one to learn from."""


def deal(photos: Sequence[ManifestPhoto], folds: int, seed: int) -> list[int]:
    """The fold of each photo, 0 to `folds` - 1; see `parts`."""
    part = parts(photos, folds, f"probe|{seed}")
    return [part[photo.sha256] for photo in photos]


def parts(photos: Sequence[ManifestPhoto], count: int, salt: str) -> dict[str, int]:
    """The part of each photo by its SHA-256, 0 to `count` - 1: stratified, and of its content and `salt` alone.

    Photos that belong together are in one part. Where none do, the photos of a class differ by at most one between
    parts, and so do all photos: each class goes on dealing where the one before ended. In a class that is hardly more
    than one group or two, they are dealt out one by one after all: else a part would hold all there is to learn from.
    """
    dealt: dict[str, int] = {}
    total = Counter(dict.fromkeys(range(count), 0))
    for label in sorted({photo.label for photo in photos}):
        mine = Counter(dict.fromkeys(range(count), 0))
        for unit in _units([photo for photo in photos if photo.label == label], salt):
            part = min(range(count), key=lambda one: (mine[one], total[one], one))
            mine[part] += len(unit)
            total[part] += len(unit)
            dealt |= dict.fromkeys(unit, part)
    return dealt


def fitting(photos: Sequence[ManifestPhoto], wanted: int, salt: str) -> set[str]:
    """SHA-256 of about `wanted` of them, chosen by content and `salt`: whole groups, at least the smallest."""
    units = _units(photos, salt)
    taken: set[str] = set()
    for unit in units:
        if len(taken) + len(unit) <= wanted:
            taken |= set(unit)
    smallest: list[str] = sorted(units, key=len)[0]
    return taken or set(smallest)


def ordered(photos: Iterable[ManifestPhoto], seed: int) -> list[str]:
    """Their SHA-256 in an order of content and seed alone."""
    return sorted((photo.sha256 for photo in photos), key=lambda sha: _digest(f"probe|{seed}", sha))


def _units(photos: Sequence[ManifestPhoto], salt: str) -> list[list[str]]:
    """The SHA-256 of photos that belong together, in an order of content and `salt` alone."""
    units: dict[str, set[str]] = {}
    for photo in photos:
        units.setdefault(photo.unit, set()).add(photo.sha256)
    if len(units) < _LEAST_UNITS:
        units = {photo.sha256: {photo.sha256} for photo in photos}
    return sorted((sorted(unit) for unit in units.values()), key=lambda unit: _digest(salt, unit[0]))


def _digest(salt: str, sha: str) -> str:
    return hashlib.sha256(f"{salt}|{sha}".encode()).hexdigest()
