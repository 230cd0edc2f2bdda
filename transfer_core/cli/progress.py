"""A run's events as a person at a terminal wants them: a bar for long steps, a line an epoch."""

import sys
from types import TracebackType
from typing import Any

import click

from transfer_core.cli.output import say
from transfer_core.runs.events import EpochEnded, Event, Message, PhaseStarted, Progress
from transfer_core.text import Sentence, plural, t

__all__ = ["EventPrinter"]

_TITLES = {
    "prepare": Sentence("Reading the photos"),
    "features": Sentence("Running the frozen layers once"),
    "head": Sentence("Training the head"),
    "fine-tune": Sentence("Fine-tuning"),
    "finish": Sentence("Measuring and saving"),
    "measure": Sentence("At work in the lab"),
}


class EventPrinter:
    """Call it with events; use it as a context manager so that an open bar is closed."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._step = Sentence("")

    def __call__(self, event: Event) -> None:
        """Show `event` on standard error."""
        if isinstance(event, Progress):
            # Without a terminal there is nothing to redraw; the phases and epochs tell enough.
            if sys.stderr.isatty():
                self._progress(event)
            return
        self._close()
        if isinstance(event, PhaseStarted):
            title, most = _TITLES[event.phase], event.epochs
            limited = plural("{title}, at most {n} epoch", "{title}, at most {n} epochs", most, title=title)
            say(t(limited if most else title))
        elif isinstance(event, EpochEnded):
            values = "  ".join(f"{name} {value:.4f}" for name, value in event.metrics.items())
            seconds = event.seconds
            say(t("  epoch {number:3}  {values}  {seconds:.1f} s", number=event.epoch, values=values, seconds=seconds))
        elif isinstance(event, Message):
            say(t("Warning: {text}", text=event.text) if event.level == "warning" else t(event.text))

    def _progress(self, event: Progress) -> None:
        if self._bar is None or self._step != event.step:
            self._close()
            self._step = event.step
            self._bar = click.progressbar(length=event.total, label=f"  {event.step}", file=sys.stderr)
            self._bar.__enter__()
        self._bar.update(event.done - self._bar.pos)
        if event.done >= event.total:
            self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None

    def __enter__(self) -> "EventPrinter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
