"""EfficientNet-Lite0 to Lite2 in Keras, and their ImageNet weights out of the torch checkpoints in installed packages.

EfficientNet (Tan and Le 2019, arXiv:1905.11946) without squeeze-and-excite and with ReLU6 instead of swish
(github.com/tensorflow/tpu, models/official/efficientnet/lite). Layers are named as in keras.applications' EfficientNet:
stem_, block1a_ ... block7a_, top_.
"""

import math
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from transfer_core.backbones.catalog import get_base
from transfer_core.errors import WeightsError
from transfer_core.nn.backbones import weights_file
from transfer_core.nn.backbones.torch_checkpoint import read_checkpoint

__all__ = ["build_with_top", "lite0", "lite1", "lite2", "load_weights"]


class _Stage(NamedTuple):
    kernel: int
    repeats: int
    expansion: int
    filters: int
    stride: int


_STAGES = (
    _Stage(kernel=3, repeats=1, expansion=1, filters=16, stride=1),
    _Stage(kernel=3, repeats=2, expansion=6, filters=24, stride=2),
    _Stage(kernel=5, repeats=2, expansion=6, filters=40, stride=2),
    _Stage(kernel=3, repeats=3, expansion=6, filters=80, stride=2),
    _Stage(kernel=5, repeats=3, expansion=6, filters=112, stride=1),
    _Stage(kernel=5, repeats=4, expansion=6, filters=192, stride=2),
    _Stage(kernel=3, repeats=1, expansion=6, filters=320, stride=1),
)
_STEM_FILTERS = 32
_TOP_FILTERS = 1280
_SCALES = {"efficientnet-lite0": (1.0, 1.0), "efficientnet-lite1": (1.0, 1.1), "efficientnet-lite2": (1.1, 1.2)}
"""Width and depth of each against Lite0; stem, top and the repeats of the first and last stage are never scaled."""

_TORCH_BLOCK_PARTS = {
    "expand_conv": "_expand_conv",
    "expand_bn": "_bn0",
    "dwconv": "_depthwise_conv",
    "bn": "_bn1",
    "project_conv": "_project_conv",
    "project_bn": "_bn2",
}
_TORCH_OUTER_NAMES = {
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "top_conv": "_conv_head",
    "top_bn": "_bn1",
    "predictions": "_fc",
}


def lite0(input_size: int) -> keras.Model:
    """EfficientNet-Lite0 without its top, with random weights.

    Args:
        input_size: side of the photo in pixels.

    Returns:
        A model from float32 (batch, input_size, input_size, 3), scaled as (x - 127) / 128, to float32
        (batch, input_size / 32, input_size / 32, 1280), each side rounded up.
    """
    return _build("efficientnet-lite0", input_size)


def lite1(input_size: int) -> keras.Model:
    """EfficientNet-Lite1 as `lite0`: a tenth deeper."""
    return _build("efficientnet-lite1", input_size)


def lite2(input_size: int) -> keras.Model:
    """EfficientNet-Lite2 as `lite0`: a fifth deeper and a tenth wider."""
    return _build("efficientnet-lite2", input_size)


def build_with_top(name: str, input_size: int) -> keras.Model:
    """The network `name` with its ImageNet top: output is logits, float32 (batch, 1000). For checking the weights."""
    inputs = keras.Input((input_size, input_size, 3), name="input_layer")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(_features(name, inputs))
    return keras.Model(inputs, layers.Dense(1000, name="predictions")(x), name=f"{name}-imagenet")


def _build(name: str, input_size: int) -> keras.Model:
    inputs = keras.Input((input_size, input_size, 3), name="input_layer")
    return keras.Model(inputs, _features(name, inputs), name=name)


