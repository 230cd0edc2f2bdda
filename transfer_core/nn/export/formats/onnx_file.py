"""ONNX, by Keras' own exporter (tf2onnx)."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import onnx
from numpy.typing import NDArray

__all__ = ["write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8], notes: Mapping[str, str]) -> None:
    """Write the file `path`; any number of photos a call."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)  # of NumPy, about tf2onnx
        model.export(str(path), format="onnx", verbose=False)
    written = onnx.load(path)
    onnx.helper.set_model_props(written, dict(notes))
    onnx.save(written, path)
