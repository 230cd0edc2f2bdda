"""What one layer costs: floating-point operations for one photo."""

from math import prod
from typing import Any

import keras

from transfer_core.nn.models.graph import LayerCall, layer_calls

__all__ = ["layer_flops"]

# Operations per value of the output, where it is not about one. BatchNormalization outside training is a multiply and
# an add; LayerNormalization takes mean and variance, normalizes, scales and shifts.
PER_VALUE = {"BatchNormalization": 2, "LayerNormalization": 8, "CustomScaleLayer": 2}

# Layers that only move or pass on values.
FREE = {
    "Concatenate",
    "Cropping2D",
    "Dropout",
    "Flatten",
    "Identity",
    "Permute",
    "Reshape",
    "SpatialDropout2D",
    "ZeroPadding2D",
}


def layer_flops(call: LayerCall) -> int:
    """Floating-point operations of one layer for one photo; a multiply-add counts as two.

    A convolution of any kind (plain, grouped, depthwise, separable) and a dense layer use each value of their kernels
    once for each position of the output, so one formula serves them all. Elementwise layers count about one operation
    a value, pooling one for each value it looks at.
    """
    operation: Any = call.operation
    kind = type(operation).__name__
    if isinstance(operation, keras.Model):
        return sum(layer_flops(inner) for inner in layer_calls(operation))
    values = prod(call.shape)
    kernels = sum(prod(weight.shape) for weight in getattr(operation, "weights", ()) if len(weight.shape) > 1)
    if kernels:
        return int(2 * kernels * prod(call.shape[:-1]) + (values if getattr(operation, "use_bias", False) else 0))
    if kind in FREE:
        return 0
    if kind.startswith("Global"):
        return sum(prod(tensor.shape[1:]) for tensor in call.inputs)
    if "Pooling" in kind:
        return int(values * prod(operation.pool_size))
    return int(values * PER_VALUE.get(kind, 1))
