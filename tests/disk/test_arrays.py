"""Arrays on disk: what was written is read back, and nothing damaged is ever believed."""

import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import workspace
from transfer_core.disk import arrays as array_cache
from transfer_core.disk.arrays import content_key, find_array, require_space, write_array
from transfer_core.errors import StorageError


def stored(path: Path, rows: int = 5) -> np.ndarray:
    values = np.arange(rows * 6, dtype=np.float32).reshape(rows, 2, 3)
    with write_array(path, (2, 3), np.float32) as writer:
        for row in values:
            writer.append(row[None])
        writer.notes["photos"] = ["a", "b"]
    return values


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    values = stored(tmp_path / "x.features")
    found = find_array(tmp_path / "x.features")
    assert found is not None
    np.testing.assert_array_equal(found.array, values)
    assert found.notes == {"photos": ["a", "b"]}
    with pytest.raises(ValueError, match="read-only"):
        found.array[0] = 0


def test_a_missing_file_is_no_array_and_an_empty_one_is(tmp_path: Path) -> None:
    assert find_array(tmp_path / "x.features") is None
    stored(tmp_path / "x.features", rows=0)
    found = find_array(tmp_path / "x.features")
    assert found is not None
    assert found.array.shape == (0, 2, 3)


@given(position=st.floats(0, 1, exclude_max=True), cut=st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_found_and_the_file_removed(tmp_path: Path, position: float, cut: bool) -> None:
    path = tmp_path / "x.features"
    stored(path)
    data = bytearray(path.read_bytes())
    place = int(position * len(data))
    if cut:
        data = data[:place]
    else:
        data[place] ^= 0x40
    path.write_bytes(data)
    found = find_array(path)
    # A flipped bit in the notes is the only damage that may leave a readable file, and then the rows are right.
    if found is not None:
        np.testing.assert_array_equal(found.array, np.arange(30, dtype=np.float32).reshape(5, 2, 3))
    else:
        assert not path.exists()


def test_damage_at_either_end_of_a_large_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_cache, "_CHECKED_BYTES", 50)
    for place in (0, 5 * 24 - 1):
        stored(tmp_path / "x.features")
        data = bytearray((tmp_path / "x.features").read_bytes())
        data[place] ^= 1
        (tmp_path / "x.features").write_bytes(data)
        assert find_array(tmp_path / "x.features") is None


def test_an_error_while_writing_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    values = stored(tmp_path / "x.features")
    with pytest.raises(RuntimeError, match="midway"), write_array(tmp_path / "x.features", (3,), np.uint8) as writer:
        writer.append(np.zeros((1, 3), np.uint8))
        raise RuntimeError("midway")
    assert [path.name for path in tmp_path.iterdir()] == ["x.features"]
    found = find_array(tmp_path / "x.features")
    assert found is not None
    np.testing.assert_array_equal(found.array, values)


def test_rows_of_another_shape_or_type_are_a_bug(tmp_path: Path) -> None:
    for rows in (np.zeros((1, 2), np.float32), np.zeros((1, 3), np.float64)):
        with pytest.raises(ValueError, match="announced"), write_array(tmp_path / "x", (3,), np.float32) as writer:
            writer.append(rows)


def test_refuses_what_the_disk_cannot_hold(tmp_path: Path, thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 0, 10**9))
    require_space(workspace(), tmp_path / "cache", 10**8, "The features")
    with pytest.raises(StorageError, match=r"The features would take 2\.00 GB .* 0\.73 GB can be used"):
        require_space(workspace(), tmp_path / "cache", 2 * 10**9, "The features")


def test_temporary_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    import os

    old, new = tmp_path / ".old.abc.features", tmp_path / ".new.abc.features"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    stored(tmp_path / "x.features")
    assert new.exists()
    assert not old.exists()


def test_keys_differ_with_any_part() -> None:
    parts = [("a", 1), ("a", 2), ("b", 1), ("a", "1"), (["a", 1],), ("a1",)]
    assert len({content_key(*part) for part in parts}) == len(parts)
    assert content_key("a", {"x": 1, "y": 2}) == content_key("a", {"y": 2, "x": 1})
