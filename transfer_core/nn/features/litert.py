"""Runs a frozen network over many photos faster than Keras on a processor, and checked against it.

Every BatchNormalization is folded into the convolution before it and the weights become constants. Then the network is
converted once and run by LiteRT's XNNPACK in batches whose activations stay in the processor's caches; or, where large
convolutions are most of the work (`catalog.Base.litert`), run by TensorFlow's own kernels (`frozen_graph`).
"""

import logging
import time
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.disk.arrays import content_key, find_array, write_array
from transfer_core.disk.workspace import Workspace
from transfer_core.jobs.process import processors
from transfer_core.nn.data.batches import Rows
from transfer_core.nn.features.constant_graph import FrozenGraph
from transfer_core.nn.features.folding import FoldedModel
from transfer_core.nn.native_notes import without_notes
from transfer_core.nn.numerics import numerics
from transfer_core.runs.progress import Reporter
from transfer_core.text import Sentence

__all__ = ["LIMIT", "MINIMUM_FROZEN", "MINIMUM_PHOTOS", "Accelerated", "accelerate", "engine", "freeze"]

_VERSION = 3  # raised whenever the same network would give other values, or be used for another number of photos
LIMIT = 1e-4
"""Largest difference from Keras that is let pass, relative to the largest value a photo has in that output. Folding and
summing in another order give about 3e-6."""
MINIMUM_PHOTOS = 150
"""Fewer are left to Keras. With EfficientNet-Lite0 on two processors, converting takes 0.6 s longer than Keras takes to
trace, and each photo 4 ms less. The number alone decides, neither the time a conversion takes now nor whether it has
been done before: the same photos must have the same features, to the last bit, in every run."""
MINIMUM_FROZEN = 400
"""The same for `freeze`. Folding and optimizing the graph of ResNet50 takes 2 s longer than tracing it as it is, and
each photo 5 ms less."""
_BATCH = 4  # of 1, 2, 4, 8 and 16, at least as fast as any with EfficientNetV2B0 and MobileNetV2, and Lite0 but for 1

_log = logging.getLogger(__name__)


def engine() -> str:
    """Names the rule by which this machine picks what computes features, for the keys of caches.

    LiteRT, TensorFlow with folded weights and Keras differ by rounding, so features of one must not pass for features
    of another; a base's row says which of the first two it is. So do the kernels of each, by what `numerics` tells.
    """
    computes = numerics()
    kernels = f"{'onednn' if computes['onednn'] else 'eigen'}-{computes['instructions']}-{computes['threads']}"
    if tf.config.list_physical_devices("GPU") or not hasattr(tf, "lite"):
        return f"keras-{tf.__version__}-{kernels}"
    return f"litert-{_VERSION}-{tf.__version__}-{kernels}"


class Accelerated:
    """A converted network; gives the same bits for a row in every run, whatever the other rows of its batch are."""

    def __init__(self, content: bytes, threads: int | None = None) -> None:
        """Load what `_convert` gave, to run on `threads` threads, or as many as this process may use processors.

        Raises:
            ValueError, RuntimeError: LiteRT can't run it.
        """
        with warnings.catch_warnings(), without_notes():
            # It names a package to move to one day, to whoever runs Thaw.
            warnings.filterwarnings("ignore", message=r"[\s\S]*tf\.lite\.Interpreter is deprecated")
            self._interpreter = tf.lite.Interpreter(model_content=content, num_threads=threads or processors())
            self._interpreter.allocate_tensors()
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        details = self._interpreter.get_output_details()
        self._outputs = [(detail["index"], tuple(detail["shape"][1:])) for detail in details]
        self.difference = 0.0
        """Largest difference from Keras on the photos it was checked with, relative as in `LIMIT`."""

    def __call__(self, rows: Rows) -> list[NDArray[np.float32]]:
        """What the network gives for `rows` (n, ...): one array (n, ...) for each output."""
        results = [np.empty((len(rows), *shape), np.float32) for _, shape in self._outputs]
        for start in range(0, len(rows), _BATCH):
            part = rows[start : start + _BATCH]
            # Rows beyond the last keep what they held: no row depends on another.
            self._interpreter.tensor(self._input)()[: len(part)] = part
            self._interpreter.invoke()
            for result, (index, _) in zip(results, self._outputs, strict=True):
                result[start : start + len(part)] = self._interpreter.tensor(index)()[: len(part)]
        return results


