"""How far weights moved: the relative change of every layer of a base, and of all of them together."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["drift", "total_drift"]

Arrays = Mapping[str, NDArray[Any]]


def drift(before: Arrays, after: Arrays) -> dict[str, float]:
    """The relative change of each layer's weights, ||after - before|| / ||before||, L2 norms over all its arrays.

    0: nothing changed; 0.01: it moved by a hundredth of its own length. A layer that was all zeros has no length to
    compare with: 1.0 if it changed, 0.0 if not. Not a number where training left no number.

    Args:
        before: arrays by `layer/place/name`, as `nn.models.partition.base_weights` gives them.
        after: the same keys and shapes.

    Raises:
        ValueError: the keys or the shapes differ, so these are not two states of one network.
    """
    changes, lengths = _sums(before, after)
    return {layer: _ratio(changes[layer], lengths[layer]) for layer in changes}


def total_drift(before: Arrays, after: Arrays) -> float:
    """The same over all arrays taken as one long vector; 0.0 for none."""
    changes, lengths = _sums(before, after)
    return _ratio(sum(changes.values()), sum(lengths.values()))


def _sums(before: Arrays, after: Arrays) -> tuple[dict[str, float], dict[str, float]]:
    """Squared lengths of change and of start by layer, in double precision."""
    if before.keys() != after.keys():
        raise ValueError(f"weights of different networks: {sorted(before.keys() ^ after.keys())[:3]}")
    changes: dict[str, float] = {}
    lengths: dict[str, float] = {}
    for key, old in before.items():
        if old.shape != after[key].shape:
            raise ValueError(f"{key} had the shape {old.shape} and has {after[key].shape}")
        layer = key.split("/")[0]
        start = old.astype(np.float64)
        changes[layer] = changes.get(layer, 0.0) + float(np.sum((after[key].astype(np.float64) - start) ** 2))
        lengths[layer] = lengths.get(layer, 0.0) + float(np.sum(start**2))
    return changes, lengths


def _ratio(change: float, length: float) -> float:
    if change == 0:
        return 0.0
    return float(np.sqrt(change / length)) if length > 0 else 1.0
