"""Runs a Keras model in inference mode with every BatchNormalization folded into the convolution before it."""

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from transfer_core.nn.models.folds import channel_kernel, fold_sources, is_functional, model_nodes

__all__ = ["FoldedModel"]


@dataclass(frozen=True)
class _Convolution:
    """What a Conv2D computes, with the operation for its bias that TensorFlow's kernels take into the convolution.

    Keras adds a bias of four dimensions instead, which is a pass of its own over the activations.
    """

    layer: layers.Conv2D
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32] | None

    @property
    def bare(self) -> bool:
        """Whether nothing follows the bias, and there is one."""
        return self.bias is not None and self.layer.activation is keras.activations.linear

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
    reads: Mapping[int, Callable[[dict[int, Any]], Any]] = field(default_factory=dict)
    """How it comes, by id of its symbol, to what it does not take as it is."""

    def run(self, values: dict[int, Any]) -> None:
        """Take inputs from `values`, which holds tensors by the id of their symbols, and put outputs there."""
        read = {key: function(values) for key, function in self.reads.items()}
        arguments, keywords = self.node.arguments.fill_in(values | read if read else values)
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

    def __init__(self, model: keras.Model, hold: Callable[[Any], Any] | None = None) -> None:
        """Fold `model` and the functional models nested in it.

        Args:
            model: functional.
            hold: keeps what TensorFlow fuses independent of the outputs (`_settle_sums`): gives a tensor as it is, in a
                way that nothing is fused across. None: nothing is done about it.
        """
        self.inputs: list[Any] = list(model.inputs)
        self.outputs: list[Any] = list(model.outputs)
        self.folds = 0
        """How many BatchNormalizations were taken over."""
        self._hold = hold
        self._calls = self._plan(model_nodes(model))
        if hold is not None:
            self._calls = _settle_sums(self._calls, self.outputs, hold)

    def __call__(self, inputs: list[Any]) -> list[Any]:
        """As `model(inputs, training=False)`, within rounding: a tensor for each input to a tensor for each output."""
        values = {id(symbol): tensor for symbol, tensor in zip(self.inputs, inputs, strict=True)}
        for call in self._calls:
            call.run(values)
        return [values[id(symbol)] for symbol in self.outputs]

    def _plan(self, nodes: list[Any]) -> list[_Call]:
        wanted = {id(symbol) for symbol in self.outputs}
        sources = fold_sources(nodes)
        calls: dict[int, _Call] = {}
        for node in nodes:
            source = sources.get(id(node))
            if source is None:
                calls[id(node)] = self._unfolded(node)
                continue
            self.folds += 1
            calls[id(node)] = _fold(source, node)
            if id(node.input_tensors[0]) not in wanted:
                del calls[id(source)]
        return list(calls.values())

    def _unfolded(self, node: Any) -> _Call:
        operation = node.operation
        if is_functional(operation):
            inner = FoldedModel(operation, self._hold)
            self.folds += inner.folds
            return _Call(node, inner, [], node.output_tensors)
        if type(operation) is layers.Conv2D and channel_kernel(operation):
            bias = _value(operation.bias) if operation.use_bias else None
            return _Call(node, _Convolution(operation, _value(operation.kernel), bias), [], node.output_tensors)
        variables = [(variable, _value(variable)) for variable in getattr(operation, "variables", ())]
        return _Call(node, operation, variables, node.output_tensors)


def _settle_sums(calls: list[_Call], outputs: list[Any], hold: Callable[[Any], Any]) -> list[_Call]:
    """Have every sum computed in one way, whatever else of the network is wanted.

    TensorFlow lets a convolution add its result to the other summand where nobody else reads the result, and that is
    rounded in another way. So each sum gets a convolution of its own, if one of its summands is one: the summand
    itself, or the same once more where others read it. All else that operations of several inputs take is held.
    """
    makers = {id(symbol): call for call in calls for symbol in call.outputs}
    readers = Counter([id(symbol) for call in calls for symbol in call.node.input_tensors] + [id(s) for s in outputs])

    def above(symbol: Any) -> set[int]:
        seen: set[int] = set()
        pending = [symbol]
        while pending:
            key = id(pending.pop())
            if key not in seen:
                seen.add(key)
                pending.extend(makers[key].node.input_tensors if key in makers else ())
        return seen

    def own(call: _Call) -> Any:
        """The summand that is computed into the sum."""
        pair = call.node.input_tensors
        if type(call.operation) is not layers.Add or len(pair) != 2:
            return None
        for summand, other in (pair, pair[::-1]):
            made = makers.get(id(summand))
            fits = made is not None and isinstance(made.operation, _Convolution) and made.operation.bare
            # One the other summand depends on may be where a computation from activations on disk begins, an input.
            if fits and summand.shape == other.shape and id(summand) not in above(other):
                return summand
        return None

    def held(key: int) -> Callable[[dict[int, Any]], Any]:
        return lambda values: hold(values[key])

    def once_more(made: _Call) -> Callable[[dict[int, Any]], Any]:
        (entering,) = made.node.input_tensors
        return lambda values: made.operation(hold(values[id(entering)]))  # held, or the two are found to be the same

    def settled(call: _Call) -> _Call:
        if len(call.node.input_tensors) < 2:
            return call
        summand = own(call)
        reads: dict[int, Callable[[dict[int, Any]], Any]] = {}
        for symbol in call.node.input_tensors:
            if symbol is not summand:
                reads[id(symbol)] = held(id(symbol))
            elif readers[id(symbol)] > 1:
                reads[id(symbol)] = once_more(makers[id(symbol)])
        return replace(call, reads=reads)

    return [settled(call) for call in calls]


def _value(variable: Any) -> NDArray[Any]:
    return np.asarray(keras.ops.convert_to_tensor(variable))


def _fold(source: Any, node: Any) -> _Call:
    """One call for `source` and the BatchNormalization `node`."""
    layer, norm = source.operation, node.operation
    name = channel_kernel(layer)
    assert name is not None  # or nothing could be folded into it
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
