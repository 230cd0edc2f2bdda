"""Runs a frozen network by TensorFlow's own kernels, faster than Keras does: one graph of constants, fused.

Filters that are constants are laid out for the processor once (oneDNN keeps them so), and TensorFlow's graph optimizer
takes the bias, the sum and the activation after a convolution into the convolution.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.data.batches import Rows
from transfer_core.nn.features.folding import FoldedModel

__all__ = ["FrozenGraph"]

_BATCH = 8  # of 4, 8 and 16, within 2 % of the fastest with ResNet50, InceptionV3 and Xception, and little memory
_AT_ONCE = 2
"""Batches that compute at the same time: where the threads of one wait for each other, those of the other go on. On two
processors a tenth faster than one with ResNet50; more are no faster."""


class FrozenGraph:
    """A folded network; gives the same bits for a row in every run, whatever the other rows of its batch are.

    This holds where TensorFlow computes with oneDNN; with Eigen's kernels a row's place in its batch shows in the last
    bits, and `acceleration.freeze` uses none.
    """

    def __init__(self, model: keras.Model) -> None:
        """Fold and trace `model`, a functional model of one float32 input, with its weights of now."""
        folded = FoldedModel(model, hold=lambda value: tf.raw_ops.Snapshot(input=value))
        self._shape = (_BATCH, *model.inputs[0].shape[1:])
        self._run = tf.function(
            lambda rows: folded([rows]), input_signature=[tf.TensorSpec(self._shape, tf.float32)], autograph=False
        ).get_concrete_function()
        self._threads = ThreadPoolExecutor(_AT_ONCE)
        self.difference = 0.0
        """Largest difference from Keras on the photos it was checked with, relative as in `acceleration.LIMIT`."""

    def __call__(self, rows: Rows) -> list[NDArray[np.float32]]:
        """What the network gives for `rows` (n, ...): one array (n, ...) for each output."""
        parts = self._threads.map(self._batch, [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)])
        return [np.concatenate(values) for values in zip(*parts, strict=True)]

    def _batch(self, rows: Any) -> list[NDArray[np.float32]]:
        # Always whole batches: one trace, and a photo's features do not depend on how many others there are.
        whole = np.zeros(self._shape, np.float32)
        whole[: len(rows)] = rows
        return [value.numpy()[: len(rows)] for value in self._run(tf.constant(whole))]
