"""Features for several cuts of one base in one pass over the photos, as far as the cache may hold them."""

from collections.abc import Sequence

from transfer_core.disk import cache as cache_limit
from transfer_core.nn.features.model import POOLED, normalized
from transfer_core.nn.models.graph import layer_calls
from transfer_core.nn.training.session import Session

__all__ = ["Frontier", "share_features"]

Frontier = tuple[Sequence[str], int]
"""The layers whose activations cross a cut, and how many values those are for a photo."""

_CACHE_SHARE = 0.5
"""Of the cache's limit, for one sweep: what does not fit is computed when its depth is tried, and what others keep is
not all driven out."""


def share_features(session: Session, frontiers: Sequence[Frontier]) -> None:
    """Have pooled features, and what enters each cut, at hand; what is missing is computed together.

    Moving the cut then costs nothing. Where activations of earlier runs lie on disk, the pass begins at the deepest
    that all of the missing follow from.

    Args:
        session: `found` is filled.
        frontiers: cheapest first; the first have precedence where the cache can't hold all.

    Raises:
        StorageError: there is no room on the disk.
        Stopped: a stop was asked for.
    """
    session.features([*_affordable(session, frontiers), POOLED])


def _affordable(session: Session, frontiers: Sequence[Frontier]) -> list[str]:
    """Layers whose activations are worth keeping, in the order of the frontiers."""
    calls = layer_calls(session.backbone)
    usable = {call.name for call in calls} - normalized(calls)
    room = _CACHE_SHARE * cache_limit.limit_bytes(session.workspace)
    names: list[str] = []
    for layers, values in frontiers:
        room -= 4 * values * len(session.pixels.array)
        if room < 0:
            break
        names += [name for name in layers if name in usable and name not in names]
    return names
