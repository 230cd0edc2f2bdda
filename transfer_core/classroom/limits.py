"""How much one person in a classroom may take, so that there is enough for all."""

import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, StorageError

__all__ = ["ClassLimits", "check_disk"]


@dataclass(frozen=True)
class ClassLimits:
    """Of one person, where nothing else is said; the defaults suit thirty people on one machine."""

    photos: int = 3000
    """In one project."""
    disk_gb: float = 2.0
    """Of projects, in 10^9 bytes, above which nothing new is begun."""
    waiting: int = 4
    """Jobs that wait or run at a time."""
    minutes: float = 60.0
    """That one job may run."""
    memory_gb: float = 6.0
    """That one job may take, in 10^9 bytes."""
    upload_mb: int = 200
    """Of one file that is sent, in 10^6 bytes."""
    connections: int = 12
    """Tabs, and what they hold open, at a time."""
    keep_days: int = 60
    """After which what somebody made is deleted, counted from when they were last here."""

    def __post_init__(self) -> None:
        """Refuse what lets nobody do anything.

        Raises:
            ConfigError: a limit is not a number above 0.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
                raise ConfigError(
                    "The limit {name} must be a number above 0; {value!r} came.", name=field.name, value=value
                )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "ClassLimits":
        """What `to_dict` gave; a limit that is missing has its default.

        Raises:
            ConfigError: a limit is no number above 0.
        """
        known = {field.name for field in fields(cls)}
        return cls(**{name: number for name, number in value.items() if name in known})


def check_disk(workspace: Workspace, limits: ClassLimits) -> None:
    """Let something new begin that takes disk space.

    Raises:
        StorageError: the person has taken as much as they may.
    """
    used = sum(_size(Path(folder, name)) for folder, _, names in os.walk(workspace.root) for name in names)
    if used > limits.disk_gb * 1e9:
        raise StorageError(
            "Your projects take {used:.1f} GB, and each person may have {most:g} GB here. Delete a project that you no "
            "longer need, or ask your teacher.",
            used=used / 1e9,
            most=limits.disk_gb,
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another process is at work there
        return 0
