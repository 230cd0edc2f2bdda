"""TensorFlow Lite with the metadata that Android's and MediaPipe's image classifiers read, and probabilities alone.

The metadata is a flatbuffer of its own (metadata_schema.fbs of TensorFlow Lite Support), and labels.txt is appended to
the file as a zip. The packages that write it (tflite-support, mediapipe) can't be installed or imported with today's
Python, so its few tables are written here, by their numbers in the schema.
"""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.nn.export.formats.litert import add_metadata, convert

__all__ = ["write"]

LABELS = "labels.txt"
_NAME = "TFLITE_METADATA"  # by which readers find it in the model
_IDENTIFIER, _PARSER = b"M001", "1.0.0"
_FEATURE, _IMAGE = 1, 2  # ContentProperties
_NORMALIZATION = 1  # ProcessUnitOptions
_RGB = 1  # ColorSpaceType
_AXIS_LABELS = 2  # AssociatedFileType


def write(model: keras.Model, path: Path, examples: NDArray[np.uint8], notes: Mapping[str, str]) -> None:
    """Write the file `path`: a photo a call, one output."""
    alone = keras.Model(model.inputs[0], {"probabilities": model.output["probabilities"]})
    convert(alone, path, notes)
    add_metadata(path, _NAME, _metadata(int(model.inputs[0].shape[1]), notes))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(LABELS, notes["labels"] + "\n")


def _metadata(size: int, notes: Mapping[str, str]) -> bytes:
    builder = flatbuffers.Builder(1024)
    photo = _tensor(
        builder,
        "photo",
        notes["input"],
        _image(builder, size),
        _IMAGE,
        # As they are: what else must be done with the numbers, the model does.
        units=[_table(builder, (0, "byte", _NORMALIZATION), (1, "offset", _normalization(builder)))],
        limits=(0.0, 255.0),
    )
    file = _table(
        builder,
        (0, "offset", builder.CreateString(LABELS)),
        (2, "byte", _AXIS_LABELS),
    )
    answer = _tensor(
        builder, "probabilities", notes["outputs"], _table(builder), _FEATURE, files=[file], limits=(0.0, 1.0)
    )
    graph = _table(builder, (2, "offset", _tables(builder, [photo])), (3, "offset", _tables(builder, [answer])))
    root = _table(
        builder,
        (0, "offset", builder.CreateString(notes["base"])),
        (1, "offset", builder.CreateString(f"Thaw {notes['thaw']}")),
        (3, "offset", _tables(builder, [graph])),
        (7, "offset", builder.CreateString(_PARSER)),
    )
    builder.Finish(root, file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def _tensor(
    builder: Any,
    name: str,
    description: str,
    properties: int,
    kind: int,
    *,
    limits: tuple[float, float],
    units: Sequence[int] = (),
    files: Sequence[int] = (),
) -> int:
    """TensorMetadata."""
    content = _table(builder, (0, "byte", kind), (1, "offset", properties))
    stats = _table(builder, (0, "offset", _floats(builder, limits[1])), (1, "offset", _floats(builder, limits[0])))
    fields = [
        (0, "offset", builder.CreateString(name)),
        (1, "offset", builder.CreateString(description)),
        (3, "offset", content),
        (5, "offset", stats),
    ]
    if units:
        fields.append((4, "offset", _tables(builder, units)))
    if files:
        fields.append((6, "offset", _tables(builder, files)))
    return _table(builder, *fields)


def _image(builder: Any, size: int) -> int:
    """ImageProperties."""
    sides = _table(builder, (0, "uint", size), (1, "uint", size))
    return _table(builder, (0, "byte", _RGB), (1, "offset", sides))


def _normalization(builder: Any) -> int:
    """NormalizationOptions: mean and deviation."""
    return _table(builder, (0, "offset", _floats(builder, 0.0)), (1, "offset", _floats(builder, 1.0)))


def _table(builder: Any, *fields: tuple[int, str, int]) -> int:
    """A table; each field is its number in the schema, its kind and its value."""
    builder.StartObject(max((slot for slot, _, _ in fields), default=-1) + 1)
    for slot, kind, value in fields:
        if kind == "offset":
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        elif kind == "uint":
            builder.PrependUint32Slot(slot, value, 0)
        else:
            builder.PrependUint8Slot(slot, value, 0)
    return int(builder.EndObject())


def _tables(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _floats(builder: Any, *values: float) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return int(builder.EndVector())
