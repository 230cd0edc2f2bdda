"""Atomic files: whole or not at all, whoever reads meanwhile."""

import errno
import json
import threading
from pathlib import Path

import pytest

from transfer_core.disk.files import append_line, atomic_path, disk_errors, read_json, read_lines, write_json
from transfer_core.errors import StorageError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert read_json(path) == {"old": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_full_disk_is_said_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="full"), atomic_path(tmp_path / "a.json"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_no_permission_is_said_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no permission"), disk_errors(tmp_path):
        raise OSError(errno.EACCES, "Permission denied")


def test_other_errors_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output"), disk_errors(tmp_path):
        raise OSError(errno.EIO, "Input/output error")


def test_damaged_and_missing_json_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        read_json(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(StorageError, match="not readable JSON"):
        read_json(tmp_path / "bad.json")


def test_a_half_written_last_line_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    assert read_lines(path) == []
    with path.open("ab") as file:
        append_line(file, {"n": 1})
        file.write(b'{"n": 2')
    assert read_lines(path) == [{"n": 1}]


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, [0] * 5000)
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(len(set(json.loads(path.read_text()))))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(50):
        write_json(path, [number] * 5000)
    done.set()
    reader.join()
    assert set(seen) == {1}
