"""The size limit of the caches: what was not used for longest goes first, and nothing that is open is lost to its user.

Every use of a cached file sets its modification time, which is so the time of last use. A file that a process has
mapped stays readable after its name is removed (POSIX), or can't be removed (Windows) and is passed over. Several
processes may make room at once: each removes the oldest it sees, and a file that is already gone counts as room made.
"""

import logging
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from transfer_core.disk.settings import keep_setting, read_setting
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.text import Sentence

__all__ = ["DEFAULT_GB", "FOLDERS", "clear", "limit_bytes", "release", "set_limit", "trim", "usage"]

DEFAULT_GB = 5.0
FOLDERS = ("pixels", "features", "prefix", "channels")
"""Folders of `Workspace.cache_dir` that the limit governs; what else lies there is small and stays."""
_GB = 10**9
_KEY = "cache_gb"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _File:
    path: Path
    size: int
    used: int
    """When it was last used, in nanoseconds since the epoch."""


def limit_bytes(workspace: Workspace) -> int:
    """How much the caches may hold, in bytes: `Workspace.cache_gb`, or else the setting, or else 5 GB (of 10^9 bytes).

    Raises:
        ConfigError: the limit set is not a number of gigabytes.
        StorageError: the settings file is damaged.
    """
    if workspace.cache_gb is not None:
        return _bytes(workspace.cache_gb, "THAW_CACHE_GB")
    return _bytes(
        read_setting(workspace, _KEY, DEFAULT_GB), Sentence("{name} in {path}", name=_KEY, path=workspace.settings_path)
    )


def set_limit(workspace: Workspace, gigabytes: float) -> None:
    """Keep `gigabytes` (of 10^9 bytes) as the limit for every run from now on, and make the caches fit.

    Raises:
        ConfigError: not a number from 0 up.
        StorageError: the settings can't be read or written.
    """
    _bytes(gigabytes, Sentence("The limit of the cache"))
    keep_setting(workspace, _KEY, gigabytes)
    trim(workspace)


def usage(workspace: Workspace) -> int:
    """Bytes the caches hold now."""
    return sum(file.size for file in _files(workspace))


def trim(workspace: Workspace, keep: Collection[Path] = (), coming: int = 0) -> int:
    """Remove what was not used for longest until `coming` more bytes fit below the limit.

    Args:
        workspace: whose caches.
        keep: files that stay, however old. What they hold counts as used all the same.
        coming: bytes about to be written.

    Returns:
        Bytes removed. Less than needed when the rest is kept or in use, or `coming` alone is more than the limit.

    Raises:
        ConfigError, StorageError: as `limit_bytes`.
    """
    files = _files(workspace)
    return _remove(files, sum(file.size for file in files) + coming - limit_bytes(workspace), keep)


def clear(workspace: Workspace) -> int:
    """Remove everything that can be made again, and give the bytes removed. What is open stays readable to its user."""
    files = _files(workspace)
    return _remove(files, sum(file.size for file in files) + 1, ())


def release(workspace: Workspace, needed: int, keep: Collection[Path] = ()) -> int:
    """Remove what was not used for longest until `needed` bytes are free, for a disk that is short of them.

    Nothing is removed when even all of it would not be enough.

    Returns:
        Bytes removed.
    """
    files = _files(workspace)
    removable = sum(file.size for file in files if file.path not in keep)
    return _remove(files, needed, keep) if removable >= needed else 0


def _bytes(value: object, what: str | Sentence) -> int:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ConfigError(
            "{what} must be a number of gigabytes from 0 up, such as {default_gb:g}; {value!r} came.",
            what=what,
            default_gb=DEFAULT_GB,
            value=value,
        )
    return round(number * _GB)


def _files(workspace: Workspace) -> list[_File]:
    """What lies in the caches, least recently used first. Hidden files are still being written: they are nobody's."""
    found = []
    for folder in FOLDERS:
        for path in (workspace.cache_dir / folder).rglob("*"):
            if path.name.startswith("."):
                continue
            try:
                status = path.lstat()
            except FileNotFoundError:  # another process is making room too
                continue
            if path.is_file():
                found.append(_File(path, status.st_size, status.st_mtime_ns))
    return sorted(found, key=lambda file: (file.used, file.path))


def _remove(files: list[_File], excess: int, keep: Collection[Path]) -> int:
    removed = 0
    for file in files:
        if removed >= excess:
            break
        if file.path in keep:
            continue
        try:
            # Used again since it was listed: not the oldest any more.
            if file.path.stat().st_mtime_ns != file.used:
                continue
            file.path.unlink()
        except FileNotFoundError:
            pass  # another process removed it: the room is there
        except PermissionError as error:  # open in another process, where the system minds
            _log.info("%s stays in the cache: %s", file.path, error)
            continue
        removed += file.size
    return removed
