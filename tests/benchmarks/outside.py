"""Runs a command as a process of its own and measures it from outside: wall time and peak memory."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import ROOT

INTERVAL = 0.05  # seconds between two looks at anonymous memory


@dataclass(frozen=True)
class Measured:
    """How a process went."""

    seconds: float
    """From its start to its end."""
    peak: int
    """Largest resident memory, bytes: `ru_maxrss`, which counts the pages of mapped files too."""
    anonymous: int | None
    """Largest resident memory that is no page of a file, bytes, looked at every INTERVAL; None: not on Linux."""
    answer: dict[str, Any]
    """The JSON object that is the last line it printed."""


def measure(command: Sequence[str | Path], home: Path, python: str = sys.executable) -> Measured:
    """Run `python COMMAND` in the root of the repository with THAW_HOME at `home`.

    Args:
        command: the arguments.
        home: a folder for Thaw's workspace.
        python: which Python runs it.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        # A process between: `ru_maxrss` of a child starts at the memory of whoever made it, here a small one, and a
        # process asked about its children answers for all it ever had.
        between = [sys.executable, "-m", "tests.benchmarks.outside", figures, python, *command]
        environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "THAW_HOME": str(home)}
        ended = subprocess.run(map(str, between), cwd=ROOT, env=environment, capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{ended.stderr[-3000:]}")
        return Measured(**json.loads(figures.read_text()), answer=json.loads(ended.stdout.splitlines()[-1]))


def main() -> int:
    """Run what the arguments after the first name; the first is the file to write the figures to."""
    import resource

    began = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:])
    over, looks = threading.Event(), [0]
    watcher = threading.Thread(target=_look, args=(process.pid, over, looks))
    watcher.start()
    code = process.wait()
    seconds = time.perf_counter() - began
    over.set()
    watcher.join()
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kibibytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    Path(sys.argv[1]).write_text(json.dumps({"seconds": seconds, "peak": peak, "anonymous": max(looks) or None}))
    return code


def _look(number: int, over: threading.Event, looks: list[int]) -> None:
    """Keep the largest RssAnon of process `number` in `looks`."""
    while not over.wait(INTERVAL):
        try:
            lines = Path(f"/proc/{number}/status").read_text().splitlines()
        except OSError:
            return  # it has ended, or this is not Linux
        for line in lines:
            if line.startswith("RssAnon:"):
                looks[0] = max(looks[0], int(line.split()[1]) * 1024)


if __name__ == "__main__":
    sys.exit(main())
