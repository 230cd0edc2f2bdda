"""TensorFlow with folded weights in place of Keras: the same features within rounding, the same bits every time."""

import itertools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from tests.support import workspace
from transfer_core.nn.data.pixels import Pixels
from transfer_core.nn.features import litert as acceleration
from transfer_core.nn.features.constant_graph import FrozenGraph
from transfer_core.nn.features.extract import Origin, compute_features, find_features
from transfer_core.nn.features.litert import LIMIT, MINIMUM_FROZEN, engine, freeze
from transfer_core.nn.features.model import POOLED
from transfer_core.nn.numerics import numerics
from transfer_core.runs.events import Event, Message
from transfer_core.runs.progress import Reporter

SIZE = 16
NAMES = ("stem", "left", "left_norm", "right", "sum", "active", "twice", "joined", POOLED)


def network(wanted: tuple[str, ...]) -> keras.Model:
    """Convolutions that end in a sum and in a concatenation, their normalizations and activations apart."""
    keras.utils.set_random_seed(0)
    photo = keras.Input((SIZE, SIZE, 3), name="photo")
    tensors: dict[str, Any] = {}
    scaled = layers.Rescaling(1 / 127.5, -1.0)(photo)
    tensors["stem"] = layers.Conv2D(16, 3, padding="same", activation="relu", bias_initializer="normal")(scaled)
    tensors["left"] = layers.Conv2D(16, 3, padding="same", use_bias=False)(tensors["stem"])
    tensors["left_norm"] = layers.BatchNormalization(
        beta_initializer=keras.initializers.RandomNormal(seed=1),
        moving_mean_initializer=keras.initializers.RandomNormal(seed=2),
    )(tensors["left"])
    tensors["right"] = layers.Conv2D(16, 1, bias_initializer="normal")(tensors["stem"])
    tensors["sum"] = layers.Add()([tensors["left_norm"], tensors["right"]])
    active = layers.ReLU()(tensors["sum"])
    # A convolution that its own sum's other summand depends on, and that another layer reads.
    first = layers.Conv2D(16, 1, bias_initializer="normal")(active)
    second = layers.Conv2D(16, 3, padding="same", bias_initializer="normal")(layers.ReLU()(first))
    tensors["twice"] = layers.Add()([first, second])
    tensors["active"] = layers.ReLU()(tensors["twice"])
    after = layers.Conv2D(8, 3, activation="relu", bias_initializer="normal")(tensors["active"])
    other = layers.Conv2D(8, 3, bias_initializer="normal")(tensors["active"])
    tensors["joined"] = layers.Concatenate()([after, other])
    tensors[POOLED] = layers.GlobalAveragePooling2D()(tensors["joined"])
    return keras.Model(photo, [tensors[name] for name in wanted])


def photos(count: int = 24) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), np.uint8)


@pytest.fixture(scope="module")
def alone() -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """Each output of the network, computed with no other."""
    return {name: FrozenGraph(network((name,)))(photos())[0] for name in NAMES}


@settings(max_examples=8, deadline=None)
@given(wanted=st.lists(st.sampled_from(NAMES), min_size=2, unique=True))
def test_a_tensor_has_the_same_bits_whatever_else_is_wanted(alone: dict[str, Any], wanted: list[str]) -> None:
    model = network(tuple(wanted))
    references = keras.tree.flatten(model(photos().astype(np.float32), training=False))
    for name, value, reference in zip(wanted, FrozenGraph(model)(photos()), references, strict=True):
        np.testing.assert_array_equal(value, alone[name])
        np.testing.assert_allclose(value, reference, rtol=0, atol=LIMIT * np.abs(reference).max())


def hear() -> tuple[Reporter, list[Event]]:
    heard: list[Event] = []
    reporter = Reporter(heard.append)
    reporter.start("features")
    return reporter, heard


def said(heard: list[Event]) -> list[str]:
    return [str(event.text) for event in heard if isinstance(event, Message)]


