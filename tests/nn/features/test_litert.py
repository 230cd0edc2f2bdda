"""LiteRT in place of Keras: the same features within rounding, the same bits every time; Keras where it can't be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.support import workspace
from transfer_core.nn.data.pixels import Pixels
from transfer_core.nn.features import extract as features
from transfer_core.nn.features import litert as acceleration
from transfer_core.nn.features.extract import Origin, compute_features, find_features
from transfer_core.nn.features.litert import LIMIT, MINIMUM_PHOTOS, Accelerated, accelerate, engine
from transfer_core.nn.features.model import POOLED
from transfer_core.runs.events import Event, Message
from transfer_core.runs.progress import Reporter

SIZE = 16


def network(wanted: tuple[str, ...] = ("maps", POOLED), seed: int = 0) -> keras.Model:
    """A small residual network; `early` and `late` have one shape, `raw` is folded away where it is not wanted."""
    keras.utils.set_random_seed(seed)
    photo = keras.Input((SIZE, SIZE, 3), name="photo")
    tensors: dict[str, Any] = {}
    tensors["early"] = layers.Conv2D(8, 3, strides=2, padding="same")(layers.Rescaling(1 / 127.5, -1.0)(photo))
    tensors["raw"] = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(tensors["early"])
    late = layers.ReLU(6.0)(layers.BatchNormalization(epsilon=0.1)(tensors["raw"]))
    tensors["late"] = layers.Add()([tensors["early"], layers.Dropout(0.5)(late)])
    tensors["maps"] = layers.BatchNormalization()(layers.Conv2D(24, 1)(tensors["late"]))
    tensors[POOLED] = layers.GlobalAveragePooling2D()(tensors["maps"])
    return keras.Model(photo, [tensors[name] for name in wanted])


def photos(count: int = MINIMUM_PHOTOS) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), np.uint8)


def listen() -> tuple[Reporter, Callable[[], list[Message]]]:
    heard: list[Event] = []
    reporter = Reporter(heard.append)
    reporter.start("features")
    return reporter, lambda: [event for event in heard if isinstance(event, Message)]


def made(model: keras.Model, key: str = "toy", count: int = MINIMUM_PHOTOS) -> Accelerated:
    reporter, messages = listen()
    accelerated = accelerate(workspace(), model, key, photos(count), reporter)
    assert accelerated is not None, messages()
    return accelerated


@pytest.fixture(autouse=True)
def on_a_processor(thaw_home: Path) -> None:
    if not engine().startswith("litert"):
        pytest.skip("with a graphics processor, or without LiteRT, Keras itself is used")


def kept(home: Path) -> list[Path]:
    return sorted((home / "cache" / "prefix").glob("*.litert"))


@pytest.mark.parametrize("wanted", [("maps",), (POOLED, "maps"), ("late", "early", "raw", POOLED)])
def test_gives_what_keras_gives_output_for_output(wanted: tuple[str, ...]) -> None:
    model = network(wanted)
    accelerated = made(model)
    expected = keras.tree.flatten(model(photos().astype(np.float32), training=False))
    for value, reference in zip(accelerated(photos()), expected, strict=True):
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, reference, rtol=0, atol=LIMIT * np.abs(reference).max())
    assert 0 <= accelerated.difference <= LIMIT


def test_same_bits_whatever_the_batch_the_threads_and_the_other_outputs() -> None:
    accelerated = made(network())
    together = accelerated(photos())
    for start, count in ((0, 1), (3, 5), (1, 8), (90, 10)):
        for value, whole in zip(accelerated(photos()[start : start + count]), together, strict=True):
            np.testing.assert_array_equal(value, whole[start : start + count])
    content = acceleration._convert(network())
    for threads in (1, 2, 3):
        for value, whole in zip(Accelerated(content, threads)(photos()), together, strict=True):
            np.testing.assert_array_equal(value, whole)
    with_more = made(network(("raw", "early", "maps", POOLED)), "more")(photos())
    for value, whole in zip(with_more[2:], together, strict=True):
        np.testing.assert_array_equal(value, whole)


def test_same_bits_from_activations_as_from_photos() -> None:
    model = network(("late", POOLED))
    late, from_photos = made(model)(photos())
    source = model.outputs[0]
    begin = keras.Input(source.shape[1:])
    rest = keras.Model(begin, keras.Model(source, model.outputs[1])(begin, training=False))
    accelerated = accelerate(workspace(), rest, "rest", late, listen()[0])
    assert accelerated is not None
    np.testing.assert_array_equal(accelerated(late)[0], from_photos)


def test_is_converted_once_and_loaded_afterwards(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made(network())(photos())
    (path,) = kept(thaw_home)
    monkeypatch.setattr(acceleration, "_convert", None)  # calling it would fail, and Keras be used
    for value, again in zip(first, made(network())(photos()), strict=True):
        np.testing.assert_array_equal(value, again)
    assert kept(thaw_home) == [path]


@pytest.mark.parametrize("harm", ["cut off", "of another network"])
def test_a_kept_network_that_is_wrong_is_made_anew(thaw_home: Path, harm: str) -> None:
    expected = made(network())(photos())
    (path,) = kept(thaw_home)
    if harm == "cut off":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        made(network(seed=1), "other")
        (other,) = set(kept(thaw_home)) - {path}
        path.write_bytes(other.read_bytes())
    for value, wanted in zip(made(network())(photos()), expected, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_few_photos_are_left_to_keras_without_a_word() -> None:
    reporter, messages = listen()
    assert accelerate(workspace(), network(), "toy", photos(MINIMUM_PHOTOS - 1), reporter) is None
    assert not messages()


def test_a_graphics_processor_is_left_to_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert engine().startswith("keras")
    assert accelerate(workspace(), network(), "toy", photos(), listen()[0]) is None


def test_a_network_litert_can_not_run_is_left_to_keras_and_said(thaw_home: Path) -> None:
    photo = keras.Input((SIZE, SIZE, 3))
    model = keras.Model(photo, keras.ops.fft2((photo, photo))[0])
    reporter, messages = listen()
    assert accelerate(workspace(), model, "toy", photos(), reporter) is None
    assert "Keras itself" in str(messages()[0].text)
    assert not kept(thaw_home)


@pytest.mark.parametrize("wrong", [2 * LIMIT, np.nan])
def test_a_network_that_gives_something_else_is_left_to_keras_and_said(
    thaw_home: Path, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    right = Accelerated.__call__

    def off(self: Accelerated, rows: Any) -> Any:
        values = right(self, rows)
        values[1][-1] *= 1 + wrong  # one photo of the batch, in one output
        return values

    monkeypatch.setattr(Accelerated, "__call__", off)
    reporter, messages = listen()
    assert accelerate(workspace(), network(), "toy", photos(), reporter) is None
    assert "differs from Keras" in str(messages()[0].text)
    assert not kept(thaw_home)


def test_features_name_their_engine_and_do_not_pass_for_those_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    origin = Origin("toy", "random-0", SIZE, "0" * 32)
    reporter, _ = listen()
    pixels = Pixels(photos(), origin.pixels, {})
    fast = compute_features(workspace(), network(), ["maps", POOLED], origin, pixels, reporter)
    assert {stored.notes["engine"] for stored in fast.values()} == {"litert"}
    again = made(network(), "anew")(photos())
    np.testing.assert_array_equal(fast[POOLED].array, again[1])
    for module in (features, acceleration):
        monkeypatch.setattr(module, "engine", lambda: "keras-1")
    assert find_features(workspace(), origin, [POOLED]) == {}
    slow = compute_features(workspace(), network((POOLED,)), [POOLED], origin, pixels, reporter)[POOLED]
    assert slow.notes["engine"] == "keras"
    np.testing.assert_allclose(slow.array, fast[POOLED].array, rtol=0, atol=LIMIT * np.abs(slow.array).max())
