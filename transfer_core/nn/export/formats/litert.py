"""TensorFlow Lite in float32, by Keras' own exporter."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated
from tensorflow.lite.tools import flatbuffer_utils

from transfer_core.nn.native_notes import without_notes

__all__ = ["add_metadata", "convert", "write"]


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8], notes: Mapping[str, str]) -> None:
    """Write the file `path`: a photo a call."""
    convert(model, path, notes)


def convert(model: keras.Model, path: Path, notes: Mapping[str, str], **settings: Any) -> None:
    """Write the file `path` with these settings of `tf.lite.TFLiteConverter`; its metadata `thaw` holds the notes."""
    shape = model.inputs[0].shape
    photo = tf.TensorSpec((1, *shape[1:]), tf.float32, "photo")
    with without_notes():
        model.export(path, format="litert", verbose=False, input_signature=[photo], **settings)
    add_metadata(path, "thaw", json.dumps(dict(notes), ensure_ascii=False).encode())


def add_metadata(path: Path, name: str, data: bytes) -> None:
    """Put `data` into the file `path` as its metadata called `name`."""
    written = flatbuffer_utils.read_model(str(path))
    kept, entry = schema_py_generated.BufferT(), schema_py_generated.MetadataT()
    kept.data = np.frombuffer(data, np.uint8)
    entry.name, entry.buffer = name.encode(), len(written.buffers)
    written.buffers.append(kept)
    written.metadata = [*(written.metadata or []), entry]
    flatbuffer_utils.write_model(written, str(path))
