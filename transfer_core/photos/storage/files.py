"""The files of a photo store: originals by content, and thumbnails that can be made again."""

import math
import os
import threading
import time
from collections.abc import Collection
from pathlib import Path

from transfer_core.disk.files import disk_errors, write_bytes

__all__ = ["delete_strays", "keep_original", "original_path", "thumbnail_path", "write_thumbnail"]


_STRAY_SECONDS = 3600.0  # another window may just be importing what is younger


def original_path(folder: Path, sha256: str) -> Path:
    """Say where the store at `folder` keeps the original with this SHA-256."""
    return folder.joinpath("originals", sha256[:2], sha256)


def thumbnail_path(folder: Path, sha256: str) -> Path:
    """Say where the store at `folder` keeps the thumbnail of the photo with this SHA-256."""
    return folder.joinpath("thumbnails", sha256[:2], f"{sha256}.jpg")


def keep_original(folder: Path, sha256: str, data: bytes) -> None:
    """Write an original, whole or not at all, unless it is there.

    Raises:
        StorageError: the disk is full or can't be written.
    """
    path = original_path(folder, sha256)
    with disk_errors(path):
        try:
            os.utime(path)  # so that a purge at this moment takes it for young and lets it be
        except FileNotFoundError:
            write_bytes(path, data)


def write_thumbnail(folder: Path, sha256: str, data: bytes) -> Path:
    """Write a thumbnail in one step, but unlike an original without waiting for the disk: it can be made again.

    Raises:
        StorageError: the disk is full or can't be written.
    """
    path = thumbnail_path(folder, sha256)
    temporary = path.with_name(f".{sha256[:16]}.{os.getpid()}.{threading.get_ident()}")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def delete_strays(folder: Path, kept: Collection[str]) -> int:
    """Delete the originals and thumbnails in the store at `folder` whose SHA-256 is not in `kept`, if they are old.

    Returns:
        How many files were deleted.
    """
    old = time.time() - _STRAY_SECONDS
    strays = [
        path
        for part in ("originals", "thumbnails")
        for path in (folder / part).glob("*/*")
        if path.stem not in kept and _written(path) < old
    ]
    for path in strays:
        with disk_errors(path):
            path.unlink(missing_ok=True)
    return len(strays)


def _written(path: Path) -> float:
    """When, in seconds since the epoch; infinity for a file that is gone, as one that an import was just writing."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
