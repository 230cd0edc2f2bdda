"""One worker in reserve: Keras imported and warmed up, waiting for one line that names the run to carry out."""

import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from transfer_core.disk.workspace import Workspace
from transfer_core.jobs.process import WORKER, spawn, tail
from transfer_core.runs.folder import Run

__all__ = ["LIKELY", "Likely", "Standby"]

_log = logging.getLogger(__name__)
_MOST_FAILURES = 3  # starts in a row that came to nothing, after which cold starts have to do
_MOST_LIKELY = 2  # bases a worker gets ready with: each takes a second, and up to 200 MB
LIKELY = "likely "
"""Begins a line that names no run yet, but what a run is likely to need; JSON of `Likely` follows."""


@dataclass(frozen=True)
class Likely:
    """What somebody will probably train next."""

    base: str
    weights: str
    """As `config.BaseConfig.weights`."""
    seed: int
    head_only: bool
    """Whether nothing of the base will train."""
    photos: int = field(compare=False)


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
        self._likely: list[Likely] = []  # the newest last
        self._told: list[Likely] = []  # the worker in reserve

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
            self._likely = []  # it may have died of it
        if self._failures >= _MOST_FAILURES:
            return
        try:
            self._process = spawn(self._command, self._workspace, self._output, listens=True)
        except OSError as error:
            self._failures += 1
            _log.warning("No standby worker could be started: %s", error)
            return
        self._told = []
        for likely in self._likely:
            self._tell(likely)

    def expect(self, likely: Likely) -> None:
        """Have the worker in reserve, and those after it, get ready for this; it takes a run as before meanwhile.

        A worker gets ready for two bases at most, so that many people with many bases don't keep it busy.
        """
        others = [one for one in self._likely if one != likely]
        self._likely = [*others, likely][-_MOST_LIKELY:]
        if self.pid is not None:
            self._tell(likely)

    def _tell(self, likely: Likely) -> None:
        assert self._process is not None and self._process.stdin is not None
        if len(self._told) >= _MOST_LIKELY or likely in self._told:
            return
        self._told.append(likely)
        with suppress(OSError):  # it died this moment; the next refill says so
            self._process.stdin.write(f"{LIKELY}{json.dumps(asdict(likely))}\n".encode())
            self._process.stdin.flush()

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