MANY = np.tile(photos(), (-(-MINIMUM_FROZEN // 24), 1, 1, 1))


@pytest.mark.skipif(not numerics()["onednn"], reason="promised with oneDNN only; without it the next test holds")
def test_a_row_has_the_same_bits_in_every_batch_and_place(alone: dict[str, Any]) -> None:
    frozen = FrozenGraph(network(NAMES))
    for start, count in itertools.product((0, 3, 8, 13), (1, 5, 8, 11)):
        for name, value in zip(NAMES, frozen(photos()[start : start + count]), strict=True):
            np.testing.assert_array_equal(value, alone[name][start : start + count])
    order = np.random.default_rng(1).permutation(24)
    for name, value in zip(NAMES, frozen(photos()[order]), strict=True):
        np.testing.assert_array_equal(value, alone[name][order])


@pytest.mark.skipif(not engine().startswith("litert"), reason="with a graphics processor Keras itself is used")
def test_used_where_tensorflow_was_started_with_onednn_and_else_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for onednn in {False, numerics()["onednn"]}:
        monkeypatch.setattr(acceleration, "numerics", lambda onednn=onednn: numerics() | {"onednn": onednn})
        reporter, heard = hear()
        assert (freeze(network((POOLED,)), MANY, reporter) is not None) == onednn
        assert [text.count("without oneDNN") for text in said(heard)] == ([] if onednn else [1])
        few, heard = hear()
        assert freeze(network((POOLED,)), MANY[: MINIMUM_FROZEN - 1], few) is None
        assert not said(heard), "where Keras is used anyway there is nothing to say"


def test_one_whose_rows_depend_on_their_place_is_left_to_keras_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FrozenGraph.__call__

    def placed(self: FrozenGraph, rows: Any) -> list[Any]:
        values = right(self, rows)
        values[-1][-1] = np.nextafter(values[-1][-1], np.float32(np.inf))  # one bit, at the end of a batch
        return values

    monkeypatch.setattr(FrozenGraph, "__call__", placed)
    monkeypatch.setattr(acceleration, "numerics", lambda: numerics() | {"onednn": True})
    monkeypatch.setattr(acceleration, "engine", lambda: "litert")
    reporter, heard = hear()
    assert freeze(network((POOLED,)), MANY, reporter) is None
    assert ["depend on the photos beside it" in text for text in said(heard)] == [True]


def test_what_follows_from_activations_is_what_follows_from_photos(alone: dict[str, Any]) -> None:
    model = network(("active", POOLED))
    begin = keras.Input(model.outputs[0].shape[1:])
    rest = keras.Model(begin, keras.Model(model.outputs[0], model.outputs[1])(begin, training=False))
    np.testing.assert_array_equal(FrozenGraph(rest)(alone["active"])[0], alone[POOLED])


def test_features_of_a_base_of_large_convolutions_name_it_and_are_no_others(thaw_home: Path) -> None:
    if not engine().startswith("litert"):
        pytest.skip("with a graphics processor, or without LiteRT, Keras itself is used")
    heard: list[Event] = []
    reporter = Reporter(heard.append)
    reporter.start("features")
    many = np.tile(photos(), (-(-MINIMUM_FROZEN // 24), 1, 1, 1))
    fast = "tensorflow" if numerics()["onednn"] else "keras"
    for count, name in ((len(many), fast), (MINIMUM_FROZEN - 1, "keras")):
        origin = Origin("toy", "random-0", SIZE, f"{count:032d}", litert=False)
        pixels = Pixels(many[:count], origin.pixels, {})
        found = compute_features(workspace(), network(("sum", POOLED)), ["sum", POOLED], origin, pixels, reporter)
        assert {stored.notes["engine"] for stored in found.values()} == {name}
        other = Origin("toy", "random-0", SIZE, origin.pixels, litert=True)
        assert find_features(workspace(), other, [POOLED]) == {}
    assert len(said(heard)) == (0 if fast == "tensorflow" else 1)


def test_one_that_differs_is_left_to_keras_and_said(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not engine().startswith("litert"):
        pytest.skip("with a graphics processor, or without LiteRT, Keras itself is used")
    monkeypatch.setattr(acceleration, "numerics", lambda: numerics() | {"onednn": True})
    monkeypatch.setattr(acceleration, "_require_no_place", lambda frozen, rows: None)  # Eigen's kernels would not pass
    right = FrozenGraph.__call__
    monkeypatch.setattr(FrozenGraph, "__call__", lambda self, rows: [2 * value for value in right(self, rows)])
    heard: list[Event] = []
    reporter = Reporter(heard.append)
    reporter.start("features")
    assert freeze(network((POOLED,)), np.tile(photos(), (20, 1, 1, 1)), reporter) is None
    assert "differs from Keras" in next(str(event.text) for event in heard if isinstance(event, Message))
