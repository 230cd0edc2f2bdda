"""Bottleneck features: the frozen prefix is run once for each photo and its outputs are kept on disk."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.disk.arrays import Stored, content_key, find_array, require_space, write_array
from transfer_core.disk.half_precision import halve
from transfer_core.disk.mapped_memory import MappedReads
from transfer_core.disk.workspace import Workspace
from transfer_core.nn.data.batches import Rows
from transfer_core.nn.data.pixels import Pixels
from transfer_core.nn.features.litert import accelerate, engine, freeze
from transfer_core.nn.features.model import POOLED
from transfer_core.runs.config import CachePrecision
from transfer_core.runs.progress import Reporter
from transfer_core.text import Sentence

__all__ = [
    "FEATURES_VERSION",
    "Origin",
    "Start",
    "compute_features",
    "convert_ahead",
    "feature_forward",
    "find_features",
]

FEATURES_VERSION = 1  # raised whenever the same photos, weights and layer would give other values
_BATCH = 32


@dataclass(frozen=True)
class Origin:
    """What features are made from; equal origins give equal features."""

    base: str
    weights: str
    """`weights.weights_id`: the digest of the file, not its name, so weights that change make new features."""
    size: int
    pixels: str
    """`Pixels.key`."""
    litert: bool = True
    """Whether LiteRT stands in for Keras, or else TensorFlow with folded weights (`catalog.Base.litert`)."""
    precision: CachePrecision = "float32"
    """As what activations are kept; pooled features are small and always float32."""

    def parts(self) -> dict[str, Any]:
        """What the features are named by: JSON values."""
        value = asdict(self)
        if self.precision == "float32":
            del value["precision"]  # as named before there was a choice
        return value

    def halves(self, output: str) -> bool:
        """Whether the features called `output` are kept as float16."""
        return self.precision == "float16" and output.partition(" ")[0] != POOLED

    @property
    def exact(self) -> "Origin":
        """The same, with everything kept as float32."""
        return replace(self, precision="float32")

    def path(self, workspace: Workspace, output: str) -> Path:
        """Where the features that the layer `output` gives (or POOLED) lie."""
        parts = (self if self.halves(output) else self.exact).parts()
        key = content_key(FEATURES_VERSION, engine(), parts, output)
        return workspace.cache_dir / "features" / self.base / f"{key}.features"


@dataclass(frozen=True)
class Start:
    """Activations on disk from which others are computed, instead of from the pixels."""

    name: str
    """The layer that gave them."""
    array: NDArray[np.float32]
    """(photos, ...)"""


def find_features(workspace: Workspace, origin: Origin, outputs: Sequence[str]) -> dict[str, Stored]:
    """Those of the `outputs` that are on disk, by name; what is damaged is removed, what is of others is not given."""
    found = {name: find_array(origin.path(workspace, name)) for name in outputs}
    return {name: stored for name, stored in found.items() if stored and stored.notes.get("key") == stored.path.stem}


def compute_features(
    workspace: Workspace,
    model: keras.Model,
    outputs: Sequence[str],
    origin: Origin,
    pixels: Pixels,
    reporter: Reporter,
    start: Start | None = None,
) -> dict[str, Stored]:
    """Run `model` once over all photos and store what it gives.

    Args:
        workspace: that keeps them.
        model: from RGB 0..255 (batch, size, size, 3) to a list of tensors, one for each of `outputs`; run in
            inference mode. With `start`, from its activations (batch, ...).
        outputs: names for the tensors: layers, or POOLED.
        origin: what the features are made from.
        pixels: the photos; row i of every result belongs to row i of them.
        reporter: progress as the step `features`, in photos.
        start: what the model takes instead of the photos; noted with what is stored.

    Returns:
        Arrays (photos, ...) on disk, by name: float32, or float16 where `origin` says so. Then values beyond float16's
        range are cut off at its limit, and the notes hold how many (`clipped`).

    Raises:
        StorageError: there is no room; nothing is left behind.
        Stopped: a stop was asked for; nothing is left behind.
    """
    shapes = [tuple(output.shape[1:]) for output in model.outputs]
    source: Rows = pixels.array if start is None else start.array
    total = len(source)
    folder = origin.path(workspace, POOLED).parent
    require_space(
        workspace, folder, _row_bytes(outputs, shapes, origin) * total, Sentence("The features of these photos")
    )
    chosen, forward = _choose(workspace, model, _key(origin, outputs, start), origin.litert, source, reporter)
    with ExitStack() as stack:
        writers = [
            stack.enter_context(write_array(origin.path(workspace, name), shape, _dtype(origin, name)))
            for name, shape in zip(outputs, shapes, strict=True)
        ]
        for name, writer in zip(outputs, writers, strict=True):
            writer.notes["key"] = origin.path(workspace, name).stem
            writer.notes["engine"] = chosen
            writer.notes["from"] = start.name if start else "pixels"
            if origin.halves(name):
                writer.notes |= {"precision": "float16", "exact": False, "clipped": 0}
        reporter.progress(Sentence("features"), 0, total)
        reads = MappedReads([source])
        for first in range(0, total, _BATCH):
            rows = source[first : first + _BATCH]
            for name, writer, values in zip(outputs, writers, forward(rows), strict=True):
                if origin.halves(name):
                    values, clipped = halve(values)
                    writer.notes["clipped"] += clipped
                writer.append(values)
            reads.add(rows.nbytes)
            reporter.progress(Sentence("features"), first + len(rows), total)
    return {name: writer.stored(origin.path(workspace, name)) for name, writer in zip(outputs, writers, strict=True)}


def feature_forward(
    workspace: Workspace,
    model: keras.Model,
    outputs: Sequence[str],
    origin: Origin,
    pixels: Pixels,
    reporter: Reporter,
) -> Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    """What `compute_features` runs over `pixels`, as a function of any photos (batch, size, size, 3), storing nothing.

    Equal photos give equal values, to the last bit, as `compute_features` gives for as many photos.
    """
    _, forward = _choose(workspace, model, _key(origin, outputs), origin.litert, pixels.array, reporter)

    def in_batches(photos: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        parts = [forward(photos[start : start + _BATCH]) for start in range(0, len(photos), _BATCH)]
        return [np.concatenate(values) for values in zip(*parts, strict=True)]

    return in_batches


def convert_ahead(
    workspace: Workspace, model: keras.Model, outputs: Sequence[str], origin: Origin, photos: int
) -> None:
    """Convert `model`, as `compute_features` will want it for so many photos of `origin`, and keep what came of it.

    Nothing is done where Keras or TensorFlow itself would run it. Arguments else as of `compute_features`.

    Raises:
        StorageError: the cache can't be written.
    """
    if origin.litert:
        empty = np.broadcast_to(np.uint8(0), (photos, origin.size, origin.size, 3))
        accelerate(workspace, model, _key(origin, outputs), empty, Reporter(lambda event: None))


def _key(origin: Origin, outputs: Sequence[str], start: Start | None = None) -> str:
    """Names a network by what it is made of, whatever photos it will see."""
    return content_key(origin.base, origin.weights, origin.size, list(outputs), *([start.name] if start else []))


def _dtype(origin: Origin, output: str) -> np.dtype[Any]:
    return np.dtype(np.float16 if origin.halves(output) else np.float32)


def _row_bytes(outputs: Sequence[str], shapes: Sequence[tuple[int, ...]], origin: Origin) -> int:
    """Of one photo."""
    return sum(_dtype(origin, name).itemsize * prod(shape) for name, shape in zip(outputs, shapes, strict=True))


def _choose(
    workspace: Workspace, model: keras.Model, key: str, litert: bool, source: Rows, reporter: Reporter
) -> tuple[str, Any]:
    """Name of the engine, and the function to call for at most _BATCH rows of `source`."""
    accelerated = accelerate(workspace, model, key, source, reporter) if litert else freeze(model, source, reporter)
    if accelerated is None:
        return "keras", _forward(model, source.dtype)
    return "litert" if litert else "tensorflow", accelerated


def _forward(model: keras.Model, dtype: np.dtype[Any]) -> Any:
    shape = tuple(model.inputs[0].shape[1:])

    run = tf.function(
        lambda rows: model(tf.cast(rows, tf.float32), training=False),
        input_signature=[tf.TensorSpec((_BATCH, *shape), dtype)],
        autograph=False,
    )

    def forward(rows: Any) -> list[Any]:
        # Always whole batches: one trace, and a photo's features do not depend on how many others there are.
        count = len(rows)
        padded = np.concatenate([rows, np.zeros((_BATCH - count, *shape), dtype)]) if count < _BATCH else rows
        values = run(tf.constant(padded))
        return [value.numpy()[:count] for value in (values if isinstance(values, list | tuple) else [values])]

    return forward
