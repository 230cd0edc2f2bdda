"""Folding: the same function with fewer layers, and the model as it was."""

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from transfer_core.nn.features.folding import FoldedModel

GENERATOR = np.random.default_rng(0)


def shake(model: keras.Model) -> keras.Model:
    """Give every weight and statistic another value than the one it starts with; variances stay positive."""
    model.set_weights([GENERATOR.uniform(0.3, 1.2, value.shape).astype(value.dtype) for value in model.get_weights()])
    return model


def assert_same(model: keras.Model, folds: int) -> None:
    photos = GENERATOR.uniform(-1, 1, (2, *model.inputs[0].shape[1:])).astype(np.float32)
    folded = FoldedModel(model)
    assert folded.folds == folds
    expected = keras.tree.flatten(model(photos, training=False))
    for value, wanted in zip(folded([keras.ops.convert_to_tensor(photos)]), expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


LINEAR: dict[str, Any] = {
    "plain": lambda **more: layers.Conv2D(4, 3, padding="same", **more),
    "grouped": lambda **more: layers.Conv2D(6, 3, groups=3, **more),
    "depthwise": lambda **more: layers.DepthwiseConv2D(3, depth_multiplier=2, **more),
    "separable": lambda **more: layers.SeparableConv2D(5, 3, depth_multiplier=2, **more),
    "dense": lambda **more: layers.Dense(5, **more),
}


@pytest.mark.parametrize("kind", LINEAR)
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("center", "scale"), [(True, True), (False, True), (True, False)])
def test_each_kind_of_layer(kind: str, use_bias: bool, center: bool, scale: bool) -> None:
    photo = keras.Input((6, 6, 3))
    norm = layers.BatchNormalization(center=center, scale=scale, epsilon=0.01)
    assert_same(shake(keras.Model(photo, norm(LINEAR[kind](use_bias=use_bias)(photo)))), folds=1)


def test_what_is_no_linear_layer_before_its_normalization_is_left_alone() -> None:
    photo = keras.Input((6, 6, 3))
    curved = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(photo))
    across_rows = layers.BatchNormalization(axis=1)(layers.Conv2D(4, 3)(photo))
    behind_pooling = layers.BatchNormalization()(layers.MaxPooling2D()(photo))
    read_twice = layers.Conv2D(4, 3)(photo)
    once, again = layers.BatchNormalization()(read_twice), layers.ReLU()(read_twice)
    shared = layers.Conv2D(4, 3)
    first, second = layers.BatchNormalization()(shared(photo)), shared(layers.ReLU()(photo))
    outputs = [curved, across_rows, behind_pooling, once, again, first, second]
    assert_same(shake(keras.Model(photo, outputs)), folds=0)


def test_a_subclass_may_compute_something_else() -> None:
    class Doubled(layers.Conv2D):
        def call(self, inputs: Any) -> Any:
            return 2 * super().call(inputs)

    photo = keras.Input((6, 6, 3))
    assert_same(shake(keras.Model(photo, layers.BatchNormalization()(Doubled(4, 3)(photo)))), folds=0)


def test_nested_models_dropout_and_bare_operations() -> None:
    inner_photo = keras.Input((6, 6, 3))
    inner = layers.BatchNormalization()(layers.Conv2D(4, 3)(inner_photo))
    inner = layers.GaussianNoise(1.0)(layers.Dropout(0.9)(inner))
    nested = shake(keras.Model(inner_photo, [inner, layers.ReLU()(inner)]))
    photo = keras.Input((6, 6, 3))
    maps, positive = nested(keras.ops.take(photo, [2, 1, 0], axis=-1), training=False)
    small = keras.Sequential([keras.Input((4, 4, 4)), layers.Dense(3), layers.BatchNormalization()])
    # A sequence is run as one layer, as it is.
    assert_same(shake(keras.Model(photo, [keras.ops.sqrt(keras.ops.abs(maps) + 1), small(positive)])), folds=1)


def test_the_model_stays_as_it_was() -> None:
    photo = keras.Input((6, 6, 3))
    model = shake(keras.Model(photo, layers.BatchNormalization()(layers.Conv2D(4, 3)(photo))))
    before, names = model.get_weights(), [layer.name for layer in model.layers]
    folded = FoldedModel(model)
    folded([keras.ops.ones((1, 6, 6, 3))])
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))
    assert [layer.name for layer in model.layers] == names
    assert all(len(layer._inbound_nodes) == 1 for layer in model.layers)


def residual(depth: int) -> tuple[Any, list[Any]]:
    """A network with skip connections; the input, and every tensor of it."""
    photo = keras.Input((6, 6, 3))
    x = layers.Conv2D(4, 1)(photo)
    tensors = [x]
    for _ in range(depth):
        y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
        z = layers.BatchNormalization()(y)
        x = layers.Add()([x, layers.ReLU()(z)])
        tensors += [y, z, x]
    return photo, tensors


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(0, 9), min_size=1))
def test_a_tensor_has_the_same_bits_whatever_else_is_wanted(chosen: set[int]) -> None:
    photo, tensors = residual(3)
    chosen = chosen | {9}
    model = shake(keras.Model(photo, [tensors[index] for index in sorted(chosen)]))
    photos = keras.ops.convert_to_tensor(GENERATOR.uniform(-1, 1, (2, 6, 6, 3)).astype(np.float32))
    (alone,) = FoldedModel(keras.Model(photo, tensors[9]))([photos])
    *_, among_others = FoldedModel(model)([photos])
    np.testing.assert_array_equal(alone, among_others)
    assert_same(model, folds=3)
