"""A run's last state on disk, from which it goes on as if it had never been interrupted.

One file holds everything: the network, what the optimizer remembers, the position of the random numbers, the best
weights and the history. It is replaced as a whole, so there is always one whole state or none.
"""

import contextlib
import json
import logging
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.disk.files import atomic_path, disk_errors

__all__ = ["Checkpoint", "PhaseCheckpoint", "PhaseState"]

_VERSION = 1  # raised whenever a state would be read otherwise than it was written
_INTERVAL = 2.0  # seconds between two writes; whoever kills a run loses at most the epochs of so long
_SHARE = 10  # a write that takes long is followed by at least so many times as long without one
_ARRAYS = ("best", "weights", "optimizer", "random")

_log = logging.getLogger(__name__)

Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class PhaseState:
    """One phase of training after one of its epochs."""

    progress: dict[str, Any]
    """How far it came, as JSON values: what `Fitted` holds, and the validation losses of all its epochs."""
    best: Arrays
    """The best weights so far."""
    weights: Arrays
    """The network's weights, which are the last, not the best."""
    optimizer: Arrays
    random: Arrays
    """States of the network's random number generators."""


@dataclass
class Checkpoint:
    """The states of a run's phases so far."""

    folder: Path
    identity: str
    """Names all that the history depends on; a state of another identity is not gone on from."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """The `EpochEnded` events so far as JSON values; whoever hears one adds it."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Time the phases took before this process."""
    phases: dict[str, PhaseState] = field(default_factory=dict)
    clock: Callable[[], dict[str, float]] = dict
    """Tells what the phases took until now, `seconds` included."""
    _pending: tuple[int, dict[str, float]] | None = None
    _due: float = 0.0

    @classmethod
    def load(cls, folder: Path, identity: str, earlier: str = "") -> "Checkpoint":
        """What `folder` holds; empty when that is nothing, damaged, or of other photos, weights or settings.

        Args:
            folder: of the checkpoint.
            identity: what the state must be named, and will be.
            earlier: the name it has in an earlier format, which is taken too.
        """
        path = folder / "state.npz"
        checkpoint = cls(folder, identity)
        try:
            with np.load(path, allow_pickle=False) as file:
                meta = json.loads(file["meta"].tobytes())
                if meta["version"] != _VERSION or meta["identity"] not in (identity, earlier):
                    _log.warning("%s is the state of another run or version and is not used", path)
                    return checkpoint
                checkpoint.phases = {
                    name: PhaseState(
                        phase["progress"],
                        *([file[f"{name}/{kind}/{i}"] for i in range(phase[kind])] for kind in _ARRAYS),
                    )
                    for name, phase in meta["phases"].items()
                }
            checkpoint.history, checkpoint.seconds = meta["history"], meta["seconds"]
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            _log.warning("%s is damaged (%s); the run starts again", path, error)
            checkpoint.phases = {}
        return checkpoint

    def phase(self, phase: str) -> "PhaseCheckpoint":
        """What `fit` needs of this for one phase."""
        return PhaseCheckpoint(self, phase)

    def save(self, phase: str, state: PhaseState) -> None:
        """Take over a state; it is written at once, or with the next call that comes late enough.

        Raises:
            StorageError: the disk is full or can't be written; the earlier state stays.
        """
        self.phases[phase] = state
        self._pending = (len(self.history), self.clock())
        if time.monotonic() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Write the last state if it was not yet.

        Raises:
            StorageError: as `keep`.
        """
        if self._pending is None:
            return
        began = time.monotonic()
        epochs, seconds = self._pending
        phases = {
            name: {"progress": state.progress} | {kind: len(getattr(state, kind)) for kind in _ARRAYS}
            for name, state in self.phases.items()
        }
        meta = {
            "version": _VERSION,
            "identity": self.identity,
            "history": self.history[:epochs],
            "seconds": seconds,
            "phases": phases,
        }
        arrays = {
            f"{name}/{kind}/{index}": array
            for name, state in self.phases.items()
            for kind in _ARRAYS
            for index, array in enumerate(getattr(state, kind))
        }
        with atomic_path(self.folder / "state.npz") as temporary:
            np.savez(temporary, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **arrays)
        self._pending = None
        now = time.monotonic()
        self._due = now + max(_INTERVAL, _SHARE * (now - began))

    def clear(self) -> None:
        """Remove the state: the run has finished."""
        self._pending = None
        with disk_errors(self.folder), contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.folder)


@dataclass(frozen=True)
class PhaseCheckpoint:
    """One phase's part of a checkpoint."""

    checkpoint: Checkpoint
    phase: str

    @property
    def state(self) -> PhaseState | None:
        """Where to go on from, or None to begin."""
        return self.checkpoint.phases.get(self.phase)

    def save(self, state: PhaseState) -> None:
        """Take over the state after an epoch; see `Checkpoint.save`."""
        self.checkpoint.save(self.phase, state)

    @property
    def epochs(self) -> int:
        """Epochs of the phase that ended before this process."""
        return int(self.state.progress["epochs"]) if self.state else 0

    def flush(self) -> None:
        """See `Checkpoint.flush`."""
        self.checkpoint.flush()
