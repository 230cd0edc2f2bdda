"""The format of what is kept for long, so that an older Thaw refuses what it would misread and a newer one knows.

- 0, without a number: until November 2026. Messages, steps and conclusions are plain English.
- 1: they are sentences, `{"id", "values"}`. Both are read where they are met (`Sentence.from_json`, `restored`), so
  nothing is rewritten before it changes.

A change that today's reader would misread raises FORMAT, brings what it read before into today's form in `current`, and
adds a workspace of the format before it to tests/formats.
"""

from pathlib import Path
from typing import Any

from transfer_core.disk.files import read_json, write_json
from transfer_core.errors import StorageError

__all__ = ["FORMAT", "read_current", "write_current"]

FORMAT = 1
_KEY = "format"


def write_current(path: Path, value: dict[str, Any]) -> None:
    """Write `value` as `write_json` does, with the number of today's format.

    Raises:
        StorageError: the disk is full or can't be written.
    """
    write_json(path, {_KEY: FORMAT, **value})


def read_current(path: Path) -> dict[str, Any]:
    """What `write_current` wrote, in this or an earlier format, in the form of today.

    Raises:
        StorageError: the file is missing or damaged, or a newer Thaw wrote it.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise StorageError("{path} is damaged: it holds no settings. Restore it from a copy or delete it.", path=path)
    found = value.pop(_KEY, 0)
    if not isinstance(found, int) or found > FORMAT:
        raise StorageError(
            "{path} was written by a newer version of Thaw (format {found}; this one reads up to {known}). "
            "Update Thaw, then open it again.",
            path=path,
            found=found,
            known=FORMAT,
        )
    return value
