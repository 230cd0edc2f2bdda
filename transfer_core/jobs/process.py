"""Processes on this machine: start one that outlives us, tell one from another with the same number, end one."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from transfer_core.disk.workspace import Workspace

__all__ = ["WORKER", "ProcessId", "kill", "spawn", "tail"]

WORKER: tuple[str, ...] = (sys.executable, "-m", "transfer_core.worker")
"""How a worker is started; what it shall do follows as arguments."""


@dataclass(frozen=True)
class ProcessId:
    """A process for good: numbers are used again after a while, number and moment of birth together are not."""

    pid: int
    born: str
    """When it started, in whatever form this platform tells; only good for comparing. Empty: unknown, never alive."""

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The process that has this number now."""
        return cls(pid, _born(pid) or "")

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return bool(self.born) and _born(self.pid) == self.born


if sys.platform == "linux":

    def _born(pid: int) -> str | None:
        try:
            # The name in brackets may itself hold spaces and brackets: count from the last one. Fields 3 and 22.
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in (b"Z", b"X") else f"{boot}:{int(fields[19])}"

elif sys.platform == "win32":

    def _born(pid: int) -> str | None:
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        query, still_active = 0x1000, 259
        handle = ctypes.c_void_p(kernel.OpenProcess(query, False, pid))
        if not handle:
            return None
        try:
            code, times = ctypes.c_ulong(), [ctypes.c_ulonglong() for _ in range(4)]
            known = kernel.GetExitCodeProcess(handle, ctypes.byref(code)) and kernel.GetProcessTimes(
                handle, *(ctypes.byref(time) for time in times)
            )
        finally:
            kernel.CloseHandle(handle)
        return str(times[0].value) if known and code.value == still_active else None

else:

    def _born(pid: int) -> str | None:
        answer = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
            env=os.environ | {"LC_ALL": "C"},
            capture_output=True,
            text=True,
        )
        state, _, started = answer.stdout.strip().partition(" ")
        return None if answer.returncode or state.startswith("Z") else started.strip() or None


def spawn(
    command: Sequence[str], workspace: Workspace, output: IO[bytes], *, listens: bool = False
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own, so that neither Ctrl-C nor our end reaches it.

    Args:
        command: program and arguments.
        workspace: it works in.
        output: where standard output and error go.
        listens: whether it gets a pipe as standard input. The pipe closes when we end, however we end.

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
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def kill(process: ProcessId) -> None:
    """End `process` and what it started, at once. Files are safe: they are replaced whole or not at all."""
    if not process.alive:
        return
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            os.kill(process.pid, signal.SIGTERM)  # is TerminateProcess there
        elif os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        else:  # a run started from a terminal shares its group with the shell's other jobs
            os.kill(process.pid, signal.SIGKILL)


def tail(output: IO[bytes], lines: int = 15) -> str:
    """The last lines a process wrote to the file `output` that `spawn` was given (needs a readable one)."""
    size = os.fstat(output.fileno()).st_size
    # The position is shared with the process that writes, so it goes back to the end.
    output.seek(max(0, size - 200 * lines))
    text = output.read().decode("utf-8", "replace")
    output.seek(0, os.SEEK_END)
    return "\n".join(text.splitlines()[-lines:])
