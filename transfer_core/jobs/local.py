"""The engine of one machine: a process a run, a fair queue for free slots, a warm standby, nothing left unaccounted."""

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from transfer_core.disk.workspace import Workspace
from transfer_core.errors import RunError, TransferError
from transfer_core.jobs.claims import Claim, claim, current_claim
from transfer_core.jobs.limits import JobLimits
from transfer_core.jobs.process import WORKER, ProcessId, processors, spawn
from transfer_core.jobs.query import QueryWorker
from transfer_core.jobs.queue import FairQueue, owner
from transfer_core.jobs.standby import Likely, Standby
from transfer_core.jobs.supervise import Supervised, end, find_worker, goes_on, interrupt, queue_anew, started_elsewhere
from transfer_core.runs.folder import Run, list_runs
from transfer_core.text import Sentence

__all__ = ["LocalEngine", "default_slots"]

_log = logging.getLogger(__name__)
_TICK = 0.2  # seconds between looks at the workers
_LONG = 6.0  # seconds from its first epoch on after which a run is not about to end; training a head takes fewer
_RESCAN = 5.0  # seconds between looks for runs that other servers on this THAW_HOME queued or left behind


def default_slots() -> int:
    """How many runs train at once here: one for every two cores this process may use, at least one."""
    return max(1, processors() // 2)


class LocalEngine:
    """An `Engine` (see `jobs.engine`) that trains on this machine. One a server; safe to call from any thread.

    Workers live in sessions of their own and go on when the server ends; a new engine's `reconcile` finds them again.
    """

    def __init__(
        self,
        workspace: Workspace,
        slots: int | None = None,
        *,
        people: Callable[[], Sequence[Workspace]] | None = None,
        limits: JobLimits | None = None,
        restarts: int = 0,
        command: Sequence[str] = WORKER,
        grace: float = 60.0,
    ) -> None:
        """Start the thread that runs the queue; nothing is read from disk before `reconcile`.

        Args:
            workspace: that its workers work in.
            slots: how many runs train at once; None: `default_slots()`.
            people: gives the workspaces whose runs it carries out; None: `workspace` alone. Caches are `workspace`'s.
            limits: what a job, and a person's jobs together, may take; None: as much as there is.
            restarts: how often a run that was interrupted goes on by itself.
            command: starts a worker, once `run RUN_DIR`, `standby` or `answer` is added to it.
            grace: seconds a run that was asked to stop may go without any progress before its worker is killed.
        """
        self._workspace = workspace
        self._people = people or (lambda: [workspace])
        self._limits = limits or JobLimits()
        self._slots = slots or default_slots()
        self._command = list(command)
        self._grace, self._restarts = grace, restarts
        self._queue = FairQueue()
        self._workers: dict[Run, Supervised] = {}
        self._claims: dict[Run, Claim] = {}  # of runs whose start failed half-way and is tried again
        self._cold: set[Run] = set()  # not to be given to the standby: one died on the way to them
        self._standby = Standby(workspace, command)
        self._queries = QueryWorker(workspace, command=command)
        self._keep_warm = False
        self._next_scan: float | None = None
        self._complaints: dict[Run | None, str] = {}
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._pump, name="thaw-engine", daemon=True)
        self._thread.start()

    def warm(self, work: Literal["run", "question"] = "run", likely: Likely | None = None) -> None:
        """Keep a standby from now on, or start the query worker; see `Engine.warm`."""
        if work == "question":
            self._queries.warm()
            return
        self._keep_warm = True
        if likely is not None:
            with self._lock:
                self._standby.expect(likely)
        self._wake.set()

    def ask(
        self,
        kind: str,
        args: dict[str, Any],
        timeout: float = 60.0,
        on_wait: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """Put one question to the query worker; see `Engine.ask`."""
        return self._queries.ask(kind, args, timeout, on_wait, cancelled)

    def start(self, run: Run) -> None:
        """Queue `run`; see `Engine.start`. Asking twice changes nothing."""
        if not self._thread.is_alive():
            raise RuntimeError("The engine was closed, or its thread ended with the error logged before.")
        with self._lock:
            if run not in self._queue and run not in self._workers:
                self._check_active(owner(run))
            self._take_in(run)
            status = run.status()
            if status.state == "FINISHED":
                raise RunError("Run {id} has finished; make a new run to train again.", id=run.id)
            if not status.active:
                if run in self._workers:
                    raise RunError("Run {id} is about to end; try again in a moment.", id=run.id)
                queue_anew(run)
                self._queue.add(run)
        self._wake.set()

    def _check_active(self, person: Path) -> None:
        active = self._queue.of(person) + sum(owner(run) == person for run in self._workers)
        if self._limits.active is not None and active >= self._limits.active:
            raise RunError(
                "{active} of your trainings and experiments wait or run, and no more may here. Wait for one to end, or "
                "stop one.",
                active=active,
            )

    def cancel(self, run: Run) -> None:
        """End `run`; see `Engine.cancel`. A worker that shows no progress for the grace period is killed."""
        with self._lock:
            self._take_in(run)
            if not run.status().active:
                return
            run.request_stop()
            if run in self._queue:
                self._stop_waiting(run)
        self._wake.set()

    def position(self, run: Run) -> int:
        """The run's place among those that wait, from 1; 0 when it does not wait."""
        with self._lock:
            return self._queue.position(run)

    def running(self) -> list[Run]:
        """The runs that are carried out now."""
        with self._lock:
            return list(self._workers)

    def waiting(self) -> list[Run]:
        """The runs that wait, the next one first."""
        with self._lock:
            return self._queue.order()

    def reconcile(self) -> None:
        """Take in every run of every project, and look again every few seconds from now on; see `Engine.reconcile`."""
        with self._lock, self._trouble_with(None):
            self._scan()
        self._wake.set()

    @property
    def standby_pid(self) -> int | None:
        """The process of the standby, or None while there is none."""
        with self._lock:
            return self._standby.pid

    def close(self) -> None:
        """End the thread, the standby and the query worker. Runs that train go on; those that wait stay QUEUED."""
        self._closed = True
        self._wake.set()
        self._thread.join()
        self._standby.close()
        self._queries.close()

    # Everything below runs under the lock.

    def _pump(self) -> None:
        while not self._closed:
            with self._lock:
                self._tick()
            self._wake.wait(_TICK)
            self._wake.clear()

    def _tick(self) -> None:
        if self._next_scan is not None and time.monotonic() >= self._next_scan:
            with self._trouble_with(None):
                self._scan()
        for worker in list(self._workers.values()):
            with self._trouble_with(worker.run):
                if worker.look(self._grace, self._limits):
                    del self._workers[worker.run]
                    if worker.unbegun:  # the reserve died before it read which run was its own
                        self._cold.add(worker.run)
                        self._queue.add(worker.run)
                    elif goes_on(worker.run, self._restarts):
                        self._queue.add(worker.run)
        for run in self._queue.order():
            with self._trouble_with(run):
                if run.stop_requested:  # perhaps through another server
                    self._stop_waiting(run)
                elif len(self._workers) < self._slots:
                    self._launch(run)
        # Importing Keras takes two cores for seconds: not while a run is on the way to its first epoch, or goes from
        # there to its end in no time, for which someone waits. After that it costs an epoch or two a little time, and
        # whoever stops this run and starts the next finds the standby ready.
        began = [worker.first_epoch_at for worker in self._workers.values()]
        if self._keep_warm and all(at is not None and time.monotonic() - at >= _LONG for at in began):
            self._standby.refill()

    @contextmanager
    def _trouble_with(self, run: Run | None) -> Iterator[None]:
        """Log what goes wrong with one run and carry on with the others; a run whose folder is gone is forgotten."""
        try:
            yield
            self._complaints.pop(run, None)
        except (TransferError, OSError) as error:
            if run is not None and not (run.path / "status.json").exists():
                self._queue.remove(run)
                if worker := self._workers.pop(run, None):
                    worker.abandon()
            elif self._complaints.get(run) != str(error):  # tried again at every tick, but told once
                self._complaints[run] = str(error)
                _log.error("%s", error)

    def _scan(self) -> None:
        self._next_scan = time.monotonic() + _RESCAN
        found: list[tuple[float, Run]] = []
        projects = [project for person in self._people() for project in person.list_projects()]
        for project in projects:
            for run in [*list_runs(project.runs_dir), *list_runs(project.experiments_dir)]:
                with self._trouble_with(run):
                    if (status := run.status()).active:
                        found.append((status.created, run))
        for _, run in sorted(found, key=lambda pair: pair[0]):
            with self._trouble_with(run):
                self._take_in(run)

    def _take_in(self, run: Run) -> None:
        """Watch, queue or close a run this engine may not know yet, by what stands on disk."""
        if run in self._workers or run in self._queue:
            return
        worker = find_worker(run)  # before the status is read: a worker's last act is to write it
        status = run.status()
        if not status.active:
            return
        if worker is not None:
            self._workers[run] = Supervised(run, worker, status=status)
        elif status.state == "RUNNING":
            if not started_elsewhere(run):
                interrupt(run)
                if goes_on(run, self._restarts):
                    self._queue.add(run)
        elif (other := current_claim(run)) is None or not other.held:
            self._queue.add(run)

    def _launch(self, run: Run) -> None:
        mine = self._claims.pop(run, None) or claim(run)
        if mine is None:
            self._queue.remove(run)  # another server is about to start it; the next scan finds it again
            return
        try:
            if run.status().state != "QUEUED":
                self._queue.remove(run)
                mine.release()
                return
            ready = None if run in self._cold else self._hand_to_standby(run, mine)
            self._cold.discard(run)
            child = ready or self._start_cold(run)
            self._queue.take(run)
            if child is not None:
                self._workers[run] = Supervised(run, ProcessId.of(child.pid), child, from_standby=ready is not None)
                mine.hand_over(self._workers[run].process)
            else:
                mine.release()
        except TransferError:
            if run in self._queue:
                self._claims[run] = mine
            raise

    def _hand_to_standby(self, run: Run, mine: Claim) -> "subprocess.Popen[bytes] | None":
        child = self._standby.take()
        if child is None:
            return None
        try:
            mine.hand_over(ProcessId.of(child.pid))  # before it reads the line: if this server ends between, so does it
            if Standby.send(child, run):
                return child
        except TransferError:
            Standby.dismiss(child)
            raise
        Standby.dismiss(child)
        return None

    def _start_cold(self, run: Run) -> "subprocess.Popen[bytes] | None":
        try:
            with run.log_path.open("ab") as log:
                return spawn([*self._command, "run", str(run.path)], self._workspace, log)
        except OSError as error:
            why = Sentence("The worker could not be started ({error}). Free some memory and try again.", error=error)
            end(run, "FAILED", why)
            return None

    def _stop_waiting(self, run: Run) -> None:
        mine = self._claims.pop(run, None) or claim(run)
        if mine is not None:  # None: another server has just begun it, and its worker finds the request to stop
            if run.status().state == "QUEUED":
                end(run, "STOPPED", Sentence("Stopped before it began."))
            mine.release()
        self._queue.remove(run)
