"""Features for several cuts of one base in one pass over the photos, as far as the cache may hold them."""

from collections.abc import Sequence

import keras

from transfer_core.backbones.cost import record_pass
from transfer_core.disk import cache as cache_limit
from transfer_core.nn.export.classifier import photo_input, pooled
from transfer_core.nn.features.extract import POOLED, compute_features, find_features
from transfer_core.nn.features.reuse import cached_start, from_start
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
    names = _affordable(session, frontiers)
    session.found |= find_features(session.workspace, session.origin, [*names, POOLED])
    missing = [name for name in (*names, POOLED) if name not in session.found]
    if not missing:
        return
    start = cached_start(session.workspace, session.backbone, missing, session.origin)
    model = _model(session, missing) if start is None else from_start(session.backbone, start, missing)
    session.found |= compute_features(
        session.workspace, model, missing, session.origin, session.pixels, session.reporter, start
    )
    if session.tree is not None and POOLED in missing and start is None:
        record_pass(session.workspace, session.tree, session.reporter.pace)


def _affordable(session: Session, frontiers: Sequence[Frontier]) -> list[str]:
    """Layers whose activations are worth keeping, in the order of the frontiers."""
    # Convolution and normalization are computed as one where nothing lies between: such a layer's own output would be
    # rounded differently here than where it is asked for alone (see `reuse.deepest_source`).
    calls = layer_calls(session.backbone)
    normalized = {
        name
        for call in calls
        if isinstance(call.operation, keras.layers.BatchNormalization)
        for name in call.input_names
    }
    usable = {call.name for call in calls} - normalized
    room = _CACHE_SHARE * cache_limit.limit_bytes(session.workspace)
    names: list[str] = []
    for layers, values in frontiers:
        room -= 4 * values * len(session.pixels.array)
        if room < 0:
            break
        names += [name for name in layers if name in usable and name not in names]
    return names


def _model(session: Session, names: Sequence[str]) -> keras.Model:
    """From photos to the tensors called so, in inference mode."""
    photo, scaled = photo_input(session.spec.name, session.spec.input_size)
    base = session.backbone
    tensors = {call.name: call.output for call in layer_calls(base)} | {POOLED: base.outputs[0]}
    values = keras.Model(base.inputs[0], [tensors[name] for name in names])(scaled, training=False)
    values = list(values) if isinstance(values, list | tuple) else [values]
    return keras.Model(
        photo, [pooled(value) if name == POOLED else value for name, value in zip(names, values, strict=True)]
    )
