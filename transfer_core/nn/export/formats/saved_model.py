"""TensorFlow's SavedModel, by Keras' own exporter."""

import json
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

__all__ = ["write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8], notes: Mapping[str, str]) -> None:
    """Write the folder `path`; its signature is `serve`."""
    model.export(path, format="tf_saved_model", verbose=False)
    extra = path / "assets.extra"  # TensorFlow leaves it alone
    extra.mkdir()
    (extra / "thaw.json").write_text(json.dumps(dict(notes), ensure_ascii=False), encoding="utf-8")
