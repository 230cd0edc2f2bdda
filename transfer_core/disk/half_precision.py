"""Activations kept as float16: half the bytes, rounded when they are written, float32 again when they are read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["HALF_LIMIT", "Widened", "halve"]

HALF_LIMIT = 65504.0
"""Largest finite float16 (IEEE 754-2019, binary16)."""


def halve(values: NDArray[np.float32]) -> tuple[NDArray[np.float16], int]:
    """Round `values` to the nearest float16; what lies beyond ±`HALF_LIMIT` becomes ±`HALF_LIMIT`, never infinite.

    What is not a number stays so.

    Returns:
        float16 of the same shape, and how many values were cut off at the limit.
    """
    beyond = int(np.count_nonzero(np.abs(values) > HALF_LIMIT))
    return np.clip(values, -HALF_LIMIT, HALF_LIMIT).astype(np.float16), beyond


class Widened:
    """Rows of a float16 array as float32: only those asked for are ever widened. See `batches.Rows`."""

    def __init__(self, array: NDArray[np.float16]) -> None:
        """Read from `array`, float16 (rows, ...), such as a memory map."""
        self.base = array
        """As an array's: whose memory it is, for `mapped_memory.release`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array's."""
        return self.base.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is given."""
        return np.dtype(np.float32)

    def __len__(self) -> int:
        return len(self.base)

    def __getitem__(self, chosen: Any) -> NDArray[np.float32]:
        """The rows of a slice or of an array of numbers."""
        rows: NDArray[np.float32] = self.base[chosen].astype(np.float32)
        return rows
