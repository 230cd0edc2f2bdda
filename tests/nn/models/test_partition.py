"""The two halves of a base: exact before training, and only what was planned changes in a step."""

import random
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import workspace
from transfer_core.backbones.catalog import BASES
from transfer_core.backbones.freeze_plan import FreezePlan, cut, everything, last_blocks
from transfer_core.errors import ConfigError
from transfer_core.nn.backbones.build import build_base
from transfer_core.nn.models.describe import build_tree
from transfer_core.nn.models.partition import Partition, freeze_proof, partition, planned_weights, weight_hashes

TOY_LAYERS = ("conv0", "norm0", "conv1", "norm1", "conv2", "norm2", "nested", "short", "separable", "norm3")


def toy() -> keras.Model:
    """Residuals with BatchNormalization and dropout, a nested model, a strided shortcut and a bare operation."""
    layers = keras.layers
    x = inputs = keras.Input((8, 8, 3), name="photo")
    x = layers.Conv2D(6, 3, padding="same", name="conv0")(x)
    x = layers.ReLU(name="relu0")(layers.BatchNormalization(name="norm0")(x))
    for index in (1, 2):
        y = layers.Conv2D(6, 3, padding="same", name=f"conv{index}")(layers.ReLU(name=f"relu{index}")(x))
        y = layers.Dropout(0.5, name=f"dropout{index}")(layers.BatchNormalization(name=f"norm{index}")(y))
        x = layers.Add(name=f"add{index}")([x, y])
    nested = keras.Sequential([keras.Input((8, 8, 6)), layers.Conv2D(6, 1), layers.BatchNormalization()], name="nested")
    x = nested(x) * 0.5
    short = layers.Conv2D(4, 1, strides=2, name="short")(x)
    y = layers.SeparableConv2D(4, 3, padding="same", name="separable")(x)
    y = layers.MaxPooling2D(2, name="pool")(layers.BatchNormalization(name="norm3")(y))
    return keras.Model(inputs, layers.Concatenate(name="join")([short, y]), name="toy")


def shake(model: keras.Model, seed: int) -> None:
    """Give BatchNormalization statistics and scales that are not those of an untouched layer."""
    generator = np.random.default_rng(seed)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])


def photos(model: keras.Model, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, *model.inputs[0].shape[1:])).astype("float32")


def through(halves: Partition, x: np.ndarray) -> Any:
    crossing = halves.prefix(x, training=False)
    return crossing if halves.suffix is None else halves.suffix(crossing, training=False)


def check_exact(model: keras.Model, plan: FreezePlan) -> Partition:
    """The halves give what the whole gives, and cross where the light half of Thaw says they do."""
    expected = np.asarray(model(photos(model), training=False))
    halves = partition(model, plan)
    np.testing.assert_array_equal(np.asarray(through(halves, photos(model))), expected)
    found = cut(build_tree(model, "it"), plan)
    assert halves.frontier == found.frontier
    if halves.suffix is not None:
        assert sum(int(np.prod(shape)) for shape in halves.shapes) == found.frontier_values
        parameters = sum(int(np.prod(weight.shape)) for weight in halves.suffix.trainable_weights)
        assert parameters == found.trainable_parameters
    assert not halves.prefix.trainable_weights
    return halves


def check_step(model: keras.Model, plan: FreezePlan) -> None:
    """After one step exactly the planned weights differ, bit by bit, but for those without a gradient."""
    halves = partition(model, plan)
    planned = planned_weights(model, plan)
    before = weight_hashes(model)
    crossing = halves.prefix(photos(model), training=False)
    assert halves.suffix is not None
    weights = halves.suffix.trainable_weights
    with tf.GradientTape() as tape:
        maps = halves.suffix(crossing, training=False)
        # Scaled to its own size: random weights make maps of any magnitude.
        maps = maps / tf.stop_gradient(tf.math.reduce_std(maps) + 1e-12)
        loss = tf.reduce_mean(tf.sin(maps * tf.linspace(0.5, 1.5, maps.shape[-1])))
    gradients = tape.gradient(loss, weights)
    keras.optimizers.Adam(0.01).apply(gradients, weights)
    after = weight_hashes(model)

    proof = freeze_proof(before, after, planned)
    assert proof["frozen_unchanged"] and proof["unexpected"] == []
    assert proof["planned_arrays"] == len(planned) == len(weights)
    assert proof["frozen_arrays"] == len(before) - len(planned)
    # Adam moves a weight by its rate unless its gradient is zero or near its epsilon of 1e-7.
    sizes = [0.0 if gradient is None else float(tf.reduce_max(tf.abs(gradient))) for gradient in gradients]
    assert sum(size > 1e-5 for size in sizes) <= proof["changed_arrays"] <= sum(size > 0 for size in sizes)
    assert proof["changed_arrays"], "a step without any gradient shows nothing"
    np.testing.assert_array_equal(
        np.asarray(model(photos(model), training=False)), np.asarray(through(halves, photos(model)))
    )


@cache
def toy_model() -> keras.Model:
    model = toy()
    shake(model, 1)
    return model


@settings(derandomize=True, max_examples=15, deadline=None)
@given(st.sets(st.sampled_from(TOY_LAYERS), min_size=1))
def test_any_set_of_layers(names: set[str]) -> None:
    model, plan = toy_model(), FreezePlan(tuple(names))
    check_exact(model, plan)
    check_step(model, plan)


SMALL = ("mobilenet-v2", "resnet50", "efficientnet-lite0", "efficientnet-v2-b0")


