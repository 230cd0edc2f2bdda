"""The query worker: one process that answers what a page waits for (a layer tree, a prediction), one at a time."""

import json
import logging
import subprocess
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from transfer_core.disk.files import disk_errors, read_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import TransferError
from transfer_core.jobs.process import WORKER, ProcessId, exit_words, kill, spawn, tail
from transfer_core.text import Sentence, spoken

__all__ = ["QueryWorker"]

_log = logging.getLogger(__name__)
_TICK = 0.02  # seconds between looks for an answer
_LEFTOVER = 3600.0  # seconds after which an answer that nobody fetched is removed


class _WorkerDiedError(TransferError):
    """The worker ended before it answered."""


class QueryWorker:
    """Asks a worker and waits for its answers. One a server; any number of threads may ask.

    Requests take turns, in order of arrival, so each one's time is its own. The worker starts with the first request
    (or `warm`), ends with the server, and is started again when it died or hung.
    """

    def __init__(self, workspace: Workspace, *, command: Sequence[str] = WORKER) -> None:
        """Start nothing yet.

        Args:
            workspace: the worker works in.
            command: starts a worker, once `answer` is added to it.
        """
        self._workspace = workspace
        self._folder = workspace.queries_dir
        self._command = [*command, "answer"]
        self._process: subprocess.Popen[bytes] | None = None
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - kept open as long as there may be a worker
        self._line: deque[object] = deque()
        self._turn = threading.Condition()
        self._unread: dict[Path, float] = {}  # answers nobody waits for any more, and until when they may take
        self._closed = False

    def warm(self) -> None:
        """Start the worker if there is none, unless someone is asking right now; returns at once."""
        with self._turn:
            if not self._line:
                self._ensure_worker()

    def ask(
        self,
        kind: str,
        args: dict[str, Any],
        timeout: float = 60.0,
        on_wait: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """Put one question to the worker and wait; see `Engine.ask`. The worker finishes what was cancelled."""
        begun = time.monotonic()

        def waited() -> None:
            if on_wait is not None:
                on_wait(time.monotonic() - begun)
            if cancelled is not None and cancelled():
                raise TransferError("Cancelled before the answer came; ask again when you need it.")

        with self._my_turn(waited):
            try:
                return self._answer(kind, args, timeout, waited)
            except _WorkerDiedError as death:
                _log.warning("The query worker ended and is started again: %s", death)
            try:
                return self._answer(kind, args, timeout, waited)
            except _WorkerDiedError as death:
                raise TransferError(
                    "The question {kind!r} could not be answered, twice. {death}", kind=kind, death=death
                ) from death

    def close(self) -> None:
        """End the worker; whoever still waits for it gets a TransferError."""
        self._closed = True
        self._end_worker()
        with self._turn:
            self._turn.wait_for(lambda: not self._line)
            self._end_worker()  # someone may have been about to start one
            self._output.close()

    @contextmanager
    def _my_turn(self, waited: Callable[[], None]) -> Iterator[None]:
        ticket = object()
        with self._turn:
            self._line.append(ticket)
        try:
            while True:
                with self._turn:
                    if self._turn.wait_for(lambda: self._line[0] is ticket, _TICK):
                        break
                waited()  # the caller's code, so outside the lock
            yield
        finally:
            with self._turn:
                self._line.remove(ticket)
                self._turn.notify_all()

    def _answer(self, kind: str, args: dict[str, Any], timeout: float, waited: Callable[[], None]) -> dict[str, Any]:
        """Send the question and wait. Only whoever has the turn is in here."""
        if self._closed:
            raise TransferError("Thaw is shutting down, so the question was not asked. Start it again.")
        name = uuid.uuid4().hex
        path = self._folder / f"{name}.json"
        request = json.dumps({"id": name, "kind": kind, "args": args, "language": spoken()}) + "\n"
        process = self._ensure_worker()
        self._remove_unread()
        # A cancelled question may still keep the worker busy, within its own time.
        deadline = max([time.monotonic(), *self._unread.values()]) + timeout
        # A thread, because a long question fills the pipe, and a worker that hangs never empties it.
        threading.Thread(target=_send, args=(process, request.encode()), daemon=True).start()
        try:
            while True:
                ended = process.poll() is not None  # asked before the last look: it may have answered and then died
                if path.exists():
                    return self._result(read_json(path))
                if ended:
                    raise self._death(process)
                if time.monotonic() > deadline:
                    self._end_worker()
                    raise TransferError(
                        "No answer to {kind!r} came within {timeout:g} s, so its worker was ended. "
                        "Try again; if it happens again, close other programs or choose a smaller base.",
                        kind=kind,
                        timeout=timeout,
                    )
                waited()
                time.sleep(_TICK)
        finally:
            self._unread[path] = deadline
            self._remove_unread()

    def _ensure_worker(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end_worker()
        self._remove_unread()
        self._unread.clear()  # the rest will never come
        with disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        self._remove_leftovers()
        self._output.close()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = spawn(self._command, self._workspace, self._output, listens=True)
        except OSError as error:
            raise TransferError(
                "The worker that answers could not be started ({error}). Free some memory and try again.", error=error
            ) from error
        return self._process

    def _end_worker(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        kill(ProcessId.of(process.pid))
        process.wait()
        assert process.stdin is not None
        with suppress(OSError):  # what it never read can't be flushed any more
            process.stdin.close()

    def _death(self, process: "subprocess.Popen[bytes]") -> _WorkerDiedError:
        if printed := tail(self._output):
            _log.warning("The query worker's last lines:\n%s", printed)
        return _WorkerDiedError(exit_words(process.returncode)[1])

    def _result(self, answer: dict[str, Any]) -> dict[str, Any]:
        if answer["ok"]:
            return dict(answer["result"])
        if answer["kind"] == "TransferError":
            raise TransferError(Sentence.from_json(answer["error"]))
        # The worker waits for the next question now, so nothing is written while its traceback is read.
        _log.error("The query worker failed. Its last lines:\n%s", tail(self._output, 40))
        raise RuntimeError(f"The query worker failed: {answer['error']}")

    def _remove_unread(self) -> None:
        """Remove answers nobody reads; one that is still to come stays on the list."""
        for path in list(self._unread):
            if path.exists():
                path.unlink()
                del self._unread[path]

    def _remove_leftovers(self) -> None:
        for path in self._folder.glob("*.json"):
            with suppress(FileNotFoundError):  # another server's query worker shares the folder
                if path.stat().st_mtime < time.time() - _LEFTOVER:
                    path.unlink()


def _send(process: "subprocess.Popen[bytes]", request: bytes) -> None:
    assert process.stdin is not None
    with suppress(OSError, ValueError):  # the worker ended, or was ended by a timeout: whoever waits sees that
        process.stdin.write(request)
        process.stdin.flush()
