"""What a classifier computes on its way: how photos enter its base, and what a layer of the base gives."""

from typing import Any

import keras

from transfer_core.errors import ConfigError
from transfer_core.nn.models.graph import layer_calls

__all__ = ["inner_output", "scaling_of"]


def scaling_of(model: keras.Model, base: str) -> keras.Model:
    """From photos, RGB 0..255 (batch, size, size, 3), to what enters the base, the layer of `model` of that name."""
    scaled = next(call.inputs[0] for call in layer_calls(model) if call.name == base)
    return keras.Model(model.inputs[0], scaled)


def inner_output(base: keras.Model, layer: str) -> Any:
    """The symbolic feature maps (batch, height, width, channels) that a layer of a base gives.

    Raises:
        ConfigError: the base has no such layer, or it gives no feature maps.
    """
    outputs = {call.name: call.output for call in layer_calls(base)}
    if layer not in outputs:
        raise ConfigError("The base {base} has no layer {layer!r}.", base=base.name, layer=layer)
    inner = outputs[layer]
    if len(inner.shape) != 4:
        raise ConfigError("The layer {layer!r} gives no feature maps, so nothing can be drawn.", layer=layer)
    return inner
