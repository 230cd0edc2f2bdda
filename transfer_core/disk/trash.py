"""What is deleted lies in a trash for a month, where an undo finds it, and then goes for good."""

import os
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from transfer_core.disk.files import disk_errors
from transfer_core.errors import RunError

__all__ = ["KEPT_SECONDS", "bring_back", "delete", "discard", "empty", "empty_all", "restore"]

_RUN_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,100}")
_TRASH = ".trash"  # in a folder of runs; without a status.json, so it is no run itself
KEPT_SECONDS = 30 * 86_400
"""How long what was deleted can be brought back."""


def delete(folder: Path, name: str) -> None:
    """Move the run or experiment `name` in `folder` to the folder's own trash.

    Raises:
        RunError: there is none.
        StorageError: it can't be moved.
    """
    path = folder / name
    if not _RUN_ID.fullmatch(name) or not path.is_dir():
        raise RunError("There is no such run or experiment. It may have been deleted in another tab; reload the page.")
    discard(path, folder / _TRASH)


def restore(folder: Path, name: str) -> None:
    """Undo `delete`.

    Raises:
        RunError: the trash holds no such run.
        StorageError: it can't be moved.
    """
    kept = folder / _TRASH / name
    if not _RUN_ID.fullmatch(name) or not kept.is_dir():
        raise RunError("This can't be brought back: it is no longer in the trash.")
    bring_back(kept, folder, "config.json", "experiment.json")


def discard(path: Path, trash: Path) -> None:
    """Move a folder into `trash`, and let go for good of what has lain there too long."""
    with disk_errors(trash):
        trash.mkdir(parents=True, exist_ok=True)
        path.rename(trash / path.name)
        os.utime(trash / path.name)
    empty(trash)


def empty(trash: Path) -> None:
    """Let go for good of what has lain in `trash` longer than `KEPT_SECONDS`.

    Raises:
        StorageError: something can't be removed.
    """
    with disk_errors(trash):
        for old in trash.iterdir() if trash.is_dir() else ():
            # Another process may be at the same, so what is gone already is no error.
            with suppress(FileNotFoundError):
                if old.stat().st_mtime < time.time() - KEPT_SECONDS:
                    shutil.rmtree(old)


def empty_all(folders: Iterable[Path]) -> None:
    """`empty` the trash in each of these folders of jobs."""
    for folder in folders:
        empty(folder / _TRASH)


def bring_back(kept: Path, folder: Path, *signs: str) -> None:
    """Move a folder from the trash into `folder`; what is there with none of the files `signs` is no loss."""
    place = folder / kept.name
    with disk_errors(kept):
        folder.mkdir(parents=True, exist_ok=True)
        if place.is_dir() and not any((place / sign).exists() for sign in signs):
            shutil.rmtree(place)  # a worker that outlived the folder wrote its last status there
        kept.rename(place)
