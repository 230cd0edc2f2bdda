"""A run is a folder anyone can read: configuration, photos, status, events, log, model and report."""

import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from transfer_core.disk.files import append_line, disk_errors, read_json, write_json
from transfer_core.disk.formats import read_current, write_current
from transfer_core.errors import RunError, StorageError
from transfer_core.photos.manifest import Manifest
from transfer_core.runs import events
from transfer_core.runs.config import RunConfig
from transfer_core.runs.events import EpochEnded, Event, PhaseStarted, Progress
from transfer_core.text import Sentence

__all__ = [
    "STATES",
    "Recorder",
    "Run",
    "State",
    "Status",
    "check_new_folder",
    "create_job",
    "create_run",
    "is_active",
    "list_runs",
    "open_run",
]

State = Literal["QUEUED", "RUNNING", "FINISHED", "STOPPED", "FAILED", "INTERRUPTED"]
STATES: tuple[State, ...] = get_args(State)
NOTHING = Sentence("")
HEARTBEAT = 2.0  # seconds between signs of life of a running worker
STATUS_INTERVAL = 0.25  # seconds between two writes of the status while nothing but figures change


@dataclass(frozen=True)
class Status:
    """Where a run stands. Written by whoever holds it: the queue first, then the worker."""

    state: State = "QUEUED"
    phase: str = ""
    step: Sentence = NOTHING
    done: int = 0
    total: int = 0
    eta: float | None = None
    """Seconds until the run ends, or None while that can't be told."""
    pid: int | None = None
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    heartbeat: float = 0.0
    message: Sentence = NOTHING
    """Why the run failed, stopped or was interrupted, in one sentence."""

    @property
    def active(self) -> bool:
        """Whether the run waits or runs."""
        return self.state in ("QUEUED", "RUNNING")

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self) | {"step": self.step.to_json(), "message": self.message.to_json()}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Status":
        """Inverse of `to_dict`; plain words, as earlier versions wrote them, are sentences too.

        Raises:
            TypeError, KeyError: it is not the status of a run this version knows.
        """
        words: dict[str, Any] = {name: Sentence.from_json(value[name]) for name in ("step", "message") if name in value}
        return cls(**value | words)


@dataclass(frozen=True)
class Run:
    """A run's folder; reads from disk at every call, so it never tells an old story."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def model_path(self) -> Path:
        """The trained classifier, preprocessing inside: takes RGB 0..255, gives one probability a class."""
        return self.path / "model.keras"

    @property
    def labels_path(self) -> Path:
        """JSON beside the model: `classes` in the order of its outputs, `input_size`, `base`."""
        return self.path / "labels.json"

    @property
    def log_path(self) -> Path:
        """Everything the worker printed."""
        return self.path / "worker.log"

    @property
    def events_path(self) -> Path:
        """Events, one JSON line each."""
        return self.path / "events.jsonl"

    @property
    def checkpoint_path(self) -> Path:
        """Folder of the last state, from which a run that did not finish goes on."""
        return self.path / "checkpoint"

    @property
    def stop_path(self) -> Path:
        """Its existence asks the worker to stop after the current step, keeping the best weights so far."""
        return self.path / "stop"

    def config(self) -> RunConfig:
        """What the run was asked to do."""
        return RunConfig.from_dict(read_current(self.path / "config.json"))

    def manifest(self) -> Manifest:
        """The photos the run was given, with labels and splits."""
        return Manifest.read(self.path / "photos.json")

    def status(self) -> Status:
        """Where the run stands now."""
        value = read_json(self.path / "status.json")
        try:
            return Status.from_dict(value)
        except (TypeError, KeyError) as error:
            raise StorageError(
                "{path} is of another version of Thaw ({error}).", path=self.path / "status.json", error=error
            ) from error

    def write_status(self, status: Status) -> None:
        """Replace the status, atomically."""
        write_json(self.path / "status.json", status.to_dict())

    def events(self) -> list[Event]:
        """Everything the run has said so far."""
        return events.EventLog(self.events_path).read()

    def epochs(self) -> list[EpochEnded]:
        """The epochs so far, of all phases, in order."""
        return [event for event in self.events() if isinstance(event, EpochEnded)]

    def rewind(self, epoch: int) -> None:
        """Forget the epochs after `epoch`, which are about to run again, and what earlier processes said."""
        events.rewind(self.events_path, epoch)

    def report(self) -> dict[str, Any] | None:
        """The figures of a run that ended with a model, or None."""
        path = self.path / "report.json"
        return dict(read_json(path)) if path.is_file() else None

    @property
    def known_path(self) -> Path:
        """What the classifier learned from, as its network sees it; see `runs.known`. Earlier versions wrote none."""
        return self.path / "known.npz"

    @property
    def answers_path(self) -> Path:
        """JSON of what the trained classifier said of the photos it was checked on: by split, `sha256` of each photo,
        `probabilities`, a row a photo, columns in the order of the classes, and `alike`, how much it looks like what
        was learned from. Earlier versions wrote none."""
        return self.path / "answers.json"

    def log_tail(self, lines: int = 30) -> str:
        """The last lines the worker printed, for a page to show beside a failure; empty when it printed none."""
        try:
            with self.log_path.open("rb") as file:
                # A log may be long: 200 bytes a line is plenty, and only its end is read.
                file.seek(max(0, file.seek(0, 2) - 200 * lines))
                text = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def labels(self) -> dict[str, Any]:
        """What `labels_path` holds.

        Raises:
            RunError: the run has no trained model yet.
        """
        if not self.model_path.is_file() or not self.labels_path.is_file():
            raise RunError(
                "{path} holds no trained model. Train to the end, or stop after the first epoch.", path=self.path
            )
        return dict(read_json(self.labels_path))

    def request_stop(self) -> None:
        """Ask the worker to stop and keep the best so far; safe to ask twice."""
        with disk_errors(self.stop_path):
            self.stop_path.touch()

    @property
    def stop_requested(self) -> bool:
        """Whether a stop was asked for."""
        return self.stop_path.exists()


def check_new_folder(folder: Path) -> None:
    """Refuse to make a run where something already is.

    Raises:
        RunError: `folder` is a file or holds anything.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError("{folder} already exists and is not empty. Choose another folder for the run.", folder=folder)


