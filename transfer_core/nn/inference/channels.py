"""What the channels of a block answer to: how strongly each does on a photo, and where."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.data.batches import Rows
from transfer_core.nn.inference.inner import inner_output, scaling_of

__all__ = ["Channels", "around", "heat", "standing_out", "strengths", "strongest"]

Floats = NDArray[np.float32]
_BATCH = 16
_DAMPING = 0.1  # of the mean spread, added to each channel's own
_FLAT = 1e-6  # a rise of less than this share of the largest value is rounding
_CELLS = 8  # of a block's grid that a picture of what excited it shows
_LEAST = 4  # a picture shows at least one part in so many of the photo's side


class Channels:
    """Looks into the base of one classifier, as `nn.export.classifier.assemble` builds it."""

    def __init__(self, model: keras.Model, base: str) -> None:
        """Compute nothing yet.

        Args:
            model: from photos, RGB 0..255, to probabilities.
            base: name of the layer of it that is the base.
        """
        self._model, self._base = model, base
        self._made: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {}

    def values(self, photos: Rows | NDArray[np.uint8], layer: str) -> Iterator[Floats]:
        """What a layer of the base gives, a few photos at a time.

        Args:
            photos: (n, size, size, 3), RGB, uint8.
            layer: of the base, one that gives feature maps.

        Yields:
            (at most 16, height, width, channels), in order. What is no finite number, as where training got lost, is 0.

        Raises:
            ConfigError: the base has no such layer, or it gives no feature maps.
        """
        if layer not in self._made:
            self._made[layer] = self._until(layer)
        for start in range(0, photos.shape[0], _BATCH):
            given = self._made[layer](tf.constant(np.asarray(photos[start : start + _BATCH])))
            yield np.nan_to_num(given.numpy(), nan=0.0, posinf=0.0, neginf=0.0)

    def peaks(self, photos: Rows | NDArray[np.uint8], layer: str) -> Floats:
        """The largest value of each channel on each of at least one photo: (n, channels); else as `values`."""
        return np.concatenate([values.max((1, 2)) for values in self.values(photos, layer)])

    def _until(self, layer: str) -> Callable[[tf.Tensor], tf.Tensor]:
        base = self._model.get_layer(self._base)
        scaling = scaling_of(self._model, self._base)
        part = keras.Model(base.inputs[0], inner_output(base, layer))
        made: Callable[[tf.Tensor], tf.Tensor] = tf.function(
            lambda photos: part(scaling(tf.cast(photos, tf.float32), training=False), training=False),
            input_signature=[tf.TensorSpec((None, *self._model.inputs[0].shape[1:]), tf.uint8)],
            autograph=False,
        )
        return made


def strengths(peaks: Floats, known: Floats) -> NDArray[np.float64]:
    """How far the peak of each channel on a photo lies above what is usual for the channel.

    The largest value over all places stands for a channel on a photo, as in Zeiler & Fergus 2014, where the photos
    that excite a feature map most explain it. Channels differ in scale, and some are on in every photo: so what counts
    is the distance from the mean over known photos, in standard deviations. A channel that hardly ever changes would
    win by a trifle: a part of the mean deviation of all channels is therefore added to each one's own, the "fudge
    factor" of Tusher, Tibshirani & Chu 2001.

    Args:
        peaks: (channels,) of the photo.
        known: (n, channels) of at least one known photo.

    Returns:
        (channels,). A channel that is on alike everywhere has 0.
    """
    mean, spread = known.mean(0, dtype=np.float64), known.std(0, dtype=np.float64)
    scale = spread + _DAMPING * spread.mean()
    return np.asarray((peaks - mean) / np.where(scale > 0, scale, 1.0), np.float64)


def standing_out(values: Floats) -> NDArray[np.float64]:
    """Where no other photos are known: how far the peak of each channel lies above its own mean over the photo.

    Args:
        values: (height, width, channels) of the photo.

    Returns:
        (channels,), 0 or more.
    """
    return np.asarray(values.max((0, 1)) - values.mean((0, 1), dtype=np.float64), np.float64)


def strongest(strength: NDArray[np.floating], count: int) -> list[int]:
    """The positions of the `count` largest of `strength`, the largest first; of equals, the one that comes first."""
    return [int(at) for at in np.argsort(-strength, kind="stable")[:count]]


def heat(values: Floats) -> NDArray[np.float64]:
    """A map to draw: how far each place lies above the mean of all, as a share of how far the highest does.

    The mean, because after a block without an activation (MobileNetV2, EfficientNet) 0 is a value like any other.

    Args:
        values: (height, width) of one channel.

    Returns:
        (height, width), 0..1; 0 everywhere where the channel gives the same everywhere.
    """
    over = np.maximum(values - values.mean(dtype=np.float64), 0)
    top = over.max()
    return np.asarray(over / top if top > _FLAT * np.abs(values).max() else np.zeros_like(over), np.float64)


def around(values: Floats) -> tuple[slice, slice]:
    """The rows and columns of a map around its highest place: what to show of a photo that excites a channel.

    An early block sees a small part of a photo at each place, a late one nearly all of it: a quarter of the side at
    least, 8 places of the map where that is more, and no more than there is.

    Args:
        values: (height, width) of one channel.
    """
    at = np.unravel_index(int(values.argmax()), values.shape)
    return _window(int(at[0]), values.shape[0]), _window(int(at[1]), values.shape[1])


def _window(at: int, length: int) -> slice:
    side = min(length, max(_CELLS, -(-length // _LEAST)))
    start = min(max(at - side // 2, 0), length - side)
    return slice(start, start + side)
