"""What a plan will cost: arithmetic that agrees with what is built, and speeds that follow this machine."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import workspace
from transfer_core.backbones import cost as estimates
from transfer_core.backbones.cost import (
    Augmented,
    Estimate,
    estimate,
    machine_speed,
    overfitting,
    record_pass,
    record_speed,
)
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.backbones.tree import LayerFacts, LayerTree, Node
from transfer_core.errors import ConfigError

PLAIN = Augmented()
pytestmark = pytest.mark.usefixtures("thaw_home")


def layer(name: str, source: str, shape: tuple[int, ...], parameters: int, flops: int) -> Node:
    return Node(name, "layer", parameters, shape, (), LayerFacts("Conv2D", (source,), parameters, flops))


def tree() -> LayerTree:
    """Three layers in a row for photos of 8 pixels."""
    layers = [
        layer("one", "photo", (4, 4, 2), 100, 1000),
        layer("two", "one", (2, 2, 4), 1000, 2000),
        layer("three", "two", (2, 2, 5), 10_000, 4000),
    ]
    blocks = tuple(Node(f"block-{node.name}", "block", node.parameters, node.shape, (node,)) for node in layers)
    stage = Node("stage", "stage", 11_100, (2, 2, 5), blocks)
    return LayerTree(Node("Toy", "model", 11_100, (2, 2, 5), (stage,)), 8)


def cost(*trainable: str, photos: int = 100, augmented: Augmented = PLAIN) -> Estimate:
    return estimate(workspace(), tree(), FreezePlan(trainable), 3, photos, photos // 4, augmented)


def test_parameters_are_those_that_train() -> None:
    assert (cost().trainable_parameters, cost().head_parameters, cost().frozen_parameters) == (18, 18, 11_100)
    assert (cost("three").trainable_parameters, cost("three").frozen_parameters) == (10_018, 1100)
    assert cost("three").photos_per_parameter == pytest.approx(100 / 10_018)


def test_bytes_are_pixels_and_what_crosses() -> None:
    pixels, pooled = 3 * 8 * 8, 4 * 5
    assert cost().cache_bytes == 125 * (pixels + pooled)
    assert cost("three").cache_bytes == 125 * (pixels + pooled + 4 * 2 * 2 * 4)
    assert cost("two").cache_bytes == 125 * (pixels + pooled + 4 * 4 * 4 * 2)
    assert cost("one", "two", "three").cache_bytes == 125 * (pixels + pooled), "the network's input is not cached twice"
    assert cost("three").frontier == ("two",)


def test_photos_to_test_on_are_kept_and_computed_like_those_to_check_on() -> None:
    plan = FreezePlan(("three",))
    without, tested = (estimate(workspace(), tree(), plan, 3, 80, 20, test_photos=test) for test in (0, 25))
    more = estimate(workspace(), tree(), plan, 3, 80, 45)
    assert without.cache_bytes < tested.cache_bytes == more.cache_bytes
    assert without.features_seconds < tested.features_seconds == more.features_seconds
    assert without.seconds_per_epoch == tested.seconds_per_epoch < more.seconds_per_epoch


def test_what_is_kept_at_the_cut_takes_half_as_float16() -> None:
    pixels, pooled = 3 * 8 * 8, 4 * 5
    assert cost("three").disk_bytes(False) == cost("three").cache_bytes
    assert cost("three").disk_bytes(True) == 125 * (pixels + pooled + 2 * 2 * 2 * 4)
    for figure in (cost(), cost("one", "two", "three")):
        assert figure.disk_bytes(True) == figure.cache_bytes, "nothing is kept at the cut"
    cached = cost("three", augmented=Augmented("cached", 4))
    assert cached.cache_bytes - cached.disk_bytes(True) == 425 * 2 * 2 * 2 * 4


def test_deeper_takes_longer_an_epoch_but_no_longer_once() -> None:
    costs = [cost(*names) for names in ((), ("three",), ("two", "three"), ("one", "two", "three"))]
    seconds = [one.seconds_per_epoch for one in costs]
    assert seconds == sorted(set(seconds))
    assert len({one.features_seconds for one in costs}) == 1
    assert costs[0].seconds_per_epoch == costs[0].head_seconds_per_epoch


def test_cached_variants_cost_once_for_each_and_live_ones_in_every_epoch() -> None:
    pixels, feature = 3 * 8 * 8, 4 * (5 + 2 * 2 * 4)
    plain, cached, live = (
        cost("three", augmented=augmented)
        for augmented in (PLAIN, Augmented("cached", 4), Augmented("live", variants=4))
    )
    assert cached.cache_bytes == 125 * pixels + (4 * 100 + 25) * feature
    assert live.cache_bytes == 125 * pixels + 25 * feature
    speed = machine_speed(workspace(), "Toy")
    once, change = 7000 / speed.forward_flops_per_s, 64 * estimates._AUGMENT_SECONDS
    assert plain.features_seconds == pytest.approx(125 * once)
    assert cached.features_seconds == pytest.approx(425 * once + 400 * change)
    assert live.features_seconds == pytest.approx(25 * once)
    assert live.head_seconds_per_epoch == pytest.approx(plain.head_seconds_per_epoch + 100 * (once + change))
    prefix = 3000 / speed.forward_flops_per_s
    assert live.seconds_per_epoch == pytest.approx(plain.seconds_per_epoch + 100 * (prefix + change))
    assert cached.seconds_per_epoch > 3 * plain.seconds_per_epoch
    assert cached.overfitting == live.overfitting == plain.overfitting, "variants are no new photos"
    assert cost(augmented=Augmented("cached", 1)).seconds_per_epoch == cost().seconds_per_epoch


@pytest.mark.parametrize("mode", ["none", "cached", "live"])
def test_a_frozen_base_has_the_heads_epochs(mode: Any) -> None:
    figure = cost(augmented=Augmented(mode, 3))
    assert figure.seconds_per_epoch == figure.head_seconds_per_epoch


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(ConfigError, match="no layer called 'four'"):
        cost("four")


def test_the_risk_of_overfitting_has_documented_thresholds() -> None:
    assert [overfitting(1, 100), overfitting(1, 101)] == ["low", "possible"]
    assert [overfitting(1, 10_000), overfitting(1, 10_001)] == ["possible", "likely"]


@given(st.integers(1, 10**6), st.integers(1, 10**9))
def test_more_photos_never_raise_the_risk(photos: int, parameters: int) -> None:
    order = ["low", "possible", "likely"]
    assert order.index(overfitting(photos + 1, parameters)) <= order.index(overfitting(photos, parameters))


def test_a_measurement_replaces_the_default() -> None:
    assert not machine_speed(workspace(), "Toy").measured
    record_speed(workspace(), "Toy", "forward", 1e12, 2.0)
    record_speed(workspace(), "Toy", "train", 3e12, 2.0)
    speed = machine_speed(workspace(), "Toy")
    assert (speed.forward_flops_per_s, speed.train_flops_per_s, speed.measured) == (5e11, 1.5e12, True)
    before = cost("three")
    record_speed(workspace(), "Toy", "train", 1.5e12, 2.0)
    assert machine_speed(workspace(), "Toy").train_flops_per_s == pytest.approx((1.5e12 + 0.75e12) / 2)
    assert cost("three").seconds_per_epoch > before.seconds_per_epoch
    assert cost("three").measured


def test_other_bases_are_corrected_by_how_this_machine_did() -> None:
    default = machine_speed(workspace(), "Other")
    record_speed(workspace(), "Toy", "forward", machine_speed(workspace(), "Toy").forward_flops_per_s * 2 * 3, 2.0)
    record_speed(workspace(), "Toy", "train", default.train_flops_per_s * 5 * 2, 2.0)
    faster = machine_speed(workspace(), "Other")
    assert faster.forward_flops_per_s == pytest.approx(3 * default.forward_flops_per_s)
    assert faster.train_flops_per_s == pytest.approx(5 * default.train_flops_per_s)
    assert not faster.measured


def test_too_short_a_measurement_is_left_out() -> None:
    record_speed(workspace(), "Toy", "forward", 1e12, 0.01)
    assert not machine_speed(workspace(), "Toy").measured


def test_a_pass_over_few_photos_is_left_out() -> None:
    record_pass(workspace(), tree(), (95, 10.0))
    assert not machine_speed(workspace(), "Toy").measured
    record_pass(workspace(), tree(), (96, 10.0))
    assert machine_speed(workspace(), "Toy").forward_flops_per_s == pytest.approx(7000 * 9.6)


def test_a_damaged_memory_of_speeds_is_forgotten(thaw_home: Path) -> None:
    record_speed(workspace(), "Toy", "forward", 1e12, 2.0)
    for text in ("{", "[]", '{"Toy": 3}', '{"Toy": {"forward": "fast"}}'):
        (thaw_home / "cache" / "speed.json").write_text(text)
        assert not machine_speed(workspace(), "Toy").measured
    record_speed(workspace(), "Toy", "forward", 1e12, 2.0)
    assert machine_speed(workspace(), "Toy").measured
