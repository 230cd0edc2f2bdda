"""A model rewritten for training: the same answers and the same gradients, whatever it is made of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.nn.models.partition import partition
from transfer_core.nn.models.rewritten import RewrittenModel, rewritten

GENERATOR = np.random.default_rng(0)


@contextmanager
def double_precision() -> Iterator[None]:
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


@pytest.fixture
def float64() -> Iterator[None]:
    """In double precision nothing but a mistake tells the two apart."""
    with double_precision():
        yield


def shake(model: keras.Model) -> keras.Model:
    """Give every weight and statistic another value than the one it starts with; variances stay positive."""
    model.set_weights([GENERATOR.uniform(0.3, 1.2, value.shape).astype(value.dtype) for value in model.get_weights()])
    return model


def gradients(model: keras.Model, compute: Callable[[list[Any]], Any], photos: Any) -> list[Any]:
    """Of a loss that tells all outputs apart: the outputs, then the gradient of the photos and of each variable."""
    variables = model.trainable_variables
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([photos, *(variable.value for variable in variables)])
        outputs = keras.tree.flatten(compute([photos]))
        loss = sum(tf.reduce_sum(tf.sin(output * (1 + place))) for place, output in enumerate(outputs))
    found = tape.gradient(loss, [photos, *(variable.value for variable in variables)])
    return [*outputs, *(0 * variable if value is None else value
                        for value, variable in zip(found, [photos, *variables], strict=True))]  # fmt: skip


def assert_same(model: keras.Model, parts: int, close: float = 1e-9) -> None:
    shape, dtype = model.inputs[0].shape[1:], model.inputs[0].dtype
    photos = tf.constant(GENERATOR.uniform(-1, 1, (3, *shape)), dtype)
    found = RewrittenModel(model)
    assert found.parts == parts
    before = model.get_weights()
    wanted = gradients(model, lambda inputs: model(inputs[0], training=False), photos)
    for value, expected in zip(gradients(model, found, photos), wanted, strict=True):
        scale = max(float(tf.reduce_max(tf.abs(expected))), 1e-3)
        np.testing.assert_allclose(value, expected, rtol=close, atol=close * scale)
    assert all(np.array_equal(one, other) for one, other in zip(model.get_weights(), before, strict=True))


LINEAR: dict[str, tuple[Callable[..., Any], int]] = {
    "plain": (lambda **more: layers.Conv2D(4, 3, padding="same", **more), 0),
    "strided": (lambda **more: layers.Conv2D(4, 3, strides=2, **more), 0),
    "grouped": (lambda **more: layers.Conv2D(6, 3, groups=3, **more), 0),
    "product": (lambda **more: layers.Conv2D(4, 1, **more), 1),
    "strided product": (lambda **more: layers.Conv2D(4, 1, strides=2, padding="same", **more), 1),
    "grouped 1x1": (lambda **more: layers.Conv2D(6, 1, groups=3, **more), 0),
    "depthwise": (lambda **more: layers.DepthwiseConv2D(3, depth_multiplier=2, **more), 0),
    "dilated depthwise": (lambda **more: layers.DepthwiseConv2D(3, dilation_rate=2, padding="same", **more), 0),
    "separable": (lambda **more: layers.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", **more), 1),
    "dense": (lambda **more: layers.Dense(5, **more), 0),
}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("kind", LINEAR)
@pytest.mark.parametrize(
    ("use_bias", "center", "scale"), [(False, True, True), (True, True, True), (True, False, True), (True, True, False)]
)
def test_each_kind_of_layer(kind: str, use_bias: bool, center: bool, scale: bool) -> None:
    make, products = LINEAR[kind]
    photo = keras.Input((7, 6, 3))
    norm = layers.BatchNormalization(center=center, scale=scale, epsilon=0.01)
    assert_same(shake(keras.Model(photo, norm(make(use_bias=use_bias)(photo)))), parts=1 + products)
    if center and scale:
        assert_same(shake(keras.Model(photo, make(use_bias=use_bias, activation="tanh")(photo))), parts=products)


@pytest.mark.usefixtures("float64")
def test_what_cannot_be_folded_is_called_as_it_is() -> None:
    class Doubled(layers.Conv2D):
        def call(self, inputs: Any) -> Any:
            return 2 * super().call(inputs)

    photo = keras.Input((6, 6, 3))
    curved = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(photo))
    across_rows = layers.BatchNormalization(axis=1)(layers.Conv2D(4, 3)(photo))
    read_twice = layers.Conv2D(4, 3)(photo)
    once, again = layers.BatchNormalization()(read_twice), layers.ReLU()(read_twice)
    shared = layers.Conv2D(4, 3)
    first, second = layers.BatchNormalization()(shared(photo)), shared(layers.Dropout(0.5)(photo))
    twice = layers.BatchNormalization()(Doubled(4, 1)(photo))
    assert_same(shake(keras.Model(photo, [curved, across_rows, once, again, first, second, twice])), parts=0)


@pytest.mark.usefixtures("float64")
def test_models_within_models_and_frozen_layers() -> None:
    photo = keras.Input((6, 6, 3))
    inner_photo = keras.Input((6, 6, 3))
    norm = layers.BatchNormalization()
    inner = keras.Model(inner_photo, layers.ReLU(6.0)(norm(layers.Conv2D(3, 1)(inner_photo))))
    model = keras.Model(
        photo, layers.GlobalAveragePooling2D()(layers.Add()([photo, inner(layers.Dropout(0.5)(photo))]))
    )
    assert_same(shake(model), parts=2)
    norm.trainable = False
    assert_same(model, parts=2)


CALLS: list[Callable[[], Any]] = [
    lambda: layers.Conv2D(4, 1),
    lambda: layers.Conv2D(4, 3, padding="same", use_bias=False),
    lambda: layers.DepthwiseConv2D(3, padding="same"),
    lambda: layers.SeparableConv2D(4, 3, padding="same"),
    lambda: layers.BatchNormalization(),
    lambda: layers.Activation("tanh"),
    lambda: layers.Dropout(0.5),
]


@pytest.mark.usefixtures("float64")
@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(range(len(CALLS))), st.integers(0, 8)), min_size=1, max_size=7))
def test_any_graph(plan: list[tuple[int, int]]) -> None:
    photo = keras.Input((5, 5, 4))
    made = [photo]
    for which, source in plan:
        made.append(CALLS[which]()(made[source % len(made)]))
    output = layers.Add()([made[-1], made[len(made) // 2]]) if len(made) > 2 else made[-1]
    model = shake(keras.Model(photo, output))
    assert_same(model, RewrittenModel(model).parts)


def test_single_precision_is_as_exact_as_keras(toy_suffix: keras.Model) -> None:
    photos = GENERATOR.uniform(-1, 1, (4, *toy_suffix.inputs[0].shape[1:]))
    single = tf.constant(photos, tf.float32)
    ours = gradients(toy_suffix, RewrittenModel(toy_suffix), single)
    keras_own = gradients(toy_suffix, lambda inputs: toy_suffix(inputs[0], training=False), single)
    with double_precision():
        exact_model = suffix()
        exact_model.set_weights(toy_suffix.get_weights())
        exact = gradients(exact_model, lambda inputs: exact_model(inputs[0], training=False), tf.constant(photos))

    def worst(found: list[Any]) -> float:
        pairs = zip(found, exact, strict=True)
        return max(float(np.abs(np.asarray(one) - other).max() / np.abs(other).max()) for one, other in pairs)

    assert worst(ours) < 10 * worst(keras_own) + 1e-6


def suffix() -> keras.Model:
    """The trained part of a small base, divided as for a run."""
    x = inputs = keras.Input((9, 9, 3))
    for block in ("first", "second"):
        y = layers.Conv2D(12, 1, use_bias=False, name=f"{block}_expand")(x)
        y = layers.ReLU(6.0)(layers.BatchNormalization(name=f"{block}_norm")(y))
        y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{block}_depthwise")(y)
        y = layers.ReLU(6.0)(layers.BatchNormalization(name=f"{block}_norm2")(y))
        x = layers.Add()([layers.Conv2D(3, 1, name=f"{block}_project")(y), x])
    base = shake(keras.Model(inputs, x))
    plan = FreezePlan(tuple(layer.name for layer in base.layers if layer.name.startswith("second") and layer.weights))
    found = partition(base, plan).suffix
    assert found is not None
    return found


@pytest.fixture
def toy_suffix() -> keras.Model:
    return suffix()


def test_a_model_without_anything_to_rewrite_stays_with_keras(toy_suffix: keras.Model) -> None:
    photo = keras.Input((6, 6, 3))
    assert rewritten(keras.Model(photo, layers.Conv2D(4, 3, activation="relu")(photo))) is None
    found = rewritten(toy_suffix)
    assert found is not None and found.parts == 4


def test_with_a_gpu_keras_itself_trains(toy_suffix: keras.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a GPU"] if kind == "GPU" else [])
    assert rewritten(toy_suffix) is None
