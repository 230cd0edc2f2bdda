"""TensorFlow Lite that calculates with 8-bit whole numbers, whose ranges are those of photos learned from."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.export.formats.litert import convert

__all__ = ["write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8], notes: Mapping[str, str]) -> None:
    """Write the file `path`; photos and answers stay float32."""

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for photo in examples:
            yield [photo[None].astype(np.float32)]

    convert(model, path, notes, optimizations=[tf.lite.Optimize.DEFAULT], representative_dataset=representative)
