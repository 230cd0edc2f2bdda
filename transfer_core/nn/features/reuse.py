"""Moving the cut: where to begin a computation of features, from activations on disk instead of from the pixels."""

from collections.abc import Collection, Sequence

import keras

from transfer_core.disk.workspace import Workspace
from transfer_core.nn.features.extract import Origin, Start, find_features
from transfer_core.nn.features.model import layers_of, normalized
from transfer_core.nn.models.graph import LayerCall, layer_calls

__all__ = ["cached_start", "deepest_source"]


def cached_start(workspace: Workspace, base: keras.Model, outputs: Sequence[str], origin: Origin) -> Start | None:
    """The deepest activations on disk from which all of `outputs` (names as `layers_of` reads them) follow, or None.

    What follows from them is, to the last bit, what follows from the pixels: the layers after them are run by the same
    kernels on the same values in batches of the same size. See `deepest_source` for the exception. Activations kept as
    float16 are rounded, so nothing is ever computed from them, whatever the precision of `origin`.
    """
    origin = origin.exact
    calls = layer_calls(base)
    on_disk = {call.name for call in calls if origin.path(workspace, call.name).exists()}
    while on_disk:
        name = deepest_source(calls, layers_of(calls, outputs), on_disk)
        if name is None:
            return None
        if stored := find_features(workspace, origin, [name]).get(name):
            return Start(name, stored.array)
        on_disk.discard(name)  # damaged, or removed a moment ago by someone who makes room
    return None


def deepest_source(calls: Sequence[LayerCall], targets: Collection[str], candidates: Collection[str]) -> str | None:
    """The last of `candidates`, no target itself, that every path from the input to the `targets` passes, or None.

    One whose values BatchNormalization takes is passed over, see `normalized`.

    Args:
        calls: the layers in graph order.
        targets: names of layers.
        candidates: names of layers.
    """
    split = normalized(calls)
    inputs = {call.name: call.input_names for call in calls}
    for call in reversed(calls):
        usable = call.name in candidates and call.name not in split and call.name not in targets
        if usable and _passes(inputs, targets, call.name):
            return call.name
    return None


def _passes(inputs: dict[str, tuple[str, ...]], targets: Collection[str], name: str) -> bool:
    """Whether no path leads from the network's input to the targets around the layer `name`."""
    pending, seen = list(targets), {name}
    while pending:
        layer = pending.pop()
        if layer in seen:
            continue
        if layer not in inputs:
            return False  # the network's input itself
        seen.add(layer)
        pending.extend(inputs[layer])
    return True
