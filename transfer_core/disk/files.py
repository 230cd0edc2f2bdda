"""Files that two processes may meet in: atomic replacement, whole appended lines, checked reads."""

import errno
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from transfer_core.errors import StorageError

__all__ = ["append_line", "atomic_path", "disk_errors", "read_json", "read_lines", "slug", "write_bytes", "write_json"]


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an operating-system error while touching `path` into a `StorageError` in plain words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                "The disk that holds {parent} is full, so nothing was written. Free some space and try again.",
                parent=path.parent,
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StorageError(
                "{path} can't be written: no permission. Allow writing there or set THAW_HOME to another folder.",
                path=path,
            ) from error
        raise


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends without an error.

    Whoever writes to the temporary path need not flush: it is synced to disk before the replacement.
    After an error nothing is left behind and an earlier `path` is untouched.

    Raises:
        StorageError: the disk is full or the folder can't be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Keeping the suffix lets writers that look at it (Keras, Pillow) do the right thing.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}.", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(_allowed())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _allowed() -> int:
    """The rights of a new file as this process gives them; a temporary file has fewer."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as JSON, atomically."""
    write_bytes(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        StorageError: the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise StorageError("{path} does not exist.", path=path) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise StorageError(
            "{path} is not readable JSON ({error}). Delete it or restore it from a copy.", path=path, error=error
        ) from error


def append_line(file: IO[bytes], value: Any) -> None:
    """Append `value` as one JSON line in a single write, so that a reader sees whole lines or none."""
    file.write((json.dumps(value, ensure_ascii=False) + "\n").encode())
    file.flush()


def read_lines(path: Path) -> list[Any]:
    """Read JSON lines; a last line that is still being written is left for the next read. Missing file: no lines."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in data.splitlines(keepends=True) if line.endswith(b"\n") and line.strip()]


def slug(name: str) -> str:
    """At most 40 of the characters a-z, 0-9 and dashes that remind of `name`, for a part of a path; may be empty."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:40].strip("-")
