"""One worker in reserve: Keras imported and warmed up, waiting for one line that names the run to carry out."""

import logging
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress

from transfer_core.disk.workspace import Workspace
from transfer_core.jobs.process import WORKER, spawn, tail
from transfer_core.runs.folder import Run

__all__ = ["Standby"]

_log = logging.getLogger(__name__)
_MOST_FAILURES = 3  # starts in a row that came to nothing, after which cold starts have to do


class Standby:
    """Keeps at most one worker in reserve. Not thread safe: its engine locks.

    The worker waits on a pipe from this process. However this process ends, the pipe closes, and a worker that
    has no run yet ends too; one that has read its line no longer cares.
    """

    def __init__(self, workspace: Workspace, command: Sequence[str] = WORKER) -> None:
        """Start nothing yet.

        Args:
            workspace: the worker works in.
            command: starts a worker, once `standby` is added to it.
        """
        self._workspace = workspace
        self._command = [*command, "standby"]
        self._process: subprocess.Popen[bytes] | None = None
        # Nobody's run yet, so nobody's log: what it prints before it has one matters only if it dies of it.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - kept open as long as there may be a worker
        self._failures = 0

    @property
    def pid(self) -> int | None:
        """The process in reserve, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def refill(self) -> None:
        """Start a worker if there is none; after several that died at once, no more are tried."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            self._failures += 1
            _log.warning(
                "The standby worker ended with code %s: %s", self._process.returncode, tail(self._output) or "no output"
            )
            self.dismiss(self._process)
            self._process = None
        if self._failures >= _MOST_FAILURES:
            return
        try:
            self._process = spawn(self._command, self._workspace, self._output, listens=True)
        except OSError as error:
            self._failures += 1
            _log.warning("No standby worker could be started: %s", error)

    def take(self) -> "subprocess.Popen[bytes] | None":
        """Give the reserve away, to be sent a run with `send`; None when there is none alive."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.poll() is not None:
            self.dismiss(process)
            return None
        self._failures = 0
        return process

    @staticmethod
    def send(process: "subprocess.Popen[bytes]", run: Run) -> bool:
        """Name the run to a worker that was taken; whether the line got through.

        The worker need not be ready: the line waits in the pipe until its imports are done.
        """
        assert process.stdin is not None
        try:
            process.stdin.write(os.fsencode(run.path) + b"\n")
            process.stdin.close()
        except OSError:  # it died this moment
            return False
        return True

    @staticmethod
    def dismiss(process: "subprocess.Popen[bytes]") -> None:
        """End a worker that has no run, if it still lives; its imports need not be waited for."""
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        process.kill()
        process.wait()

    def close(self) -> None:
        """End the reserve and wait for its end."""
        if process := self.take():
            self.dismiss(process)
        self._output.close()
