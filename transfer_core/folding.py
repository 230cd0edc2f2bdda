"""Runs a Keras model in inference mode with every BatchNormalization folded into the convolution before it.

In inference mode BatchNormalization multiplies each channel by a constant and adds another. A convolution with other
weights and a bias does the same in one pass over the activations (Jacob et al. 2018, arXiv:1712.05877, section 3.2).
"""

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
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
class _Convolution:
    """What a Conv2D computes, with the operation for its bias that TensorFlow's kernels take into the convolution.

    Keras adds a bias of four dimensions instead, which is a pass of its own over the activations.
    """

    layer: layers.Conv2D
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32] | None

    def __call__(self, inputs: Any) -> Any:
        outputs = self.layer.convolution_op(inputs, keras.ops.convert_to_tensor(self.kernel))
        if self.bias is not None:
            outputs = tf.nn.bias_add(outputs, self.bias)
        return self.layer.activation(outputs)


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
    before: Callable[[Any], Any] | None = None
    """What every tensor passes that the operation takes."""

    def run(self, values: dict[int, Any]) -> None:
        """Take inputs from `values`, which holds tensors by the id of their symbols, and put outputs there."""
        if self.before is not None:
            taken = {id(symbol): self.before(values[id(symbol)]) for symbol in self.node.input_tensors}
        else:
            taken = values
        arguments, keywords = self.node.arguments.fill_in(taken)
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

    def __init__(self, model: keras.Model, before_merges: Callable[[Any], Any] | None = None) -> None:
        """Fold `model` and the functional models nested in it.

        Args:
            model: functional.
            before_merges: passed by every tensor that enters an operation of several inputs; must not change it.
        """
        self.inputs: list[Any] = list(model.inputs)
        self.outputs: list[Any] = list(model.outputs)
        self.folds = 0
        """How many BatchNormalizations were taken over."""
        self._before_merges = before_merges
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
            inner = FoldedModel(operation, self._before_merges)
            self.folds += inner.folds
            return _Call(node, inner, [], node.output_tensors)
        if type(operation) is layers.Conv2D and _stored(operation, "kernel"):
            bias = _value(operation.bias) if operation.use_bias else None
            return _Call(node, _Convolution(operation, _value(operation.kernel), bias), [], node.output_tensors)
        variables = [(variable, _value(variable)) for variable in getattr(operation, "variables", ())]
        before = self._before_merges if len(node.input_tensors) > 1 else None
        return _Call(node, operation, variables, node.output_tensors, before=before)


def _is_functional(model: keras.Model) -> bool:
    return bool(getattr(model, "inputs", None)) and hasattr(model, "_nodes_by_depth")


def _nodes(model: keras.Model) -> Iterator[Any]:
    """The calls that make up the model, each after those it takes inputs from."""
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from (node for node in model._nodes_by_depth[depth] if not node.is_input)


def _value(variable: Any) -> NDArray[Any]:
    return np.asarray(keras.ops.convert_to_tensor(variable))


def _stored(layer: Any, kernel: str) -> bool:
    """Whether the layer computes with the kernel it stores, channels last.

    Low-rank adapters and quantization give it another one.
    """
    plain = isinstance(getattr(layer, kernel), keras.Variable) and getattr(layer, "quantization_mode", None) is None
    return plain and getattr(layer, "data_format", "channels_last") == "channels_last"


def _fold(source: Any, node: Any) -> _Call | None:
    """One call for `source` and the BatchNormalization `node`, or None where they are something else."""
    layer, norm = source.operation, node.operation
    name = _KERNELS.get(type(layer))
    if name is None or type(norm) is not layers.BatchNormalization or layer.activation is not keras.activations.linear:
        return None
    last_axis = norm.axis in (-1, len(source.output_tensors[0].shape) - 1)
    if not (last_axis and _stored(layer, name)):
        return None
    kernel = getattr(layer, name)
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
    if type(layer) is layers.Conv2D:
        convolution = _Convolution(layer, new.astype(old.dtype), bias.astype(old.dtype))
        return _Call(source, convolution, [], node.output_tensors)
    values = {id(kernel): new.astype(old.dtype)}
    if layer.use_bias:
        values[id(layer.bias)] = bias.astype(old.dtype)
    variables = [(variable, values.get(id(variable), _value(variable))) for variable in layer.variables]
    return _Call(source, layer, variables, node.output_tensors, None if layer.use_bias else bias.astype(old.dtype))
