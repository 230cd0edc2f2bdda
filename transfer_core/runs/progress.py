"""How a long step reports: progress with an ETA, a sign of life, and the question whether to stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from transfer_core.runs.events import Emit, Message, Phase, PhaseStarted, Progress
from transfer_core.text import Sentence

__all__ = ["Reporter", "Stopped"]

_INTERVAL = 0.2  # seconds between two progress events of one step; a page polls once a second
_TRUSTED = 0.3  # share of a phase from which on only what was measured counts
_BATCH_INTERVAL = 1.0  # seconds between two within an epoch: short epochs speak for themselves


class Stopped(Exception):  # noqa: N818 - asked for, not an error
    """A stop was asked for; leaves a long step between two batches. Never reaches a page."""


@dataclass
class Reporter:
    """One run's link to whoever watches. Phases are timed here, so `seconds` and the ETA come from one clock."""

    emit: Emit
    stop: Callable[[], bool] = lambda: False
    beat: Callable[[], None] = lambda: None
    planned: dict[Phase, float] = field(default_factory=dict)
    """Seconds each phase is expected to take; phases that are over are set to what they took."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Seconds spent in each phase so far; a phase entered twice adds up."""
    _phase: Phase | None = None
    _began: float = 0.0
    _ahead: float = 0.0  # share of the phase that was done when it was entered
    _shown: float = 0.0
    _first: tuple[float, float] | None = None  # share of the phase that was done, and when, at its first progress
    _paced: tuple[int, float] | None = None  # what was done of the step, and when, at its first progress
    _latest: tuple[int, float] = (0, 0.0)

    def start(self, phase: Phase, epochs: int = 0, done: int = 0) -> None:
        """Enter a phase (and leave the one before); `done` of its `epochs` ended before, in another process."""
        self.leave()
        self._phase, self._began, self._shown = phase, time.perf_counter(), 0.0
        self._ahead, self._first = done / epochs if epochs else 0.0, None
        self.emit(PhaseStarted(phase, epochs, done=done))

    def leave(self) -> None:
        """Close the phase under way."""
        if self._phase is not None:
            self.seconds = self.spent()
            self.planned.pop(self._phase, None)
            self._phase = None

    def spent(self) -> dict[str, float]:
        """`seconds`, with those of the phase under way."""
        if self._phase is None:
            return dict(self.seconds)
        before = self.seconds.get(self._phase, 0.0)
        return self.seconds | {self._phase: round(before + time.perf_counter() - self._began, 3)}

    def check(self) -> None:
        """Give a sign of life.

        Raises:
            Stopped: a stop was asked for.
        """
        self.beat()
        if self.stop():
            raise Stopped

    def progress(self, step: Sentence, done: int, total: int) -> None:
        """Say that `step`, a short phrase, is at `done` of `total`, a few times a second at most; check as `check`."""
        now = time.perf_counter()
        self._latest = (done, now)
        if done == 0:
            self._paced = None
        elif self._paced is None:
            self._paced = self._latest
        if done in (0, total) or now - self._shown >= _INTERVAL:
            self._shown = now
            assert self._phase is not None  # steps belong to phases
            self.emit(Progress(self._phase, step, done, total, eta=self.eta(done / total if total else 1.0)))
        self.check()

    def batch(self, done: int, batches: int, epoch: int, epochs: int) -> None:
        """Say that `done` of the `batches` of an epoch are done, if epochs are slow, and check as `check` does.

        `epoch` of `epochs` ended before, in this phase.
        """
        now = time.perf_counter()
        if now - max(self._shown, self._began) >= _BATCH_INTERVAL:
            self._shown = now
            assert self._phase is not None  # epochs belong to phases
            eta = self.eta((epoch + done / batches) / epochs)
            self.emit(Progress(self._phase, Sentence("epoch {number}", number=epoch + 1), done, batches, eta))
        self.check()

    @property
    def pace(self) -> tuple[int, float]:
        """Of the latest step: how much of it was done after its first progress, and in how many seconds.

        What comes before is left out: it holds what a step takes once, such as tracing a network.
        """
        first = self._paced or self._latest
        return self._latest[0] - first[0], self._latest[1] - first[1]

    def message(self, said: str | Sentence, /, warning: bool = False, **values: object) -> None:
        """Tell the person something: English with named places and their values, or a sentence made elsewhere."""
        text = said if isinstance(said, Sentence) else Sentence(said, **values)
        self.emit(Message(text, "warning" if warning else "info"))

    def eta(self, share: float) -> float | None:
        """Seconds until the run ends when `share` (0..1) of the phase under way is done; None: can't be told yet."""
        if self._phase is None:
            return None
        now = time.perf_counter()
        expected = self.planned.get(self._phase)
        share = (share - self._ahead) / (1 - self._ahead) if self._ahead < 1 else 1.0
        if share <= 0:
            left = expected
        else:
            # What a phase takes once, such as tracing a network, lies before its first progress.
            self._first = first = self._first or (share, now)
            measured = share > first[0]
            pace = (now - first[1]) / (share - first[0]) if measured else (now - self._began) / share
            left = pace * (1 - share)
            if expected is not None:  # a measured rate says more than a plan, the more the longer it was measured
                trust = min(1.0, share / _TRUSTED) if measured else 0.0
                left = trust * left + (1 - trust) * expected * (1 - share)
        if left is None:
            return None
        later = sum(value for phase, value in self.planned.items() if phase != self._phase)
        return round(left + later, 1)
