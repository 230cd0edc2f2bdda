"""OpenVINO, by Keras' own exporter."""

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

__all__ = ["write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8]) -> None:
    """Write the folder `path` with model.xml and model.bin; any number of photos a call."""
    path.mkdir()
    model.export(str(path / "model.xml"), format="openvino", verbose=False)