def accelerate(
    workspace: Workspace, model: keras.Model, key: str, rows: Rows, reporter: Reporter
) -> Accelerated | None:
    """Convert `model`, or load it as converted before, and check it against Keras on the first of `rows`.

    Args:
        workspace: that keeps converted networks.
        model: functional, from one float32 tensor (batch, ...) to one tensor or a list of them; in inference mode.
        key: names the model's architecture, weights and outputs: models of one key are the same.
        rows: all that will be run, (n, ...): photos, uint8 RGB, or float32 activations.
        reporter: told why, where the model can't be converted.

    Returns:
        What stands in for the model, or None where Keras itself should be used: with a graphics processor, for few
        rows, and where the converted network can't be made or does not give what Keras gives.

    Raises:
        Stopped: a stop was asked for.
        StorageError: the cache can't be written.
    """
    if len(rows) < MINIMUM_PHOTOS or not engine().startswith("litert"):
        return None
    path = workspace.cache_dir / "prefix" / f"{content_key(engine(), key)}.litert"
    stored = find_array(path)
    first = np.asarray(rows[:_BATCH])
    expected = _flat(model(first.astype(np.float32), training=False))
    if stored is not None:
        try:
            return _checked(stored.array.tobytes(), first, expected)
        except _UnfitError as error:
            _log.warning("%s does not fit its network (%s) and is made anew", path, error)
    reporter.check()
    began = time.perf_counter()
    try:
        content = _convert(model)
        accelerated = _checked(content, first, expected)
    except Exception as error:  # whatever a converter can't do, Keras can
        _log.warning("can't be run by LiteRT", exc_info=error)
        reason = _reason(error)
        reporter.message(
            "Keras itself computes the features, which takes longer: LiteRT can't run this network ({reason}).",
            reason=reason,
        )
        return None
    with write_array(path, (), np.uint8) as writer:
        writer.notes["seconds"] = round(time.perf_counter() - began, 3)
        writer.append(np.frombuffer(content, np.uint8))
    reporter.check()
    return accelerated


def freeze(model: keras.Model, rows: Rows, reporter: Reporter) -> FrozenGraph | None:
    """Fold `model` for TensorFlow's own kernels, and check it against Keras on the first of `rows`.

    Arguments and what is returned are as for `accelerate`; nothing is stored. Keras is used, too, where a photo's place
    in a batch shows in its last bits: without oneDNN, and wherever the first of `rows` tell so.

    Raises:
        Stopped: a stop was asked for.
    """
    if len(rows) < MINIMUM_FROZEN or not engine().startswith("litert"):
        return None
    if not numerics()["onednn"]:
        reporter.message(
            "Keras itself computes the features, which takes longer: TensorFlow runs without oneDNN here, and then the "
            "last digits of a photo's features would depend on the photos beside it."
        )
        return None
    reporter.check()
    first = np.asarray(rows[:_BATCH])
    try:
        _require_float32(model)
        frozen = FrozenGraph(model)
        _require_no_place(frozen, first)
        frozen.difference = _agreement(frozen(first), _flat(model(first.astype(np.float32), training=False)))
    except (ValueError, TypeError, NotImplementedError, tf.errors.OpError) as error:
        _log.warning("can't be frozen", exc_info=error)
        reason = _reason(error)
        reporter.message(
            "Keras itself computes the features, which takes longer: the network can't be folded ({reason}).",
            reason=reason,
        )
        return None
    reporter.check()
    return frozen


def _reason(error: Exception) -> str | Sentence:
    """Ours as a sentence, a library's in its own words, short."""
    return error.args[0] if isinstance(error, _UnfitError) else str(error).strip().partition("\n")[0][:200]


class _UnfitError(ValueError):
    """A converted network does not give what Keras gives."""


def _convert(model: keras.Model) -> bytes:
    _require_float32(model)
    folded = FoldedModel(model)
    shape = (_BATCH, *model.inputs[0].shape[1:])
    function = tf.function(
        lambda rows: folded([rows]), input_signature=[tf.TensorSpec(shape, tf.float32)], autograph=False
    )
    notes = logging.getLogger("absl")
    level = notes.level
    notes.setLevel(logging.ERROR)  # it recommends the way below
    try:
        # Constants throughout: with variables, the converter goes through a SavedModel on disk, ten times as long.
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
        return bytes(converter.convert())
    finally:
        notes.setLevel(level)


def _checked(content: bytes, rows: Rows, expected: list[NDArray[np.float32]]) -> Accelerated:
    try:
        accelerated = Accelerated(content)
    except (ValueError, RuntimeError) as error:
        raise _UnfitError(str(error)) from error
    accelerated.difference = _agreement(accelerated(rows), expected)
    return accelerated


def _require_float32(model: keras.Model) -> None:
    if any(symbol.dtype != "float32" for symbol in (*model.inputs, *model.outputs)):
        raise _UnfitError(Sentence("it does not compute in float32"))


def _require_no_place(frozen: FrozenGraph, rows: Rows) -> None:
    """Refuse a graph that gives other bits for a row in another place of its batch."""
    there_and_back = np.concatenate([rows, rows[::-1]])
    for values in frozen(there_and_back):
        if values.tobytes() != values[::-1].tobytes():
            raise _UnfitError(Sentence("on this processor the last digits of a photo depend on the photos beside it"))


def _agreement(given: list[NDArray[np.float32]], expected: list[NDArray[np.float32]]) -> float:
    """The largest difference, relative as in `LIMIT`, where it is let pass."""
    if [value.shape for value in given] != [value.shape for value in expected]:
        raise _UnfitError(Sentence("its outputs have other shapes than those of Keras"))
    difference = float(np.max([_difference(*pair) for pair in zip(given, expected, strict=True)]))
    if not difference <= LIMIT:  # not a number is no match either
        raise _UnfitError(
            Sentence("it differs from Keras by {found:.2g}, at most {most:g} is let pass", found=difference, most=LIMIT)
        )
    return difference


def _difference(given: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    rows = expected.reshape(len(expected), -1)
    distances = np.abs(given.reshape(rows.shape) - rows).max(axis=1)
    scales = np.abs(rows).max(axis=1)
    return float(np.max(distances / np.maximum(scales, np.finfo(np.float32).tiny)))


def _flat(values: Any) -> list[NDArray[np.float32]]:
    return [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(values)]