def create_run(folder: Path, config: RunConfig, manifest: Manifest) -> Run:
    """Make a run's folder, QUEUED. The status comes last: a folder without one is no run yet.

    What `config` leaves to the number of photos is settled and kept as a number.

    Raises:
        RunError: `folder` already holds a run or is a file.
        StorageError: the disk is full or can't be written.
    """
    return create_job(folder, "config.json", config.for_photos(len(manifest.of("train"))).to_dict(), manifest)


def create_job(folder: Path, file: str, config: dict[str, Any], manifest: Manifest | None) -> Run:
    """As `create_run`, for a job of any kind: its `config`, as JSON, goes into `file`."""
    run = Run(folder.absolute())
    if (folder / "status.json").exists():
        raise RunError("{folder} already holds a run. Choose another folder.", folder=folder)
    if folder.exists() and not folder.is_dir():
        raise RunError(
            "{folder} already exists and is a file. Choose another place for the run's folder.", folder=folder
        )
    write_current(folder / file, config)
    if manifest is not None:
        manifest.write(folder / "photos.json")
    run.write_status(Status(created=time.time(), heartbeat=time.time()))
    return run


def open_run(folder: Path) -> Run:
    """The run in `folder`.

    Raises:
        RunError: there is none.
    """
    if not (folder / "status.json").is_file():
        raise RunError(
            "{folder} is not the folder of a run (no status.json). Give the one `thaw train --out` made.", folder=folder
        )
    return Run(folder.absolute())


def is_active(run: Run) -> bool:
    """Whether `run` waits or runs; one whose status is damaged or gone does neither."""
    try:
        return run.status().active
    except StorageError:
        return False


def list_runs(folder: Path) -> list[Run]:
    """The runs below `folder`, newest first."""
    if not folder.is_dir():
        return []
    return [Run(path) for path in sorted(folder.iterdir(), reverse=True) if (path / "status.json").is_file()]


class Recorder:
    """The worker's pen: appends events and keeps status.json in step with them. Safe to use from several threads."""

    def __init__(self, run: Run, pid: int) -> None:
        """Mark `run` as RUNNING under process `pid`."""
        self.run = run
        self._lock = threading.RLock()
        self._written = 0.0
        self._epochs = (0, 0)  # done and planned in the phase under way; steps within an epoch come in between
        now = time.time()
        self.status = replace(run.status(), state="RUNNING", pid=pid, started=now, heartbeat=now, message=NOTHING)
        self.update()

    def __call__(self, event: Event) -> None:
        """Append `event` and note in the status what it changes."""
        with self._lock:
            with disk_errors(self.run.events_path), self.run.events_path.open("ab") as file:
                append_line(file, events.to_dict(event))
            if isinstance(event, PhaseStarted):
                self._epochs = (event.done, event.epochs)
                step = Sentence("epochs") if event.epochs else NOTHING
                self.update(phase=event.phase, step=step, done=event.done, total=event.epochs)
            elif isinstance(event, Progress):
                self._note(phase=event.phase, step=event.step, done=event.done, total=event.total, eta=event.eta)
            elif isinstance(event, EpochEnded):
                self._epochs = (self._epochs[0] + 1, self._epochs[1])
                self._note(step=Sentence("epochs"), done=self._epochs[0], total=self._epochs[1], eta=event.eta)

    def _note(self, **changes: Any) -> None:
        """Change fields of the status, written at once unless it was written a moment ago: then with the next sign
        of life. A short epoch takes less time than a synced write, and events.jsonl has it all."""
        self.status = replace(self.status, **changes)
        if time.time() - self._written >= STATUS_INTERVAL:
            self.update()

    def update(self, **changes: Any) -> None:
        """Change fields of the status, renew the heartbeat and write both."""
        with self._lock:
            self._written = time.time()
            self.status = replace(self.status, **changes, heartbeat=self._written)
            self.run.write_status(self.status)

    def beat(self) -> None:
        """Give a sign of life during a long step, at most every `HEARTBEAT` seconds."""
        if time.time() - self.status.heartbeat > HEARTBEAT:
            self.update()

    def end(self, state: State, message: Sentence = NOTHING) -> None:
        """Close the run."""
        self.update(state=state, message=message, ended=time.time(), eta=None)
