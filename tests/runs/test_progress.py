"""How a long step reports: its pace leaves out what it takes once."""

import pytest

from transfer_core.runs import progress as module
from transfer_core.runs.progress import Reporter


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
