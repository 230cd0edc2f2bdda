"""Runs the folder openvino_model with OpenVINO."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino


def load(folder: Path) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Give a function from a photo to its probabilities and features.

    It takes float32 (1, size, size, 3), RGB from 0 to 255, and gives float32 (classes,) and (channels,).
    """
    # Left to itself it calculates with half the digits on processors that are faster so, and answers otherwise.
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().compile_model(folder / "openvino_model" / "model.xml", "CPU", exact)

    def answer(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = model(photo)
        return found["probabilities"][0], found["features"][0]

    return answer
