"""A run's worker seen from outside: whether it lives, when its patience is used up, and what its end means."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from transfer_core.disk.files import disk_errors, write_bytes
from transfer_core.errors import RunError
from transfer_core.jobs.claims import claim, current_claim
from transfer_core.jobs.limits import JobLimits
from transfer_core.jobs.process import ProcessId, exit_words, kill, memory_of
from transfer_core.runs.events import EpochEnded, EventLog
from transfer_core.runs.folder import NOTHING, Run, State, Status
from transfer_core.text import Sentence

__all__ = ["Supervised", "end", "find_worker", "goes_on", "interrupt", "queue_anew", "resuming", "started_elsewhere"]

_NO_LIMITS = JobLimits()
_SILENCE = 120.0  # seconds without a heartbeat after which a run that nobody claimed counts as dead


@dataclass
class Supervised:
    """A process at work on a run."""

    run: Run
    process: ProcessId
    child: "subprocess.Popen[bytes] | None" = None
    """None: another server, or this one before its restart, started it."""
    status: Status = field(default_factory=Status)
    """As of the last look."""
    from_standby: bool = False
    """Whether it had been waiting in reserve, so that the run was started by a line it may not have lived to read."""
    unbegun: bool = False
    """Whether it is over and had not begun: the run still waits, for another worker."""
    first_epoch_at: float | None = None
    """When a look first found that an epoch had ended, or the run, monotonic."""
    _events: EventLog | None = None
    _seen: tuple[Any, ...] = ()
    _since: float = 0.0  # when the run came to what was last seen of it, monotonic
    _killed_after: float | None = None
    _too_large: JobLimits | None = None
    _too_long: JobLimits | None = None

    def look(self, grace: float, limits: JobLimits = _NO_LIMITS) -> bool:
        """Read the status, kill a worker that should have ended `grace` seconds ago, and settle one that has ended.

        One that runs for longer than `limits` let it is asked to stop; one that takes more memory is killed.

        Returns:
            Whether it is over: the process has ended and the status says how.

        Raises:
            StorageError: the run's folder is gone or can't be written.
        """
        # Asked before the status is read: a worker's last act is to write it. poll() also reaps; a child that nobody
        # waits for stays as a zombie.
        ended = self.child.poll() is not None if self.child else not self.process.alive
        self.status = status = self.run.status()
        if ended:
            return self._settle()
        if self.first_epoch_at is None and (not status.active or self._epoch_ended()):
            self.first_epoch_at = time.monotonic()
        if status.active:
            self._keep_within(limits)
        # Whoever was asked to stop, or has said its last word, may take its time as long as it gets on with it.
        seen = (status.state, status.phase, status.step, status.done)
        if seen != self._seen or (status.active and not self.run.stop_requested):
            self._seen, self._since = seen, time.monotonic()
        elif time.monotonic() - self._since > grace and self._killed_after is None:
            self._killed_after = grace
            kill(self.process)
        return False

    def _keep_within(self, limits: JobLimits) -> None:
        if limits.memory is not None and self._too_large is None and memory_of(self.process) > limits.memory:
            self._too_large = limits
            kill(self.process)
        began = self.status.started
        long = limits.seconds is not None and began is not None and time.time() - began > limits.seconds
        if long and not self.run.stop_requested:
            self._too_long = limits
            self.run.request_stop()

    def _epoch_ended(self) -> bool:
        self._events = self._events or EventLog(self.run.events_path)  # looked at many times a second
        return any(isinstance(event, EpochEnded) for event in self._events.read())

    def abandon(self) -> None:
        """Kill the process: its run's folder is gone."""
        kill(self.process)
        if self.child:
            self.child.wait()

    def _settle(self) -> bool:
        if not self.status.active:
            if self._too_long is not None and self.status.state == "STOPPED":
                words = Sentence(
                    "It was stopped after {minutes:.0f} minutes, the longest that a job may run here. What it learned "
                    "by then is kept.",
                    minutes=(self._too_long.seconds or 0) / 60,
                )
                self.run.write_status(replace(self.status, message=words))
            return True
        if self._too_large is not None:
            words = Sentence(
                "It took more than {gigabytes:g} GB of memory, the most that a job may take here, so it was ended. "
                "Choose a smaller base, or train fewer blocks.",
                gigabytes=(self._too_large.memory or 0) / 1e9,
            )
            end(self.run, "FAILED", words)
            return True
        if self.from_standby and self.status.state == "QUEUED" and not self.run.stop_requested:
            self.unbegun = True
            return True
        if self._killed_after is not None:
            words = Sentence(
                "The run showed no progress for {seconds:g} s after Stop, so it was ended; what it learned since its "
                "last saved state is lost.",
                seconds=self._killed_after,
            )
            end(self.run, "STOPPED", words)
        elif self.child:
            outside, words = exit_words(self.child.returncode)
            end(self.run, "INTERRUPTED" if outside else "FAILED", words)
        elif started_elsewhere(self.run):
            return False  # the server that started it knows why it ended, and will say so
        else:
            interrupt(self.run)
        return True