@pytest.mark.parametrize("name", SMALL)
def test_random_sets_on_real_networks(name: str) -> None:
    model = build_base(workspace(), name, "none", 32)
    shake(model, 2)
    weighted = sorted(build_tree(model, name).weighted)
    generator = random.Random(name)
    check_exact(model, FreezePlan(tuple(generator.sample(weighted, 2))))
    check_step(model, FreezePlan(tuple(generator.sample(weighted, 8))))


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_both_halves_of_thaw_agree_on_the_frontier(base: Any) -> None:
    model = build_base(workspace(), base.name, "none", max(base.minimum_size, 32))
    tree = build_tree(model, base.title)
    generator = random.Random(base.name)
    plans = [last_blocks(tree, generator.randrange(1, len(tree.blocks)))]
    plans += [FreezePlan(tuple(generator.sample(sorted(tree.weighted), 3)))]
    for plan in plans:
        halves = partition(model, plan)
        assert halves.frontier == cut(tree, plan).frontier
        assert halves.shapes == tuple(tree.layers[name].shape for name in halves.frontier)
        assert halves.suffix is not None
        trained = {weight.path for weight in halves.suffix.trainable_weights}
        assert trained == {weight.path for name in plan.trainable for weight in model.get_layer(name).trainable_weights}


def test_nothing_of_the_base_trains() -> None:
    halves = check_exact(toy_model(), FreezePlan())
    assert (halves.suffix, halves.frontier, halves.shapes) == (None, ("join",), ((4, 4, 8),))
    assert not toy_model().trainable_weights
    assert planned_weights(toy_model(), FreezePlan()) == frozenset()


def test_a_layer_without_weights_trains_nothing() -> None:
    assert partition(toy_model(), FreezePlan(("relu1",))).suffix is None


def test_everything_trains() -> None:
    model = toy_model()
    plan = everything(build_tree(model, "toy"))
    halves = check_exact(model, plan)
    assert halves.frontier == ("photo",) and halves.is_input("photo")
    np.testing.assert_array_equal(np.asarray(halves.prefix(photos(model))), photos(model))
    check_step(model, plan)


def test_several_tensors_cross_a_skip_connection() -> None:
    halves = check_exact(toy_model(), FreezePlan(("norm1",)))
    assert halves.frontier == ("relu0", "conv1") and not halves.is_input("relu0")


def test_frozen_layers_above_a_trainable_one_stay_frozen() -> None:
    model = toy_model()
    halves = partition(model, FreezePlan(("conv1",)))
    assert halves.suffix is not None
    assert [weight.path for weight in halves.suffix.trainable_weights] == ["conv1/kernel", "conv1/bias"]


def test_features_give_the_frontier_and_the_output_in_one_pass() -> None:
    model = toy_model()
    halves = partition(model, FreezePlan(("norm1",)))
    skip, crossing, output = halves.features()(photos(model), training=False)
    np.testing.assert_array_equal(np.asarray(output), np.asarray(model(photos(model), training=False)))
    for found, expected in zip((skip, crossing), halves.prefix(photos(model), training=False), strict=True):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
    frozen = partition(model, FreezePlan())
    np.testing.assert_array_equal(np.asarray(frozen.features()(photos(model), training=False)), np.asarray(output))


def test_dividing_again_forgets_the_first_plan() -> None:
    model = toy()
    partition(model, everything(build_tree(model, "toy")))
    model.trainable = False
    check_step(model, FreezePlan(("norm2", "nested")))
    check_exact(model, FreezePlan(("short",)))


def test_unknown_layers_are_refused() -> None:
    with pytest.raises(ConfigError, match="toy has no layer called 'conv9'"):
        partition(toy_model(), FreezePlan(("conv9",)))


def test_training_mode_is_caught() -> None:
    """The mistake that Thaw exists to make visible: BatchNormalization's statistics move although nothing says so."""
    model, plan = toy(), FreezePlan(("norm2",))
    halves = partition(model, plan)
    before = weight_hashes(model)
    assert halves.suffix is not None
    halves.suffix(halves.prefix(photos(model)), training=True)
    proof = freeze_proof(before, weight_hashes(model), planned_weights(model, plan))
    assert not proof["frozen_unchanged"]
    assert proof["unexpected"] == ["norm2/2/moving_mean", "norm2/3/moving_variance"]


def test_planned_weights_do_not_hang_on_flags_alone() -> None:
    model, plan = toy(), FreezePlan(("nested",))
    partition(model, plan)
    model.trainable = True  # as a mistake elsewhere might leave it
    names = {key.split("/", 1)[0] for key in planned_weights(model, plan)}
    assert names == {"nested"}
    assert not any("moving" in key for key in planned_weights(model, plan))


def test_hashes_tell_one_bit() -> None:
    model = toy()
    before = weight_hashes(model)
    assert before == weight_hashes(model)
    kernel = model.get_layer("conv1").kernel
    value = np.asarray(kernel).copy()
    value.flat[0] = np.nextafter(value.flat[0], np.float32(np.inf))
    kernel.assign(value)
    assert freeze_proof(before, weight_hashes(model), ())["unexpected"] == ["conv1/0/kernel"]


def test_a_missing_array_is_unexpected() -> None:
    proof = freeze_proof({"a/0/kernel": "1", "b/0/kernel": "2"}, {"a/0/kernel": "1"}, {"a/0/kernel"})
    assert (proof["frozen_unchanged"], proof["unexpected"]) == (False, ["b/0/kernel"])
