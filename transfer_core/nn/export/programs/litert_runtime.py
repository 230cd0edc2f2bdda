"""Runs model.tflite with LiteRT, once called TensorFlow Lite."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:  # TensorFlow brings the same in another place, which it loads when it is asked for
    import tensorflow

    Interpreter = tensorflow.lite.Interpreter


def load(folder: Path) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Give a function from a photo to its probabilities and features.

    It takes float32 (1, size, size, 3), RGB from 0 to 255, and gives float32 (classes,) and (channels,).
    """
    interpreter = Interpreter(model_path=str(folder / "model.tflite"), num_threads=os.cpu_count() or 1)
    model = interpreter.get_signature_runner()

    def answer(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = model(photo=photo)
        return found["probabilities"][0], found.get("features", found["probabilities"])[0]

    return answer
