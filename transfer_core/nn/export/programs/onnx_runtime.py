"""Runs model.onnx with ONNX Runtime."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime


def load(folder: Path) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Give a function from a photo to its probabilities and features.

    It takes float32 (1, size, size, 3), RGB from 0 to 255, and gives float32 (classes,) and (channels,).
    """
    model = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])

    def answer(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probabilities, features = model.run(["probabilities", "features"], {"photo": photo})
        return probabilities[0], features[0]

    return answer
