"""Runs a Keras model in inference mode with every BatchNormalization folded into the convolution before it.

In inference mode BatchNormalization multiplies each channel by a constant and adds another. A convolution with other
weights and a bias does the same in one pass over the activations (Jacob et al. 2018, arXiv:1712.05877, section 3.2).
"""

import inspect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

__all__ = ["FoldedModel"]

_KERNELS = {
    layers.Conv2D: "kernel",
    layers.Dense: "kernel",
    layers.DepthwiseConv2D: "kernel",
    layers.SeparableConv2D: "pointwise_kernel",
}
"""Linear layers and the weight that makes their output channels. Subclasses may compute something else."""


@dataclass(frozen=True)
class _Call:
    """A layer, operation or nested model where the model calls it, with the values its variables have there."""

    node: Any
    operation: Any
    variables: list[tuple[Any, NDArray[Any]]]
    outputs: list[Any]
    """The symbolic tensors that it gives."""
    bias: NDArray[np.float32] | None = None
    """Added to what the operation gives."""

    def run(self, values: dict[int, Any]) -> None:
        """Take inputs from `values`, which holds tensors by the id of their symbols, and put outputs there."""
        arguments, keywords = self.node.arguments.fill_in(values)
        keywords.pop("training", None)
        if isinstance(self.operation, FoldedModel):
            given = self.operation(keras.tree.flatten(arguments))
        else:
            call = getattr(self.operation, "call", self.operation)
            if "training" in inspect.signature(call).parameters:
                keywords["training"] = False
            # Within the scope the variables are constants with these values; the layers themselves stay as they are.
            constants = [(variable, keras.ops.convert_to_tensor(value)) for variable, value in self.variables]
            with keras.StatelessScope(state_mapping=constants):
                given = keras.tree.flatten(self.operation(*arguments, **keywords))
        if self.bias is not None:
            given = [keras.ops.add(given[0], self.bias)]
        values |= {id(symbol): value for symbol, value in zip(self.outputs, given, strict=True)}


class FoldedModel:
    """What a functional model computes in inference mode, as a function of constants.

    The model is neither changed nor kept from changing: the values of its weights are those of now.
    A tensor has the same value, to the last bit, whatever other outputs the model has: where a convolution's own output
    is wanted besides that of its BatchNormalization, the convolution is run twice, once as it is and once folded.
    """

    def __init__(self, model: keras.Model) -> None:
        """Fold `model` and the functional models nested in it."""
        self.inputs: list[Any] = list(model.inputs)
        self.outputs: list[Any] = list(model.outputs)
        self.folds = 0
        """How many BatchNormalizations were taken over."""
        self._calls = self._plan(list(_nodes(model)))

    def __call__(self, inputs: list[Any]) -> list[Any]:
        """As `model(inputs, training=False)`, within rounding: a tensor for each input to a tensor for each output."""
        values = {id(symbol): tensor for symbol, tensor in zip(self.inputs, inputs, strict=True)}
        for call in self._calls:
            call.run(values)
        return [values[id(symbol)] for symbol in self.outputs]

    def _plan(self, nodes: list[Any]) -> list[_Call]:
        times = Counter(id(node.operation) for node in nodes)
        readers = Counter(id(tensor) for node in nodes for tensor in node.input_tensors)
        makers = {id(tensor): node for node in nodes for tensor in node.output_tensors}
        wanted = {id(symbol) for symbol in self.outputs}
        calls: dict[int, _Call] = {}
        for node in nodes:
            source = makers.get(id(node.input_tensors[0])) if len(node.input_tensors) == 1 else None
            folded = None
            if source is not None and readers[id(node.input_tensors[0])] == times[id(source.operation)] == 1:
                folded = _fold(source, node)
            if folded is None:
                calls[id(node)] = self._unfolded(node)
                continue
            assert source is not None  # or there were nothing to fold into
            self.folds += 1
            calls[id(node)] = folded
            if id(node.input_tensors[0]) not in wanted:
                del calls[id(source)]
        return list(calls.values())

    def _unfolded(self, node: Any) -> _Call:
        operation = node.operation
        if isinstance(operation, keras.Model) and _is_functional(operation):
            inner = FoldedModel(operation)
            self.folds += inner.folds
            return _Call(node, inner, [], node.output_tensors)
        variables = [(variable, _value(variable)) for variable in getattr(operation, "variables", ())]
        return _Call(node, operation, variables, node.output_tensors)


def _is_functional(model: keras.Model) -> bool:
    return bool(getattr(model, "inputs", None)) and hasattr(model, "_nodes_by_depth")


def _nodes(model: keras.Model) -> Iterator[Any]:
    """The calls that make up the model, each after those it takes inputs from."""
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from (node for node in model._nodes_by_depth[depth] if not node.is_input)


def _value(variable: Any) -> NDArray[Any]:
    return np.asarray(keras.ops.convert_to_tensor(variable))


def _fold(source: Any, node: Any) -> _Call | None:
    """One call for `source` and the BatchNormalization `node`, or None where they are something else."""
    layer, norm = source.operation, node.operation
    name = _KERNELS.get(type(layer))
    if name is None or type(norm) is not layers.BatchNormalization or layer.activation is not keras.activations.linear:
        return None
    kernel = getattr(layer, name)
    last_axis = norm.axis in (-1, len(source.output_tensors[0].shape) - 1)
    # Low-rank adapters and quantization give a layer another kernel than the one it stores.
    stored = isinstance(kernel, keras.Variable) and getattr(layer, "quantization_mode", None) is None
    if not (last_axis and stored and getattr(layer, "data_format", "channels_last") == "channels_last"):
        return None
    # In float64: what rounding is left is that of the result.
    factor = 1 / np.sqrt(_value(norm.moving_variance).astype(np.float64) + norm.epsilon)
    if norm.scale:
        factor = factor * _value(norm.gamma)
    bias = -_value(norm.moving_mean) * factor
    if layer.use_bias:
        bias = bias + _value(layer.bias) * factor
    if norm.center:
        bias = bias + _value(norm.beta)
    old = _value(kernel)
    # A depthwise kernel is (height, width, channels, multiplier) and its outputs are channels x multiplier.
    new = old * (factor.reshape(old.shape[-2:]) if type(layer) is layers.DepthwiseConv2D else factor)
    values = {id(kernel): new.astype(old.dtype)}
    if layer.use_bias:
        values[id(layer.bias)] = bias.astype(old.dtype)
    variables = [(variable, values.get(id(variable), _value(variable))) for variable in layer.variables]
    return _Call(source, layer, variables, node.output_tensors, None if layer.use_bias else bias.astype(old.dtype))
