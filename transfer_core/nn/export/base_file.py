"""Writes a base as training begins with it, for a program that has no other way to get it."""

from pathlib import Path

from transfer_core.disk.files import atomic_path
from transfer_core.disk.workspace import Workspace
from transfer_core.nn.backbones.build import build_base
from transfer_core.runs.config import RunConfig

__all__ = ["write_base"]


def write_base(workspace: Workspace, config: RunConfig, size: int, path: Path) -> None:
    """Write the base of `config` for photos of `size` pixels a side, with the weights it has before anything trains.

    Raises:
        WeightsError: its weights are missing or damaged.
        StorageError: the disk is full or `path` can't be written.
    """
    base = build_base(workspace, config.base.name, config.base.weights, size, config.seed)
    with atomic_path(path) as temporary:
        base.save(temporary)
