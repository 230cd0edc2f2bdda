"""Which BatchNormalization of a functional model can be folded into the linear layer before it.

In inference mode BatchNormalization multiplies each channel by a constant and adds another. A convolution with other
weights and a bias does the same in one pass over the activations (Jacob et al. 2018, arXiv:1712.05877, section 3.2).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

__all__ = ["channel_kernel", "fold_sources", "is_functional", "model_nodes"]

_KERNELS = {
    layers.Conv2D: "kernel",
    layers.Dense: "kernel",
    layers.DepthwiseConv2D: "kernel",
    layers.SeparableConv2D: "pointwise_kernel",
}
"""Linear layers and the weight that makes their output channels. Subclasses may compute something else."""


def is_functional(model: Any) -> bool:
    """Whether it is a Keras model with a graph of calls that can be followed."""
    return isinstance(model, keras.Model) and bool(getattr(model, "inputs", None)) and hasattr(model, "_nodes_by_depth")


def model_nodes(model: keras.Model) -> list[Any]:
    """The calls that make up a functional model, each after those it takes inputs from, as Keras' `Node`s."""
    depths = sorted(model._nodes_by_depth, reverse=True)
    return [node for depth in depths for node in model._nodes_by_depth[depth] if not node.is_input]


def channel_kernel(layer: Any) -> str | None:
    """The name of the weight that makes the output channels of a linear layer; None where it is something else.

    It is something else, too, where the layer does not compute with the kernel it stores (low-rank adapters and
    quantization give it another one), or with its channels first.
    """
    name = _KERNELS.get(type(layer))
    if name is None or not isinstance(getattr(layer, name), keras.Variable):
        return None
    plain = getattr(layer, "quantization_mode", None) is None
    return name if plain and getattr(layer, "data_format", "channels_last") == "channels_last" else None


def fold_sources(nodes: Sequence[Any]) -> dict[int, Any]:
    """What can be folded among the calls of a model.

    Args:
        nodes: as `model_nodes` gives them.

    Returns:
        By the id of a call of BatchNormalization, the call of the linear layer whose channels it only scales and
        shifts: nothing else reads what that gives, and the layer is called nowhere else.
    """
    times = Counter(id(node.operation) for node in nodes)
    readers = Counter(id(tensor) for node in nodes for tensor in node.input_tensors)
    makers = {id(tensor): node for node in nodes for tensor in node.output_tensors}
    found = {}
    for node in nodes:
        if type(node.operation) is not layers.BatchNormalization or len(node.input_tensors) != 1:
            continue
        entering = node.input_tensors[0]
        source = makers.get(id(entering))
        if source is None or not readers[id(entering)] == times[id(source.operation)] == 1:
            continue
        linear = channel_kernel(source.operation) and source.operation.activation is keras.activations.linear
        if linear and node.operation.axis in (-1, len(entering.shape) - 1):
            found[id(node)] = source
    return found
