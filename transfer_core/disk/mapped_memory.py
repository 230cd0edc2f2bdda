"""Keeps what is read from memory maps from counting as this process' memory: pages are let go after a while."""

import mmap
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["MappedReads", "release"]

_HELD = 32 * 2**20  # bytes read before pages are let go; a few thousand page faults, taken again only if read again


class MappedReads:
    """Counts what is read from arrays, and lets their pages go whenever it comes to `_HELD` bytes."""

    def __init__(self, arrays: Iterable[Any]) -> None:
        """Watch `arrays`: memory maps, or whatever rests on one (`base`); others are left alone."""
        self._arrays = tuple(arrays)
        self._read = 0

    def add(self, size: int) -> None:
        """Say that `size` bytes were read, and copied to where they are needed."""
        self._read += size
        if self._read >= _HELD:
            self._read = 0
            for array in self._arrays:
                release(array)


def release(array: Any) -> bool:
    """Let go the pages of the file that `array` is mapped from, if it is; they are read again when asked for.

    Every page that was touched counts as memory of the process until then, which ends in the size of the file. The
    system keeps them cached as before, as long as it has nothing better to do with the memory.

    Returns:
        Whether it did: not of arrays in memory, of maps that are written to, and where the system can't.
    """
    holder, owner = None, array
    while owner is not None and not isinstance(owner, mmap.mmap):
        holder, owner = owner, getattr(owner, "base", None)
    # What was written to a private map would be lost.
    written = not isinstance(holder, np.ndarray) or holder.flags.writeable
    if owner is None or written or not hasattr(mmap, "MADV_DONTNEED"):
        return False
    owner.madvise(mmap.MADV_DONTNEED)
    return True
