"""From pixels 0..255 to what a base was trained on, in built-in Keras layers: a saved model needs nothing of Thaw."""

from collections.abc import Callable

import keras
from keras import KerasTensor as Tensor
from keras import layers

from transfer_core.backbones.catalog import Scaling

__all__ = ["scale"]

_CAFFE_MEANS_BGR = (103.939, 116.779, 123.68)
_IMAGENET_MEANS = (0.485, 0.456, 0.406)
_IMAGENET_DEVIATIONS = (0.229, 0.224, 0.225)


def _none(x: Tensor) -> Tensor:
    """As it is: the network does the rest itself."""
    return layers.Rescaling(1.0, name="scaling")(x)


def _unit(x: Tensor) -> Tensor:
    """0..1."""
    return layers.Rescaling(1 / 255, name="scaling")(x)


def _caffe(x: Tensor) -> Tensor:
    """Blue, green, red, each less its mean over ImageNet (Simonyan and Zisserman 2014)."""
    # A gather stays one plain operation in every export format; a reversed slice or a flip does not.
    x = keras.ops.take(x, [2, 1, 0], axis=-1)
    return layers.Rescaling(1.0, [-mean for mean in _CAFFE_MEANS_BGR], name="scaling")(x)


def _tf(x: Tensor) -> Tensor:
    """-1..1."""
    return layers.Rescaling(1 / 127.5, -1.0, name="scaling")(x)


def _torch(x: Tensor) -> Tensor:
    """0..1, less the mean, over the standard deviation of each channel over ImageNet."""
    factors = [1 / (255.0 * deviation) for deviation in _IMAGENET_DEVIATIONS]
    offsets = [-mean / deviation for mean, deviation in zip(_IMAGENET_MEANS, _IMAGENET_DEVIATIONS, strict=True)]
    return layers.Rescaling(factors, offsets, name="scaling")(x)


def _lite(x: Tensor) -> Tensor:
    """(x - 127) / 128, as EfficientNet-Lite was trained."""
    return layers.Rescaling(1 / 128, -127 / 128, name="scaling")(x)


_MODES: dict[Scaling, Callable[[Tensor], Tensor]] = {
    "none": _none,
    "unit": _unit,
    "caffe": _caffe,
    "tf": _tf,
    "torch": _torch,
    "lite": _lite,
}


def scale(mode: Scaling, x: Tensor) -> Tensor:
    """Scale RGB 0..255, uint8 or float32 (batch, height, width, 3), to float32 of the same shape."""
    return _MODES[mode](x)
