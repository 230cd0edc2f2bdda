"""Photos a second through a frozen network: Thaw against Keras, TensorFlow, plain LiteRT and ONNX Runtime.

Everyone gets the same photos, uint8 in memory, and gives pooled features or activations as NumPy arrays. Rounds are
interleaved and begin with another each time, so that whatever else the machine does meets all alike; figures are
medians. Weights are random where the ImageNet weights are not on the machine: speed does not depend on them, as long as
no bias is zero, for then it would be left out. The note gives the processor's time a photo, which other work on the
machine changes less than it does the time that passes.
"""

import importlib.util
import io
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.material import say
from tests.benchmarks.table import Row
from tests.support import workspace

CASES = (
    ("efficientnet-lite0", None),
    ("efficientnet-lite0", "block5c_add"),
    ("mobilenet-v2", None),
    ("efficientnet-v2-b0", None),
    ("convnext-tiny", None),
    ("resnet50", None),
    ("inception-v3", None),
    ("vgg16", None),
)
"""A base, and the layer after which it is cut; None: the whole base and its pooling."""
PHOTOS, ROUNDS = 64, 7
BATCH = 32  # what people use with Keras; LiteRT and ONNX Runtime get 8, at which they are fastest
SMALL_BATCH = 8
PAUSE = 0.2  # seconds for the threads of the one before to go to sleep: they wait for more work in a busy loop
TARGET = 0.95
SEVERAL = 1000  # photos of the row that counts what comes before the first photo
Photos = NDArray[np.uint8]
Runner = Callable[[Photos], Any]


def run() -> list[Row]:
    """Measure every case."""
    with _quiet(), tempfile.TemporaryDirectory() as home, mock.patch.dict(os.environ, THAW_HOME=home):
        rows = []
        for base, cut in CASES:
            say(f"{base} to {cut}" if cut else base)
            rows += _case(base, cut)
        return rows


@contextmanager
def _quiet() -> Iterator[None]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the rivals' own
        yield


def _case(name: str, cut: str | None) -> list[Row]:
    model = _model(name, cut)
    photos = np.random.default_rng(0).integers(0, 256, (PHOTOS, *model.inputs[0].shape[1:]), np.uint8)
    title = f"{name} to {cut}" if cut else name
    runners: dict[str, Runner] = {}
    ready: dict[str, float] = {}
    makers = {
        "Thaw": partial(_thaw, name=name),
        "tf.function": _traced,
        "Keras predict": _predict,
        "LiteRT": _lite,
        "ONNX Runtime": _onnx,
    }
    for rival, make in makers.items():
        began = time.perf_counter()
        made = make(model, photos)
        if made is None:
            continue
        made(photos[:BATCH])
        runners[rival], ready[rival] = made, time.perf_counter() - began
    seconds: dict[str, list[float]] = {rival: [] for rival in runners}
    busy: dict[str, list[float]] = {rival: [] for rival in runners}
    order = list(runners)
    for number in range(ROUNDS):
        for rival in order[number % len(order) :] + order[: number % len(order)]:
            time.sleep(PAUSE)
            began, spent = time.perf_counter(), time.process_time()
            runners[rival](photos)
            seconds[rival].append(time.perf_counter() - began)
            busy[rival].append((time.process_time() - spent) / PHOTOS * 1e3)
    rates = {rival: PHOTOS / statistics.median(times) for rival, times in seconds.items()}
    ours = rates.pop("Thaw")
    rows = [
        Row("prefix", title, ours, rate, "/s", rival, ours / rate, ">=", TARGET, _busy(busy["Thaw"], busy[rival]))
        for rival, rate in rates.items()
    ]
    total = [ready[who] + SEVERAL / rate for who, rate in (("Thaw", ours), ("tf.function", rates["tf.function"]))]
    note = f"{ready['Thaw']:.1f} s and {ready['tf.function']:.1f} s of it before the first photo"
    case = f"{title}, {SEVERAL} photos from nothing"
    return [*rows, Row("prefix", case, total[0], total[1], "s", "tf.function", total[1] / total[0], ">=", TARGET, note)]


def _busy(ours: list[float], rival: list[float]) -> str:
    """Least of the rounds: waiting in a busy loop for a processor that others use counts as well."""
    return f"{min(ours):.1f} and {min(rival):.1f} ms of processor a photo"


