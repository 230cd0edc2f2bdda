"""Runs the folder saved_model with TensorFlow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf


def load(folder: Path) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Give a function from a photo to its probabilities and features.

    It takes float32 (1, size, size, 3), RGB from 0 to 255, and gives float32 (classes,) and (channels,).
    """
    model = tf.saved_model.load(str(folder / "saved_model"))

    def answer(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = model.serve(tf.constant(photo))
        return found["probabilities"].numpy()[0], found["features"].numpy()[0]

    return answer
