"""How far weights moved."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from transfer_core.nn.models.partition import base_weights, weight_hashes
from transfer_core.stats.drift import drift, total_drift

VECTORS = arrays.arrays(np.float32, 4, elements=st.floats(-100, 100, width=32))


def test_by_layer_over_all_its_arrays() -> None:
    before = {"a/0/kernel": np.array([3.0, 0.0]), "a/1/bias": np.array([4.0]), "b/0/kernel": np.array([2.0])}
    after = {"a/0/kernel": np.array([3.0, 1.0]), "a/1/bias": np.array([4.0]), "b/0/kernel": np.array([2.0])}
    assert drift(before, after) == {"a": pytest.approx(0.2), "b": 0.0}
    assert total_drift(before, after) == pytest.approx(1 / math.sqrt(29))


def test_zeros_have_no_length_to_compare_with() -> None:
    zero, one = {"a/0/bias": np.zeros(2)}, {"a/0/bias": np.ones(2)}
    assert drift(zero, one) == {"a": 1.0}
    assert drift(zero, zero) == {"a": 0.0}
    assert total_drift({}, {}) == 0.0


def test_lost_weights_show() -> None:
    assert math.isnan(drift({"a/0/k": np.ones(1)}, {"a/0/k": np.array([np.nan])})["a"])


@pytest.mark.parametrize("after", [{"b/0/k": np.ones(2)}, {"a/0/k": np.ones(3)}, {}])
def test_two_networks_are_not_compared(after: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"different networks|shape"):
        drift({"a/0/k": np.ones(2)}, after)


@given(VECTORS, st.floats(0.125, 8))
def test_scaling_a_layer_moves_it_by_the_factor(vector: np.ndarray, factor: float) -> None:
    before, after = {"a/0/k": vector.astype(np.float64)}, {"a/0/k": vector.astype(np.float64) * factor}
    assert drift(before, after)["a"] == pytest.approx(abs(factor - 1) if vector.any() else 0.0, abs=1e-9)


@given(VECTORS, VECTORS)
def test_the_whole_lies_between_the_parts(first: np.ndarray, second: np.ndarray) -> None:
    before = {"a/0/k": first + np.float32(200), "b/0/k": second + np.float32(200)}  # away from zero
    after = {"a/0/k": second + np.float32(200), "b/0/k": second + np.float32(200)}
    parts = drift(before, after).values()
    assert min(parts) - 1e-9 <= total_drift(before, after) <= max(parts) + 1e-9


def test_copies_of_a_base_stay_what_they_were() -> None:
    import keras

    base = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="one"), keras.layers.BatchNormalization()])
    before = base_weights(base)
    assert before.keys() == weight_hashes(base).keys()
    base.get_layer("one").kernel.assign_add(keras.ops.ones((4, 3)))
    moved = drift(before, base_weights(base))
    assert moved.pop("one") > 0 and set(moved.values()) == {0.0}
    assert len(base_weights(base, ["one/0/kernel"])) == 1