def _features(name: str, x: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.Conv2D(_STEM_FILTERS, 3, 2, "same", use_bias=False, name="stem_conv")(x)
    x = _normalize(x, "stem_bn", "stem_activation")
    for number, stage in enumerate(_scaled(name), 1):
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            x = _block(x, stage, stride, f"block{number}{'abcde'[repeat]}_")
    x = layers.Conv2D(_TOP_FILTERS, 1, use_bias=False, name="top_conv")(x)
    return _normalize(x, "top_bn", "top_activation")


def _scaled(name: str) -> list[_Stage]:
    """The stages of the network called `name`: repeats rounded up, filters to the nearest multiple of 8."""
    width, depth = _SCALES[name]
    stages = []
    for stage in _STAGES:
        repeats = stage.repeats if stage in (_STAGES[0], _STAGES[-1]) else math.ceil(depth * stage.repeats)
        # Never below 0.9 of what was asked for (`round_filters` of the source), which no width here comes near.
        filters = 8 * max(1, int(width * stage.filters + 4) // 8)
        stages.append(stage._replace(repeats=repeats, filters=filters))
    return stages


def _block(x: keras.KerasTensor, stage: _Stage, stride: int, prefix: str) -> keras.KerasTensor:
    """One inverted residual block (Sandler et al. 2018, arXiv:1801.04381)."""
    before = x
    channels = x.shape[-1]
    if stage.expansion != 1:
        x = layers.Conv2D(channels * stage.expansion, 1, use_bias=False, name=prefix + "expand_conv")(x)
        x = _normalize(x, prefix + "expand_bn", prefix + "expand_activation")
    x = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False, name=prefix + "dwconv")(x)
    x = _normalize(x, prefix + "bn", prefix + "activation")
    x = layers.Conv2D(stage.filters, 1, use_bias=False, name=prefix + "project_conv")(x)
    x = _normalize(x, prefix + "project_bn")
    if stride == 1 and channels == stage.filters:
        x = layers.Add(name=prefix + "add")([x, before])
    return x


def _normalize(x: keras.KerasTensor, name: str, activation: str | None = None) -> keras.KerasTensor:
    x = layers.BatchNormalization(epsilon=1e-3, name=name)(x)
    return layers.ReLU(6.0, name=activation)(x) if activation else x


def load_weights(model: keras.Model, path: Path) -> None:
    """Fill a model of this file from its torch checkpoint, or from a file of Keras by its suffix.

    Every array must be there with its shape, and nothing but the top may be left over.

    Raises:
        WeightsError: the file is damaged or belongs to another network.
    """
    if path.suffix not in (".pth", ".pt"):
        weights_file.load_weights(model, path)
        return
    saved = read_checkpoint(path)
    title = get_base(model.name.removesuffix("-imagenet")).title
    blocks = [layer.name.removesuffix("dwconv") for layer in model.layers if layer.name.endswith("_dwconv")]
    used: set[str] = set()
    for layer in model.layers:
        if not layer.weights:
            continue
        names = _torch_names(layer, blocks)
        missing = [name for name in names if name not in saved]
        if missing:
            raise WeightsError(
                "{path} is not {title}: it holds no {missing} (for {name}).",
                path=path,
                title=title,
                missing=missing[0],
                name=layer.name,
            )
        arrays = [_to_keras(layer, saved[name]) for name in names]
        for name, array, variable in zip(names, arrays, layer.weights, strict=True):
            if array.shape != tuple(variable.shape):
                raise WeightsError(
                    "{path} is not {title}: {name} has shape {shape} in Keras' layout; {layer} takes {expected}.",
                    path=path,
                    title=title,
                    name=name,
                    shape=array.shape,
                    layer=layer.name,
                    expected=tuple(variable.shape),
                )
        layer.set_weights(arrays)
        used.update(names)
    # Counters of batches belong to torch's training; the top is left out when the model has none.
    extra = [name for name in saved if name not in used and not name.endswith("num_batches_tracked")]
    if not set(extra) <= {"_fc.weight", "_fc.bias"}:
        raise WeightsError(
            "{path} is not {title}: it also holds {extra}, which has no place in it.",
            path=path,
            title=title,
            extra=extra[0],
        )


def _torch_names(layer: keras.layers.Layer, blocks: list[str]) -> list[str]:
    """Names in the checkpoint of a layer's arrays, in the order of the layer's own weights."""
    prefix, _, part = layer.name.partition("_")
    if layer.name in _TORCH_OUTER_NAMES:
        torch_name = _TORCH_OUTER_NAMES[layer.name]
    else:
        torch_name = f"_blocks.{blocks.index(prefix + '_')}.{_TORCH_BLOCK_PARTS[part]}"
    if isinstance(layer, layers.BatchNormalization):
        return [f"{torch_name}.{end}" for end in ("weight", "bias", "running_mean", "running_var")]
    return [f"{torch_name}.weight"] + ([f"{torch_name}.bias"] if layer.use_bias else [])


def _to_keras(layer: keras.layers.Layer, array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Turn torch's layout into Keras': (out, in, h, w) to (h, w, in, out), depthwise (in, 1, h, w) to (h, w, in, 1)."""
    if array.ndim != 4:
        return np.transpose(array)
    return np.transpose(array, (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0))
