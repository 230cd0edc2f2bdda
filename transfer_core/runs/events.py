"""What a run says while it runs: dataclasses that go to and from the JSON lines of events.jsonl."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from transfer_core.disk.files import append_line, atomic_path, read_lines
from transfer_core.errors import RunError
from transfer_core.text import Sentence

__all__ = [
    "Emit",
    "EpochEnded",
    "Event",
    "EventLog",
    "Message",
    "Phase",
    "PhaseStarted",
    "Progress",
    "from_dict",
    "judged_loss",
    "rewind",
    "to_dict",
]


Phase = Literal["prepare", "features", "head", "fine-tune", "finish", "measure"]


@dataclass(frozen=True)
class PhaseStarted:
    """A phase begins; `epochs` is the most it may take (0: the phase has no epochs)."""

    phase: Phase
    epochs: int = 0
    time: float = field(default_factory=time.time)
    done: int = 0
    """Epochs of it that ended before: the run goes on from a checkpoint."""


@dataclass(frozen=True)
class Progress:
    """A step within a phase moved on: `done` of `total`, e.g. step "features", 120 of 200 photos."""

    phase: Phase
    step: Sentence
    done: int
    total: int
    eta: float | None = None
    """Seconds until the whole run ends, or None while that can't be told."""
    time: float = field(default_factory=time.time)


@dataclass(frozen=True)
class EpochEnded:
    """One epoch ended. `epoch` counts from 1 over all phases.

    Metrics are `loss accuracy val_loss val_accuracy val_calibrated_loss`, losses in nats, accuracies 0..1; runs of
    earlier versions lack the last.
    """

    phase: Phase
    epoch: int
    metrics: dict[str, float]
    seconds: float
    learning_rate: float
    """In force at its last step, for the head; blocks of the base may have a share of it."""
    eta: float | None = None
    """Seconds until the whole run ends if no phase stops early, or None while that can't be told."""
    time: float = field(default_factory=time.time)
    watched: str = ""
    """SHA-256 of one photo to check on, the same in every epoch; empty where none is watched."""
    shares: list[float] = field(default_factory=list)
    """What the network says of it after this epoch: probabilities, one a class."""


@dataclass(frozen=True)
class Message:
    """Something worth telling the person: a hint, a warning, what was skipped."""

    text: Sentence
    level: Literal["info", "warning"] = "info"
    time: float = field(default_factory=time.time)


Event = PhaseStarted | Progress | EpochEnded | Message
Emit = Callable[[Event], None]

_SENTENCES = {"step", "text"}

_TYPES: dict[str, type[Any]] = {cls.__name__: cls for cls in (PhaseStarted, Progress, EpochEnded, Message)}


def judged_loss(metrics: Mapping[str, float]) -> float:
    """The loss that epochs are compared by: on the validation photos, with the sureness that they deserve.

    Args:
        metrics: of an `EpochEnded`; one of an earlier version is compared by its plain validation loss.
    """
    return metrics.get("val_calibrated_loss", metrics["val_loss"])


def to_dict(event: Event) -> dict[str, Any]:
    """JSON form, with the class name under `event`."""
    fields = asdict(event)
    return {
        "event": type(event).__name__,
        **{k: v.to_json() if isinstance(v, Sentence) else v for k, v in fields.items()},
    }


def from_dict(value: dict[str, Any]) -> Event:
    """Inverse of `to_dict`.

    Raises:
        RunError: the line is not an event this version knows.
    """
    fields = dict(value)
    kind = fields.pop("event", None)
    try:
        for name in _SENTENCES & fields.keys():
            fields[name] = Sentence.from_json(fields[name])
        event: Event = _TYPES[kind](**fields)
    except (KeyError, TypeError) as error:
        raise RunError("events.jsonl holds a line that is not a known event: {value}.", value=value) from error
    return event


class EventLog:
    """Reads events.jsonl while it grows: each look parses only what was added since the last. Safe in any thread."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self._path = path
        self._lock = Lock()
        self._events: list[Event] = []
        self._end = 0  # in bytes, behind the last whole line
        self._file: tuple[int, int] | None = None

    def read(self) -> list[Event]:
        """Every event so far; none while there is no file. A last line that is still being written waits.

        Raises:
            RunError: a line is not an event this version knows.
        """
        with self._lock:
            try:
                file = self._path.open("rb")
            except FileNotFoundError:
                self._restart(None)
                return []
            with file:
                facts = os.fstat(file.fileno())
                # A run that goes on from a checkpoint replaces the file by one without the epochs that come again.
                if (facts.st_dev, facts.st_ino) != self._file or facts.st_size < self._end:
                    self._restart((facts.st_dev, facts.st_ino))
                file.seek(self._end)
                added = file.read()
            added = added[: added.rfind(b"\n") + 1]
            self._events += [from_dict(json.loads(line)) for line in added.splitlines() if line.strip()]
            self._end += len(added)
            return list(self._events)

    def _restart(self, file: tuple[int, int] | None) -> None:
        self._file, self._end, self._events = file, 0, []


def rewind(path: Path, epoch: int) -> None:
    """Take out of an events.jsonl what a process that goes on from a checkpoint is about to say anew.

    Args:
        path: the file.
        epoch: later ones are taken out; and the messages of earlier processes, which may no longer be true.
    """
    lines = read_lines(path)
    begun = {"event": PhaseStarted.__name__, "phase": "prepare"}  # what every process says first
    since = max((at for at, line in enumerate(lines) if begun.items() <= line.items()), default=0)

    def stays(at: int, line: Mapping[str, Any]) -> bool:
        if line.get("event") == Message.__name__:
            return at >= since
        return bool(line.get("event") != EpochEnded.__name__ or line.get("epoch", 0) <= epoch)

    kept = [line for at, line in enumerate(lines) if stays(at, line)]
    if len(kept) < len(lines):
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            for line in kept:
                append_line(file, line)
