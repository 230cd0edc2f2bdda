"""TensorFlow Lite with weights rounded to float16: half the size."""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.export.formats.litert import convert

__all__ = ["write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8], notes: Mapping[str, str]) -> None:
    """Write the file `path`."""
    convert(model, path, notes, optimizations=[tf.lite.Optimize.DEFAULT], target_spec={"supported_types": [tf.float16]})
