"""TensorFlow Lite in float32, by Keras' own exporter."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.native_notes import without_notes

__all__ = ["convert", "write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8]) -> None:
    """Write the file `path`: a photo a call."""
    convert(model, path)


def convert(model: keras.Model, path: Path, **settings: Any) -> None:
    """Write the file `path` with these settings of `tf.lite.TFLiteConverter`."""
    shape = model.inputs[0].shape
    photo = tf.TensorSpec((1, *shape[1:]), tf.float32, "photo")
    with without_notes():
        model.export(path, format="litert", verbose=False, input_signature=[photo], **settings)
