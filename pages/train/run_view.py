"""A run as a page shows it: read from disk in one go, and put into words."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pages.jobs.live import waiting
from pages.ui import format as figures
from pages.ui.services import events
from transfer_core.runs.config import RunConfig
from transfer_core.runs.events import EpochEnded, Event, Message, PhaseStarted, Progress
from transfer_core.runs.folder import Run, Status
from transfer_core.text import Sentence, t

__all__ = ["RunProgress", "RunView", "read"]

QUICK, CALM = 0.5, 1.0  # seconds between looks, before the first epochs have shown and after
SETTLED = 10.0  # seconds after the first epoch from which calm looks are enough
SILENT = 20.0  # seconds without a sign of life that are worth mentioning

_DOING = {
    "": Sentence("Starting"),
    "prepare": Sentence("Getting the photos ready"),
    "features": Sentence("Computing what stays frozen, once"),
    "head": Sentence("Training the head"),
    "fine-tune": Sentence("Fine-tuning"),
    "finish": Sentence("Measuring the result"),
}
_AT_CUT = Sentence("Computing what stays frozen while fine-tuning, once")
_SHORT = {
    "prepare": Sentence("Photos"),
    "features": Sentence("Features"),
    "head": Sentence("Head"),
    "fine-tune": Sentence("Fine-tuning"),
    "finish": Sentence("Result"),
}


@dataclass(frozen=True)
class RunProgress:
    """How far a run has come, as its events tell: they are newer than the status, written less often."""

    phase: str = ""
    begun: frozenset[str] = frozenset()
    """Phases entered so far."""
    planned: int = 0
    """Epochs the phase may take at most; 0 for a phase without epochs."""
    epochs: int = 0
    """Epochs ended in this phase, those before a break too."""
    step: Progress | None = None
    """The step under way since the phase began or the last epoch ended."""
    ends: float | None = None
    """When it will probably have ended, in seconds since the epoch."""

    @classmethod
    def of(cls, events: Sequence[Event]) -> RunProgress:
        """Read the events in order."""
        now = cls()
        for event in events:
            if isinstance(event, PhaseStarted):
                now = cls(event.phase, now.begun | {event.phase}, event.epochs, event.done, ends=now.ends)
            elif isinstance(event, Progress):
                now = replace(now, step=event, ends=_ends(event))
            elif isinstance(event, EpochEnded):
                now = replace(now, step=None, epochs=now.epochs + 1, ends=_ends(event))
        return now

    @property
    def shown_phase(self) -> str:
        """The phase as the person knows it: features at the cut, computed after the head, belong to fine-tuning."""
        return "fine-tune" if self.phase == "features" and "head" in self.begun else self.phase

    @property
    def counts(self) -> str:
        """The step with its counts, such as `features 120/200`; empty where there is none to count."""
        if self.planned or self.step is None or not self.step.total:
            return ""
        return f"{self.step.step} {self.step.done:,}/{self.step.total:,}"

    @property
    def words(self) -> str:
        """Phase and step: `Training the head: epoch 7 of at most 30`."""
        at_cut = self.phase != self.shown_phase
        doing = t(_AT_CUT if at_cut else _DOING[self.phase]) if self.phase in _DOING else self.phase
        if self.planned:
            return t(
                "{doing}: epoch {epochs} of at most {planned}",
                doing=doing,
                epochs=min(self.epochs + 1, self.planned),
                planned=self.planned,
            )
        return t("{what}: {said}", what=doing, said=self.counts) if self.counts else doing

    @property
    def fraction(self) -> float:
        """How far the phase is, 0..1."""
        step = self.step.done / self.step.total if self.step and self.step.total else 0.0
        return min(1.0, (self.epochs + step) / self.planned if self.planned else step)


def _begins(event: Event) -> bool:
    """Whether it is what every process of a run says first."""
    return isinstance(event, PhaseStarted) and event.phase == "prepare"


def _ends(event: Progress | EpochEnded) -> float | None:
    return None if event.eta is None else event.time + event.eta


@dataclass(frozen=True)
class RunView:
    """Everything the page needs to know of a run at one moment."""

    run: Run
    status: Status
    config: RunConfig
    events: list[Event]
    report: dict[str, Any] | None
    stopping: bool
    """A stop was asked for and has not happened yet."""

    @property
    def epochs(self) -> list[EpochEnded]:
        """The epochs so far."""
        return [event for event in self.events if isinstance(event, EpochEnded)]

    @property
    def messages(self) -> list[Message]:
        """What the run wants the person to know; while it goes on, nothing of an earlier process that was stopped."""
        since = 0
        if self.status.active:
            starts = [at for at, event in enumerate(self.events) if _begins(event)]
            since = len(self.events) if self.status.state == "QUEUED" else max(starts, default=0)
        return [event for event in self.events[since:] if isinstance(event, Message)]

    @property
    def poll(self) -> float | None:
        """Seconds until the next look; None when there is nothing more to come."""
        if not self.status.active:
            return None
        epochs = self.epochs
        settled = epochs and time.time() - epochs[0].time > SETTLED and self.status.phase != "finish"
        return CALM if settled else QUICK

    @cached_property
    def progress(self) -> RunProgress:
        """How far it is: nowhere while it waits, whatever it told before a break."""
        return RunProgress.of(self.events) if self.status.state != "QUEUED" else RunProgress()

    @property
    def doing(self) -> str:
        """What it does right now, in words."""
        if self.status.state != "QUEUED":
            return self.progress.words
        return waiting(self.run)

    @property
    def left(self) -> str:
        """How long it will still take, or nothing while that can't be told, or has proved wrong."""
        if self.progress.ends is None or self.stopping:
            return ""
        left = self.progress.ends - time.time()
        return t("about {span} left", span=figures.span(left)) if left >= 1 else ""

    @property
    def fraction(self) -> float:
        """How far the current phase is, 0..1."""
        return self.progress.fraction

    @property
    def waiting(self) -> str:
        """What the charts say before the first epoch."""
        if not self.status.active:
            return t("no epoch was finished")
        if self.status.state == "QUEUED":
            return t("waiting …")  # for what is said above the charts
        return self.progress.counts or f"{self.doing.lower()} …"

    @property
    def silence(self) -> float | None:
        """Seconds since the worker's last sign of life, when that is worth mentioning."""
        quiet = time.time() - self.status.heartbeat
        return quiet if self.status.state == "RUNNING" and quiet > SILENT else None

    def steps_done(self) -> list[tuple[str, str]]:
        """The phases of this run as (name, `done` | `now` | `ahead` | `skipped`)."""
        names = [name for name in _SHORT if name != "fine-tune" or self.config.fine_tunes]
        if self.status.state == "FINISHED":
            return [(t(_SHORT[name]), "done") for name in names]
        # By their order: a run that goes on after a break has been in later phases before.
        now = names.index(self.progress.shown_phase) if self.progress.shown_phase in names else -1
        states = ["done" if at < now else "now" if at == now else "ahead" for at in range(len(names))]
        if "fine-tune" in names and now > (at := names.index("fine-tune")) and "fine-tune" not in self.progress.begun:
            states[at] = "skipped"  # stopped before it
        return [(t(_SHORT[name]), state) for name, state in zip(names, states, strict=True)]


def read(run: Run) -> RunView:
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
        events=events(run),
        report=run.report() if not status.active else None,
        stopping=status.active and run.stop_requested,
    )
