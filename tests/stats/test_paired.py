"""The exact McNemar test against published values and sums over every outcome."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.stats.paired import LEAST_CHANGED, SIGNIFICANT, PairedComparison, mcnemar


def test_values_that_can_be_counted_by_hand() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(1, 0) == 1.0
    assert mcnemar(0, 5) == pytest.approx(2 / 32)
    assert mcnemar(0, 6) == pytest.approx(2 / 64)  # six all one way: the fewest that pass 0.05
    assert mcnemar(2, 10) == pytest.approx(2 * (1 + 12 + 66) / 4096)
    assert mcnemar(7, 7) == 1.0


@given(st.integers(0, 60), st.integers(0, 60))
def test_equals_the_sum_over_outcomes_as_extreme(fixed: int, broken: int) -> None:
    trials = fixed + broken
    distance = abs(fixed - broken)
    extreme = sum(comb(trials, k) for k in range(trials + 1) if abs(2 * k - trials) >= distance)
    assert mcnemar(fixed, broken) == pytest.approx(extreme / 2**trials)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_is_a_probability_and_takes_no_side(fixed: int, broken: int) -> None:
    assert mcnemar(fixed, broken) == mcnemar(broken, fixed)
    assert 0.0 <= mcnemar(fixed, broken) <= 1.0


@given(st.integers(0, 200), st.integers(0, 200))
def test_one_more_in_the_lead_is_never_less_significant(fixed: int, broken: int) -> None:
    low, high = sorted((fixed, broken))
    assert mcnemar(low, high + 1) <= mcnemar(low, high)


def test_refuses_counts_below_zero() -> None:
    with pytest.raises(ValueError, match="-1 broken"):
        mcnemar(3, -1)


def test_the_fewest_photos_that_can_show_a_difference() -> None:
    assert mcnemar(LEAST_CHANGED, 0) < SIGNIFICANT <= mcnemar(LEAST_CHANGED - 1, 0)


def test_fixed_is_what_the_second_alone_gets_right() -> None:
    pair = PairedComparison.of([0, 0, 1, 1, 0], [True, True, False, True, False])
    assert (pair.photos, pair.fixed, pair.broken, pair.gain) == (5, 2, 1, 0.2)
    with pytest.raises(ValueError):
        PairedComparison.of([1], [1, 0])