def find_worker(run: Run) -> ProcessId | None:
    """The living process that carries out `run`, by its claim or its heartbeat; None when there is none."""
    claim = current_claim(run)
    if claim is not None and claim.held:
        return claim.worker  # None: its server is about to start one
    # Nobody's claim: a run that a command line carries out in its own process. As its moment of birth is not on
    # record, a recent heartbeat tells that process from another that got the same number later.
    status = run.status()
    if status.pid is None or time.time() - status.heartbeat > _SILENCE:
        return None
    if claim is not None and claim.worker is not None and claim.worker.pid == status.pid:
        return None  # the claim knew better: that one is dead
    process = ProcessId.of(status.pid)
    return process if process.alive else None


def started_elsewhere(run: Run) -> bool:
    """Whether another server that still lives claimed `run`: what becomes of it is that server's to tell."""
    claim = current_claim(run)
    return claim is not None and claim.server.alive and claim.server.pid != os.getpid()


def end(run: Run, state: State, message: Sentence) -> None:
    """Close `run` from outside, in place of a worker that can't."""
    run.write_status(replace(run.status(), state=state, message=message, ended=time.time(), eta=None))


def interrupt(run: Run) -> None:
    """Close a run whose worker is gone, nobody saw why."""
    words = Sentence(
        "The worker ended before training did: perhaps the computer restarted or ran out of memory. Train again, or "
        "continue it: what was computed is kept."
    )
    end(run, "INTERRUPTED", words)


def queue_anew(run: Run) -> None:
    """Let a run that has ended, but not finished, wait to go on from what it has saved.

    Raises:
        StorageError: its folder can't be written.
    """
    with disk_errors(run.stop_path):
        run.stop_path.unlink(missing_ok=True)
    fresh = replace(run.status(), state="QUEUED", phase="", step=NOTHING, done=0, total=0, eta=None)
    run.write_status(replace(fresh, pid=None, started=None, ended=None, message=NOTHING))


def goes_on(run: Run, most: int) -> bool:
    """Whether a run that was interrupted goes on by itself; it is queued anew then.

    How often stands in its folder: one that takes the whole computer down with it would else begin again for ever.

    Raises:
        StorageError: its folder can't be written.
    """
    path = run.path / "restarts"
    if run.status().state != "INTERRUPTED" or run.stop_requested:
        return False
    before = len(path.read_bytes()) if path.exists() else 0
    if before >= most:
        return False
    write_bytes(path, b"." * (before + 1))
    queue_anew(run)
    return True


@contextmanager
def resuming(run: Run) -> Iterator[None]:
    """Hold `run`, which was interrupted, stopped or failed, for this process, so that `execute` goes on with it.

    Raises:
        RunError: it has finished, or another process is at work on it.
    """
    status = run.status()
    if status.state == "FINISHED":
        raise RunError("Run {id} has finished; make a new run to train again.", id=run.id)
    mine = None if status.active and find_worker(run) else claim(run)
    if mine is None:
        raise RunError("Another process is at work on run {id}. Stop it first, or wait for its end.", id=run.id)
    try:
        mine.hand_over(ProcessId.of(os.getpid()))
        with disk_errors(run.stop_path):
            run.stop_path.unlink(missing_ok=True)
        yield
    finally:
        mine.release()
