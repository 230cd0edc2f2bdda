"""The learning rate over a phase: warm-up, cosine, plateau, and nothing at all by default."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.runs.config import PhaseConfig, ScheduleName, TuningConfig
from transfer_core.runs.rates import PLATEAU_EPOCHS, PLATEAU_FACTOR, RateSchedule

PHASE = PhaseConfig(10, 1e-2)


def rates(schedule: ScheduleName, warmup: int, steps: int = 4) -> list[float]:
    plan = RateSchedule(PHASE, TuningConfig(schedule, warmup), steps)
    return [plan.at(epoch, step) for epoch in range(PHASE.epochs) for step in range(steps)]


def test_nothing_moves_by_default() -> None:
    assert set(rates("constant", 0)) == {PHASE.rate}
    assert not RateSchedule(PHASE, TuningConfig("constant"), 4).moves
    assert RateSchedule(PHASE, TuningConfig("constant", warmup_epochs=1), 4).moves


@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
def test_warm_up_climbs_evenly_to_the_peak(schedule: ScheduleName) -> None:
    found = rates(schedule, warmup=2)
    assert found[:8] == pytest.approx([PHASE.rate * (step + 1) / 8 for step in range(8)])
    assert found[7] == found[8] == PHASE.rate


def test_cosine_falls_at_every_step_from_the_peak_to_nearly_nothing() -> None:
    found = rates("cosine", warmup=0)
    assert found[0] == PHASE.rate
    assert found[20] == pytest.approx(PHASE.rate / 2)
    assert all(later < earlier for earlier, later in pairwise(found))
    assert 0 < found[-1] < PHASE.rate / 100


def test_a_plateau_reduces_the_rate_and_the_waiting_begins_anew() -> None:
    schedule = RateSchedule(PHASE, TuningConfig("plateau"), 4)
    losses = [1.0, 0.9, *[0.95] * (2 * PLATEAU_EPOCHS)]
    found = [schedule.at(epoch, 0, losses[:epoch]) for epoch in range(9)]
    reduced = [PHASE.rate * PLATEAU_FACTOR**count for count in (0, 1, 2)]
    assert found == pytest.approx([*[reduced[0]] * 5, *[reduced[1]] * 3, reduced[2]])


def test_losses_of_warm_up_and_of_later_epochs_are_no_plateau() -> None:
    schedule = RateSchedule(PHASE, TuningConfig("plateau", 3), 4)
    assert schedule.at(3, 0, [1.0, 2.0, 3.0]) == PHASE.rate
    assert schedule.at(4, 0, [1.0] * 10) == PHASE.rate


@given(
    st.sampled_from(["constant", "cosine", "plateau"]),
    st.integers(0, 9),
    st.integers(1, 7),
    st.lists(st.floats(0, 9), min_size=10, max_size=10),
    st.integers(0, 9),
)
def test_a_rate_is_positive_and_never_above_the_peak(
    schedule: ScheduleName, warmup: int, steps: int, losses: list[float], epoch: int
) -> None:
    plan = RateSchedule(PHASE, TuningConfig(schedule, warmup), steps)
    for step in range(steps):
        assert 0 < plan.at(epoch, step, losses[:epoch]) <= PHASE.rate
