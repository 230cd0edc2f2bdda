"""Where in a photo a classifier finds what speaks for a class: class activation maps, and Grad-CAM before the end."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.export.classifier import POOLING
from transfer_core.nn.inference.inner import inner_output, scaling_of

__all__ = ["ClassMaps"]

Floats = NDArray[np.float32]
_BATCH = 16
_Maps = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class ClassMaps:
    """Makes the maps of one classifier, as `nn.export.classifier.assemble` builds it."""

    def __init__(self, model: keras.Model, base: str) -> None:
        """Compute nothing yet.

        Args:
            model: from photos, RGB 0..255, to probabilities.
            base: name of the layer of it that is the base.
        """
        self._model, self._base = model, base
        kernel, _ = model.get_layer("head").get_weights()
        # Adding the same weights to every class changes no answer, so it must change no map either.
        self._weights = kernel - kernel.mean(1, keepdims=True)
        self._made: dict[str | None, _Maps] = {}

    def maps(self, photos: NDArray[np.uint8], labels: Sequence[int], layer: str | None = None) -> Floats:
        """What each part of what a layer gives adds to a class, beyond what it adds to the classes on average.

        After the base's last layer the map is exact (class activation map, Zhou et al. 2016): its mean is the class's
        logit, less the bias, over the mean of all classes. Of an earlier layer it is Grad-CAM (Selvaraju et al. 2017):
        its channels, each weighed by its mean gradient. There, too, the answer is the logit over that mean.

        Args:
            photos: (n, size, size, 3), RGB.
            labels: of each, the class it is asked about.
            layer: of the base, one that gives feature maps; None: its last.

        Returns:
            (n, height, width) of that layer. Above 0 speaks for the class, below 0 against it.

        Raises:
            ConfigError: the base has no such layer, or it gives no feature maps.
        """
        if layer not in self._made:
            self._made[layer] = self._exact() if layer is None else self._by_gradient(layer)
        weights = self._weights.T[np.asarray(labels, np.int64)]
        parts = [
            self._made[layer](tf.constant(photos[start : start + _BATCH]), tf.constant(weights[start : start + _BATCH]))
            for start in range(0, len(photos), _BATCH)
        ]
        return np.concatenate([part.numpy() for part in parts])

    def _exact(self) -> _Maps:
        ends = keras.Model(self._model.inputs[0], self._model.get_layer(POOLING).input)

        def maps(photos: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
            return tf.einsum("nhwk,nk->nhw", ends(tf.cast(photos, tf.float32), training=False), weights)

        made: _Maps = tf.function(maps, autograph=False, reduce_retracing=True)
        return made

    def _by_gradient(self, layer: str) -> _Maps:
        base = self._model.get_layer(self._base)
        scaling, inner = scaling_of(self._model, self._base), inner_output(base, layer)
        both = keras.Model(base.inputs[0], [inner, base.outputs[0]])

        def maps(photos: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
            entering = scaling(tf.cast(photos, tf.float32), training=False)
            with tf.GradientTape() as tape:
                tape.watch(entering)  # what is frozen would not be followed
                values, ends = both(entering, training=False)
                over_mean = tf.reduce_sum(tf.reduce_mean(ends, (1, 2)) * weights)
            channels = tf.reduce_mean(tape.gradient(over_mean, values), (1, 2))
            return tf.einsum("nhwk,nk->nhw", values, channels)

        return maps  # as it is: it is asked for a few photos, and tracing would take longer
