"""Processes on this machine: start one that outlives us, tell one from another with the same number, end one."""

import os
import signal
import site
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from transfer_core.disk.workspace import Workspace
from transfer_core.text import Sentence

__all__ = ["WORKER", "ProcessId", "exit_words", "kill", "memory_of", "processors", "spawn", "tail"]

_FROM_OUTSIDE = {"SIGTERM", "SIGINT", "SIGHUP"}
# The system counts a process's start from its own, so where the clock is set the moment seems to move a little; a
# number is used again only after thousands of others.
_SAME = 5.0  # seconds

WORKER: tuple[str, ...] = (sys.executable, "-m", "transfer_core.worker")
"""How a worker is started; what it shall do follows as arguments."""


@dataclass(frozen=True)
class ProcessId:
    """A process for good: numbers are used again after a while, number and moment of birth together are not."""

    pid: int
    born: float
    """When it started, in seconds since the epoch; 0: there was no such process."""

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The process that has this number now."""
        found = _find(pid)
        return cls(pid, found.create_time() if found else 0.0)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        found = _find(self.pid)
        return found is not None and abs(found.create_time() - self.born) < _SAME


def _find(pid: int) -> psutil.Process | None:
    """The process of this number, unless it is over."""
    try:
        found = psutil.Process(pid)
        return None if pid <= 0 or found.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD) else found
    except (psutil.NoSuchProcess, ValueError):
        return None


def spawn(
    command: Sequence[str],
    workspace: Workspace,
    output: IO[bytes],
    *,
    listens: bool = False,
    elsewhere: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own, so that neither Ctrl-C nor our end reaches it.

    Args:
        command: program and arguments.
        workspace: it works in.
        output: where standard output and error go.
        listens: whether it gets a pipe as standard input. The pipe closes when we end, however we end.
        elsewhere: a folder that it takes for its home and for temporary files; None: ours.

    Raises:
        OSError: the system can't start one more process.
    """
    # The worker finds this very package, wherever the server found it; its text comes at once and as UTF-8.
    folder = str(Path(__file__).parents[2])
    paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {name: value for name, value in os.environ.items() if name != "THAW_CACHE_GB"}
    environment |= workspace.environment | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }
    if elsewhere is not None:
        names = ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "KERAS_HOME", "XDG_CACHE_HOME")
        # What was installed for this person alone is found from their own home.
        environment |= {"PYTHONUSERBASE": site.getuserbase(), **dict.fromkeys(names, str(elsewhere))}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=elsewhere,
        env=environment,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def memory_of(process: ProcessId) -> int:
    """Bytes that a process holds in memory now; 0 where it is over."""
    with suppress(psutil.NoSuchProcess):
        if process.alive:
            return int(psutil.Process(process.pid).memory_info().rss)
    return 0


def processors() -> int:
    """How many processors this process may use: a container may be given fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def kill(process: ProcessId) -> None:
    """End `process` and what it started, at once. Files are safe: they are replaced whole or not at all."""
    if not process.alive:
        return
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        for one in [parent, *parent.children(recursive=True)]:  # the parent first: it must not start another
            with suppress(psutil.NoSuchProcess):
                one.kill()


def exit_words(code: int) -> tuple[bool, Sentence]:
    """What a worker's exit code means, when it left its run open.

    Args:
        code: as `subprocess.Popen.returncode` gives it: negative for the number of a signal.

    Returns:
        Whether it was ended from outside (so the same run may well succeed again), and one sentence.
    """
    if code >= 0:
        return False, Sentence(
            "The work ended with exit code {code} before it was done; the last lines of its log may tell why.",
            code=code,
        )
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    if name == "SIGKILL":
        return True, Sentence(
            "The work was ended from outside, perhaps because this computer ran out of memory. "
            "Close other programs or choose a smaller base or batch, then try again."
        )
    if name in _FROM_OUTSIDE:
        return True, Sentence(
            "The work was ended from outside, perhaps because this computer shut down. "
            "Try again; what was computed is kept."
        )
    return False, Sentence("The work crashed ({name}); the last lines of its log may tell why.", name=name)


def tail(output: IO[bytes], lines: int = 15) -> str:
    """The last lines a process wrote to the file `output` that `spawn` was given (needs a readable one)."""
    size = os.fstat(output.fileno()).st_size
    # The position is shared with the process that writes, so it goes back to the end.
    output.seek(max(0, size - 200 * lines))
    text = output.read().decode("utf-8", "replace")
    output.seek(0, os.SEEK_END)
    return "\n".join(text.splitlines()[-lines:])
