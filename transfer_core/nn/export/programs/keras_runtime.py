"""Runs model.keras with Keras."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np


def load(folder: Path) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Give a function from a photo to its probabilities and features.

    It takes float32 (1, size, size, 3), RGB from 0 to 255, and gives float32 (classes,) and (channels,).
    """
    model = keras.models.load_model(folder / "model.keras", compile=False)
    both = keras.Model(model.inputs, [model.outputs[0], model.get_layer("pooling").output])

    def answer(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probabilities, features = both.predict_on_batch(photo)
        return probabilities[0], features[0]

    return answer
