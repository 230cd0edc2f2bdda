"""TensorFlow's SavedModel, by Keras' own exporter."""

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

__all__ = ["write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8]) -> None:
    """Write the folder `path`; its signature is `serve`."""
    model.export(path, format="tf_saved_model", verbose=False)
