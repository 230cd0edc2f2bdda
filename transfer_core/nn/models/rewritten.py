"""A Keras model in inference mode, written so that a step of training takes less time on a processor.

Two things cost what they need not. TensorFlow's gradients of a 1x1 convolution are slower than those of the matrix
product that it is. And BatchNormalization in inference mode passes over all activations, forward and back, to multiply
by what could have multiplied the kernel, a thousandth of the numbers: folded into it, kernel, gamma and beta still
train, by the chain rule through the product.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from transfer_core.nn.models.folds import channel_kernel, fold_sources, is_functional, model_nodes

__all__ = ["RewrittenModel", "rewritten"]

_Values = dict[int, Any]
"""Tensors by the id of the symbols they stand for."""


def rewritten(model: keras.Model) -> RewrittenModel | None:
    """The model rewritten for training, or None where Keras itself is as good: nothing in it could be rewritten, or
    there is a GPU, whose kernels have neither of the two costs."""
    if tf.config.list_physical_devices("GPU"):
        return None
    found = RewrittenModel(model)
    return found if found.parts else None


class RewrittenModel:
    """What `model(inputs, training=False)` computes, within rounding, as a function of the model's own variables.

    Gradients are those of the model, within rounding; the optimizer changes the model's variables and nothing has to be
    written back. What can't be rewritten is called as it is.
    """

    def __init__(self, model: keras.Model) -> None:
        """Plan the computation; nested functional models are taken apart too.

        Args:
            model: functional.
        """
        self.parts = 0
        """How many convolutions became matrix products, and how many BatchNormalizations were folded."""
        self._inputs, self._outputs = list(model.inputs), list(model.outputs)
        nodes = model_nodes(model)
        sources = fold_sources(nodes)
        gone = {id(source) for source in sources.values()}
        self._steps: list[Callable[[_Values], None]] = [
            self._step(node, sources.get(id(node))) for node in nodes if id(node) not in gone
        ]

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """The output for a tensor for each input; a list where there are several outputs."""
        values = {id(symbol): tensor for symbol, tensor in zip(self._inputs, inputs, strict=True)}
        for step in self._steps:
            step(values)
        found = [values[id(symbol)] for symbol in self._outputs]
        return found[0] if len(found) == 1 else found

    def _step(self, node: Any, source: Any) -> Callable[[_Values], None]:
        """How a call finds its inputs among the values and leaves its outputs there.

        Args:
            node: the call.
            source: where it is a BatchNormalization that is folded, the call of the layer it is folded into.
        """
        layer = node.operation if source is None else source.operation
        (output, *more) = node.output_tensors
        if channel_kernel(layer) and (source is not None or _is_product(layer)):
            entering = (source or node).input_tensors[0]
            linear = _linear(layer, None if source is None else node.operation)
            self.parts += (source is not None) + _is_product(layer)

            def compute(values: _Values) -> None:
                values[id(output)] = linear(values[id(entering)])

            return compute
        function = self._called(layer)

        def call(values: _Values) -> None:
            arguments, keywords = node.arguments.fill_in(values)
            keywords.pop("training", None)
            given = keras.tree.flatten(function(*arguments, **keywords))
            values |= {id(symbol): value for symbol, value in zip((output, *more), given, strict=True)}

        return call

    def _called(self, operation: Any) -> Callable[..., Any]:
        if is_functional(operation):
            inner = RewrittenModel(operation)
            self.parts += inner.parts
            return lambda inputs, mask=None: inner(keras.tree.flatten(inputs))  # masks are for text
        if "training" in inspect.signature(getattr(operation, "call", operation)).parameters:
            return lambda *args, **kwargs: operation(*args, training=False, **kwargs)
        return lambda *args, **kwargs: operation(*args, **kwargs)


def _is_product(layer: Any) -> bool:
    """Whether a layer holds a convolution that is a matrix product at every place."""
    if type(layer) is layers.SeparableConv2D:
        return True
    return type(layer) is layers.Conv2D and layer.kernel_size == (1, 1) and layer.groups == 1


def _linear(layer: Any, norm: layers.BatchNormalization | None) -> Callable[[Any], Any]:
    """The layer with its activation, and the BatchNormalization after it, if there is one."""

    def run(inputs: Any) -> Any:
        factor, shift = _scale(norm) if norm is not None else (None, None)
        bias = ops.convert_to_tensor(layer.bias) if layer.use_bias else None
        if factor is not None:
            bias = shift if bias is None else bias * factor + shift
        outputs = _product(layer, ops.cast(inputs, layer.compute_dtype), factor)
        if bias is not None:
            outputs = tf.nn.bias_add(outputs, bias)
        return layer.activation(outputs)

    return run


def _scale(norm: layers.BatchNormalization) -> tuple[Any, Any]:
    """What each channel is multiplied by, and what is added then."""
    factor = tf.math.rsqrt(ops.convert_to_tensor(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        factor *= ops.convert_to_tensor(norm.gamma)
    shift = -ops.convert_to_tensor(norm.moving_mean) * factor
    return factor, shift + ops.convert_to_tensor(norm.beta) if norm.center else shift


def _product(layer: Any, inputs: Any, factor: Any) -> Any:
    """What the layer gives without bias and activation, its output channels multiplied by `factor`."""
    kernel = ops.convert_to_tensor(getattr(layer, channel_kernel(layer) or ""))
    if type(layer) is layers.DepthwiseConv2D:
        if factor is not None:  # the kernel is (height, width, channels, multiplier), its outputs channels x multiplier
            kernel *= tf.reshape(factor, kernel.shape[-2:])
        return ops.depthwise_conv(inputs, kernel, layer.strides, layer.padding, layer.data_format, layer.dilation_rate)
    if factor is not None:
        kernel *= factor
    if type(layer) is layers.Dense:
        return ops.matmul(inputs, kernel)
    if type(layer) is layers.SeparableConv2D:
        depthwise = ops.convert_to_tensor(layer.depthwise_kernel)
        how = (layer.strides, layer.padding, layer.data_format, layer.dilation_rate)
        return _matrix_product(ops.depthwise_conv(inputs, depthwise, *how), kernel)
    if _is_product(layer):
        down, across = layer.strides
        return _matrix_product(inputs if (down, across) == (1, 1) else inputs[:, ::down, ::across], kernel)
    return layer.convolution_op(inputs, kernel)


def _matrix_product(inputs: Any, kernel: Any) -> Any:
    """A 1x1 convolution (batch, height, width, channels) with a kernel (1, 1, channels, outputs)."""
    shape = tf.shape(inputs)
    channels, outputs = kernel.shape[-2:]
    flat = tf.matmul(tf.reshape(inputs, [-1, channels]), tf.reshape(kernel, [channels, outputs]))
    product = tf.reshape(flat, tf.concat([shape[:-1], [outputs]], 0))
    product.set_shape([*inputs.shape[:-1], outputs])
    return product
