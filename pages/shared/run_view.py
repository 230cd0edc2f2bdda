"""A run as a page shows it: read from disk in one go, and put into words."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from pages.shared import figures
from transfer_core.config import RunConfig
from transfer_core.events import EpochEnded, Event, Message, PhaseStarted
from transfer_core.jobs import Engine
from transfer_core.runs import Run, Status

__all__ = ["RunView", "read"]

QUICK, CALM = 0.5, 1.0  # seconds between looks, before the first epochs have shown and after
SETTLED = 10.0  # seconds after the first epoch from which calm looks are enough
SILENT = 20.0  # seconds without a sign of life that are worth mentioning

_DOING = {
    "": "Starting",
    "prepare": "Getting the photos ready",
    "features": "Computing what stays frozen, once",
    "head": "Training the head",
    "fine-tune": "Fine-tuning",
    "finish": "Measuring the result",
}
_SHORT = {"prepare": "Photos", "features": "Features", "head": "Head", "fine-tune": "Fine-tuning", "finish": "Result"}


@dataclass(frozen=True)
class RunView:
    """Everything the page needs to know of a run at one moment."""

    run: Run
    status: Status
    config: RunConfig
    events: list[Event]
    report: dict[str, Any] | None
    position: int
    """Place among the waiting runs, from 1; 0 when it does not wait."""
    stopping: bool
    """A stop was asked for and has not happened yet."""

    @property
    def epochs(self) -> list[EpochEnded]:
        """The epochs so far."""
        return [event for event in self.events if isinstance(event, EpochEnded)]

    @property
    def messages(self) -> list[Message]:
        """What the run wants the person to know."""
        return [event for event in self.events if isinstance(event, Message)]

    @property
    def poll(self) -> float | None:
        """Seconds until the next look; None when there is nothing more to come."""
        if not self.status.active:
            return None
        epochs = self.epochs
        settled = epochs and time.time() - epochs[0].time > SETTLED
        return CALM if settled else QUICK

    @property
    def _phase(self) -> str:
        # Features at the cut are computed between the head and fine-tuning: to the person a part of the latter.
        begun = {event.phase for event in self.events if isinstance(event, PhaseStarted)}
        return "fine-tune" if self.status.phase == "features" and "head" in begun else self.status.phase

    @property
    def doing(self) -> str:
        """Phase and step in words: `Training the head: epoch 7 of at most 30`."""
        status = self.status
        if status.state == "QUEUED":
            if self.position > 1:
                return f"Waiting: {self.position - 1} before this one"
            return "Waiting for a free place" if self.position else "Starting"
        words = _DOING.get(status.phase, status.phase)
        if not status.total:
            return words
        if status.step == "epochs":
            return f"{words}: epoch {min(status.done + 1, status.total)} of at most {status.total}"
        return f"{words}: {status.step} {status.done:,}/{status.total:,}"

    @property
    def left(self) -> str:
        """How long it will still take, or nothing while that can't be told."""
        eta = self.status.eta
        return f"about {figures.span(eta)} left" if eta is not None and eta >= 1 else ""

    @property
    def fraction(self) -> float:
        """How far the current step is, 0..1."""
        return min(1.0, self.status.done / self.status.total) if self.status.total else 0.0

    @property
    def waiting(self) -> str:
        """What the charts say before the first epoch."""
        status = self.status
        if not status.active:
            return "no epoch was finished"
        if status.state == "QUEUED" or not status.total or status.step == "epochs":
            return f"{self.doing.lower()} …"
        return f"{status.step} {status.done:,}/{status.total:,}"

    @property
    def silence(self) -> float | None:
        """Seconds since the worker's last sign of life, when that is worth mentioning."""
        quiet = time.time() - self.status.heartbeat
        return quiet if self.status.state == "RUNNING" and quiet > SILENT else None

    def way(self) -> list[tuple[str, str]]:
        """The phases of this run as (name, `done` | `now` | `ahead`)."""
        names = [name for name in _SHORT if name != "fine-tune" or self.config.fine_tunes]
        begun = {event.phase for event in self.events if isinstance(event, PhaseStarted)}
        steps = []
        for name in names:
            if name == self._phase and self.status.state != "FINISHED":
                state = "now"
            else:
                state = "done" if name in begun or self.status.state == "FINISHED" else "ahead"
            steps.append((_SHORT[name], state))
        return steps


def read(run: Run, engine: Engine) -> RunView:
    """Read `run` from disk.

    Raises:
        StorageError: its folder is damaged or gone.
    """
    # The status comes first: what is read after it can only be newer, so an ended run is shown with its last epochs.
    status = run.status()
    return RunView(
        run=run,
        status=status,
        config=run.config(),
        events=run.events(),
        report=run.report() if not status.active else None,
        position=engine.position(run) if status.state == "QUEUED" else 0,
        stopping=status.active and run.stop_requested,
    )
