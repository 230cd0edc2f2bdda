"""Arrays kept on disk between runs: one file each, written once, checked when found, memory-mapped to read.

A file holds the rows, then a JSON footer (shape, dtype, checksums, notes), then the footer's length and a mark. It is
written beside its place and renamed, so a reader meets a whole file or none; a file that was cut off, overwritten or
damaged afterwards does not match its footer and is made anew.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.disk import cache as cache_limit
from transfer_core.disk.files import atomic_path, disk_errors
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import StorageError
from transfer_core.text import Sentence

__all__ = ["ArrayWriter", "Stored", "content_key", "find_array", "require_space", "write_array"]

_MARK = b"THAWARR1"  # the digit is the version of this layout
_CHECKED_BYTES = 64 * 2**20
"""Checksums of at most so many bytes are compared when a file is opened: all of a small file, an even sample of a
large one, ends included. A cut-off file is always found; one flipped bit in gigabytes may not be."""
_SPARE = 256 * 2**20  # bytes left free on the disk for everything else the machine does
_ABANDONED = 86400.0  # seconds after which a temporary file belongs to a process that was killed

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """An array on disk, ready to be sliced."""

    path: Path
    array: NDArray[Any]
    """Read-only memory map of shape (rows, ...)."""
    notes: dict[str, Any]
    """What the writer noted: JSON values."""


@dataclass
class ArrayWriter:
    """Takes rows in order; what `write_array` gives."""

    _file: IO[bytes]
    _row_shape: tuple[int, ...]
    _dtype: np.dtype[Any]
    notes: dict[str, Any] = field(default_factory=dict)
    """Stored with the array; may be filled until the block ends."""
    rows: int = 0
    _blocks: list[tuple[int, int]] = field(default_factory=list)
    _mapped: NDArray[Any] | None = None

    def append(self, rows: NDArray[Any]) -> None:
        """Add `rows`, an array of shape (any number, *row shape) and exactly the dtype announced."""
        if rows.shape[1:] != self._row_shape or rows.dtype != self._dtype:
            raise ValueError(f"rows of {self._row_shape} {self._dtype} announced; {rows.shape[1:]} {rows.dtype} came")
        data = np.ascontiguousarray(rows).data.cast("B") if rows.size else b""
        self._file.write(data)
        self._blocks.append((len(data), zlib.crc32(data)))
        self.rows += len(rows)

    def stored(self, path: Path) -> Stored:
        """The array, once the block has ended and it lies at `path`; nobody who makes room there can come between.

        Raises:
            StorageError: it is gone already, where the system does not let files be mapped before they are named.
        """
        if self._mapped is not None:
            return Stored(path, self._mapped, self.notes)
        found = find_array(path)
        if found is None:
            raise StorageError(
                "{path} vanished as soon as it was written. Raise the limit of the cache and try again.", path=path
            )
        return found

    def _finish(self) -> None:
        footer = {
            "shape": [self.rows, *self._row_shape],
            "dtype": self._dtype.str,
            "blocks": self._blocks,
            "notes": self.notes,
        }
        data = json.dumps(footer, separators=(",", ":")).encode()
        self._file.write(data + struct.pack("<Q", len(data)) + _MARK)
        self._file.flush()
        if os.name == "posix":  # elsewhere a mapped file can't be renamed
            self._mapped = _map(self._file, (self.rows, *self._row_shape), self._dtype)


def content_key(*parts: Any) -> str:
    """Name for what was made from `parts` (JSON values): 32 hexadecimal digits, equal only for equal parts."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def require_space(workspace: Workspace, folder: Path, size: int, what: Sentence) -> None:
    """Make room in the cache for `size` bytes about to be written to `folder`; refuse what the disk can't hold.

    What was not used for longest goes, until the limit (`cache_limit`) is kept and the disk has the space.

    Raises:
        StorageError: says how much `what` needs and how much there is.
    """
    with disk_errors(folder / "file"):
        folder.mkdir(parents=True, exist_ok=True)
        cache_limit.trim(workspace, coming=size)
        free = shutil.disk_usage(folder).free
        if size + _SPARE > free and cache_limit.release(workspace, size + _SPARE - free):
            free = shutil.disk_usage(folder).free
    if size + _SPARE > free:
        raise StorageError(
            "{what} would take {size:.2f} GB in {folder}, and {free:.2f} GB can be used "
            "there. Free some space, set THAW_HOME to a larger disk, or train fewer layers or photos.",
            what=what,
            size=size / 1e9,
            folder=folder,
            free=max(free - _SPARE, 0) / 1e9,
        )


