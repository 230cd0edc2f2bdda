"""OpenVINO, by Keras' own exporter."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import openvino
from numpy.typing import NDArray

__all__ = ["write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8], notes: Mapping[str, str]) -> None:
    """Write the folder `path` with model.xml and model.bin; any number of photos a call."""
    path.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "model.xml"
        model.export(str(first), format="openvino", verbose=False)
        written = openvino.Core().read_model(first)
        for name, value in notes.items():
            written.set_rt_info(value, ["model_info", name])
        openvino.save_model(written, path / "model.xml", compress_to_fp16=False)
        del written  # it holds the file that goes with the folder