def _model(name: str, cut: str | None) -> Any:
    """From photos to what a run stores of them, put together as a run does."""
    import keras

    from transfer_core.backbones.catalog import get_base
    from transfer_core.backbones.weights import weights_state
    from transfer_core.nn.backbones import build as bases
    from transfer_core.nn.export.classifier import photo_input, pooled

    row = get_base(name)
    random = weights_state(workspace(), row) in ("download", "file")
    base = bases.build_base(workspace(), name, "none" if random else "imagenet")
    if random:
        _move_from_zero(base)
    photo, scaled = photo_input(name, row.input_size)
    if cut:
        prefix = keras.Model(base.inputs[0], base.get_layer(cut).output)
        return keras.Model(photo, prefix(scaled, training=False))
    return keras.Model(photo, pooled(base(scaled, training=False)))


def _move_from_zero(base: Any) -> None:
    generator = np.random.default_rng(1)
    for weight in base.weights:
        if weight.path.rpartition("/")[2] in ("bias", "beta", "moving_mean"):
            weight.assign(generator.normal(0, 0.1, weight.shape))


def _thaw(model: Any, photos: Photos, name: str) -> Runner:
    """As a run does it, by LiteRT or by TensorFlow with folded weights, whichever the base's row says."""
    from transfer_core.backbones.catalog import get_base
    from transfer_core.nn.data.pixels import Pixels
    from transfer_core.nn.features import litert as acceleration
    from transfer_core.nn.features.extract import Origin, feature_forward
    from transfer_core.runs.progress import Reporter

    row = get_base(name)
    # Weights of a name of their own: nothing is found converted, and what comes before the first photo is measured too.
    origin = Origin(name, f"benchmark-{id(model)}", row.input_size, "benchmark", row.litert)
    with mock.patch.multiple(acceleration, MINIMUM_PHOTOS=0, MINIMUM_FROZEN=0):
        return feature_forward(
            workspace(), model, ["features"], origin, Pixels(photos, origin.pixels, {}), Reporter(print)
        )


def _batches(photos: Photos, size: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(photos), size):
        yield photos[start : start + size].astype(np.float32)


def _traced(model: Any, photos: Photos) -> Runner:
    import tensorflow as tf

    forward = tf.function(lambda rows: model(rows, training=False))
    return lambda photos: [forward(tf.constant(rows)).numpy() for rows in _batches(photos, BATCH)]


def _predict(model: Any, photos: Photos) -> Runner:
    return lambda photos: model.predict(photos.astype(np.float32), batch_size=BATCH, verbose=0)


def _lite(model: Any, photos: Photos) -> Runner:
    """As LiteRT's guide converts a Keras model, on as many threads as there are processors."""
    import tensorflow as tf

    with redirect_stdout(io.StringIO()):  # it lists every weight
        content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    interpreter = tf.lite.Interpreter(model_content=content, num_threads=os.cpu_count())
    source, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(source, [SMALL_BATCH, *photos.shape[1:]])
    interpreter.allocate_tensors()

    def forward(rows: NDArray[np.float32]) -> Any:
        interpreter.set_tensor(source, rows)
        interpreter.invoke()
        return interpreter.get_tensor(result)

    return lambda photos: [forward(rows) for rows in _batches(photos, SMALL_BATCH)]


def _onnx(model: Any, photos: Photos) -> Runner | None:
    missing = [name for name in ("onnxruntime", "tf2onnx") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"ONNX Runtime is left out: pip install {' '.join(missing)}", file=sys.stderr)
        return None
    import onnxruntime
    import tensorflow as tf
    import tf2onnx

    signature = [tf.TensorSpec((None, *photos.shape[1:]), tf.float32, name="photo")]
    converted, _ = tf2onnx.convert.from_keras(model, input_signature=signature, opset=15)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    try:
        session = onnxruntime.InferenceSession(converted.SerializeToString(), options, ["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph as error:
        # tf2onnx leaves in what it can't convert, such as Erfc in ConvNeXt's GELU, and logs it.
        print(f"ONNX Runtime is left out: {str(error)[:200]}", file=sys.stderr)
        return None
    return lambda photos: [session.run(None, {"photo": rows})[0] for rows in _batches(photos, SMALL_BATCH)]