@contextmanager
def write_array(path: Path, row_shape: Sequence[int], dtype: Any) -> Iterator[ArrayWriter]:
    """Give a writer whose rows become the array at `path` when the block ends without an error.

    Raises:
        StorageError: the disk is full or can't be written; nothing is left behind.
    """
    _remove_abandoned(path.parent)
    with atomic_path(path) as temporary, temporary.open("w+b") as file:
        writer = ArrayWriter(file, tuple(row_shape), np.dtype(dtype))
        yield writer
        writer._finish()


def find_array(path: Path, *, use: bool = True) -> Stored | None:
    """Open the array at `path`, or give None when there is none or it is damaged (then it is removed).

    Whoever makes room may remove the file at any moment: the array stays readable. With `use` False it is only looked
    into, which does not keep it in the cache longer.
    """
    try:
        with path.open("rb") as file:
            footer = _footer(file)
            _check_blocks(file, footer["blocks"])
            array = _map(file, tuple(footer["shape"]), np.dtype(footer["dtype"]))
        if use:
            with contextlib.suppress(FileNotFoundError):  # removed a moment ago: what is mapped stays
                os.utime(path)  # the time of last use
        return Stored(path, array, footer["notes"])
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StorageError(
            "{path} can't be read: no permission. Allow reading there or set THAW_HOME elsewhere.", path=path
        ) from error
    except (ValueError, KeyError, TypeError, struct.error) as error:
        _log.warning("%s is damaged (%s) and is made anew", path, error)
        with disk_errors(path):
            path.unlink(missing_ok=True)
        return None


def _map(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.memmap(file, dtype, "r", shape=shape) if 0 not in shape else np.empty(shape, dtype)


def _footer(file: IO[bytes]) -> dict[str, Any]:
    tail = struct.calcsize("<Q") + len(_MARK)
    end = file.seek(0, os.SEEK_END)
    if end < tail:
        raise ValueError("too short")
    file.seek(end - tail)
    (length,) = struct.unpack("<Q", file.read(8))
    if file.read() != _MARK or length > end - tail:
        raise ValueError("no mark at its end")
    file.seek(end - tail - length)
    footer: dict[str, Any] = json.loads(file.read(length))
    held = int(np.prod(footer["shape"], dtype=np.int64)) * np.dtype(footer["dtype"]).itemsize
    if held != end - tail - length or held != sum(size for size, _ in footer["blocks"]):
        raise ValueError("its size does not match its footer")
    return footer


def _check_blocks(file: IO[bytes], blocks: list[list[int]]) -> None:
    total = sum(size for size, _ in blocks)
    step = max(1, -(-total // _CHECKED_BYTES))
    position = 0
    for index, (size, checksum) in enumerate(blocks):
        if index % step == 0 or index == len(blocks) - 1:
            file.seek(position)
            if zlib.crc32(file.read(size)) != checksum:
                raise ValueError(f"block {index} does not match its checksum")
        position += size


def _remove_abandoned(folder: Path) -> None:
    """Remove the temporary files of processes that were killed while they wrote."""
    if not folder.is_dir():
        return
    for path in folder.glob(".*"):
        with contextlib.suppress(FileNotFoundError):  # another process may be removing it too
            if path.stat().st_mtime < time.time() - _ABANDONED:
                path.unlink()
