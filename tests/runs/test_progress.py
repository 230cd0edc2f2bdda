"""How a long step reports: its pace leaves out what it takes once."""

import itertools

import pytest

from transfer_core.runs import progress as module
from transfer_core.runs.events import Progress
from transfer_core.runs.progress import Reporter
from transfer_core.text import Sentence


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def test_the_pace_leaves_out_what_comes_before_the_first_progress(clock: Clock) -> None:
    reporter = Reporter(lambda event: None)
    reporter.start("features")
    reporter.progress("features", 0, 96)
    clock.now += 5  # tracing
    reporter.progress("features", 32, 96)
    assert reporter.pace == (0, 0.0)
    clock.now += 1
    reporter.progress("features", 64, 96)
    clock.now += 1
    reporter.progress("features", 96, 96)
    assert reporter.pace == (64, 2.0)
    reporter.progress("other", 0, 10)
    assert reporter.pace == (0, 0.0)


@pytest.mark.parametrize("planned", [5.0, 10.0, 40.0])
def test_the_time_left_goes_from_the_plan_to_what_is_measured_without_a_jump(clock: Clock, planned: float) -> None:
    told: list[tuple[float, float]] = []
    reporter = Reporter(lambda event: told.append((clock.now, event.eta)) if isinstance(event, Progress) else None)
    reporter.planned = {"features": planned, "finish": 3.0}
    reporter.start("features")
    reporter.progress(Sentence("features"), 0, 100)
    assert told[-1][1] == planned + 3
    clock.now += 4  # tracing, once
    for done in range(1, 101):
        clock.now += 0.1
        reporter.progress(Sentence("features"), done, 100)
    left = [eta for _, eta in told]
    # It never climbs by more than what a plan that was too short explains, and from a third on it is right.
    assert max(later - before for before, later in itertools.pairwise(left)) < 1
    assert all(abs(eta - (clock.now - when) - 3) < 0.2 for when, eta in told[35:])


def test_without_a_plan_the_time_left_is_what_the_pace_says(clock: Clock) -> None:
    reporter = Reporter(lambda event: None)
    reporter.start("measure")
    assert reporter.eta(0.0) is None
    clock.now += 2
    assert reporter.eta(0.1) == 18.0
    clock.now += 1
    assert reporter.eta(0.2) == 8.0  # the second tenth took a second
