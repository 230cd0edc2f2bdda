"""Who carries out a run: numbered claim files in its folder, so that two servers on one THAW_HOME never start it twice.

The claim with the highest number counts. A claim that no living process holds is overruled by the next number, which is
created exclusively: of several who try, one succeeds. A claim that says something is never deleted, so no number is
given twice.
"""

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from transfer_core.disk.files import disk_errors, write_json
from transfer_core.errors import StorageError
from transfer_core.jobs.process import ProcessId
from transfer_core.runs.folder import Run

__all__ = ["Claim", "claim", "current_claim"]

_WRITING = 10.0  # seconds a claim may be empty: its maker is between creating and filling it


@dataclass(frozen=True)
class Claim:
    """One server's word that it starts a run, and later the worker that carries it out."""

    path: Path
    server: ProcessId
    worker: ProcessId | None = None

    @property
    def held(self) -> bool:
        """Whether someone who lives stands behind it: the worker, or before there is one the server."""
        return (self.worker or self.server).alive

    def hand_over(self, worker: ProcessId) -> None:
        """Name the worker, who holds the claim from now on, even after the server's end."""
        self._write(replace(self, worker=worker))

    def release(self) -> None:
        """Give the claim up: no worker could be started."""
        self._write(replace(self, worker=ProcessId(0, 0.0)))

    @staticmethod
    def _write(claim: "Claim") -> None:
        value = asdict(claim)
        del value["path"]
        write_json(claim.path, value)


def _number(path: Path) -> int:
    return int(path.suffix[1:])


def _newest(run: Run) -> Path | None:
    paths = [path for path in run.path.glob("claim.*") if path.suffix[1:].isdigit()]
    return max(paths, key=_number, default=None)


def _read(path: Path) -> Claim | None:
    try:
        value = json.loads(path.read_bytes())
        worker = _process(value["worker"]) if value["worker"] else None
        return Claim(path, _process(value["server"]), worker)
    except FileNotFoundError:  # the run was deleted meanwhile
        return None
    except (ValueError, KeyError, TypeError):
        # Still empty: its maker is about to fill it, or was killed at that very moment.
        fresh = time.time() - path.stat().st_mtime < _WRITING
        return Claim(path, ProcessId.of(os.getpid())) if fresh else None


def _process(value: dict[str, Any]) -> ProcessId:
    born = value["born"]
    return ProcessId(value["pid"], born if isinstance(born, float) else 0.0)  # text: by a Thaw that is long over


def current_claim(run: Run) -> Claim | None:
    """The claim that counts, or None when nobody ever claimed the run or its maker died while writing."""
    newest = _newest(run)
    return _read(newest) if newest else None


def claim(run: Run) -> Claim | None:
    """Claim `run` for this process; None when someone else who lives has it. Read the run's status only afterwards.

    Raises:
        StorageError: the folder can't be written.
    """
    newest = _newest(run)
    held = _read(newest) if newest else None
    if held is not None and held.held:
        return None
    # The number follows from the claim just judged: looking again could overrule one made in between.
    path = run.path / f"claim.{_number(newest) + 1 if newest else 1}"
    mine = Claim(path, ProcessId.of(os.getpid()))
    with disk_errors(path):
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        except FileExistsError:
            return None
    try:
        Claim._write(mine)
    except StorageError:  # nobody has read a word of it: as good as never made
        path.unlink(missing_ok=True)
        raise
    return mine
