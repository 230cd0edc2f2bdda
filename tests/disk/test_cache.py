"""The cache's limit: the oldest goes first, what is open survives, and two may make room at once."""

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import workspace
from transfer_core.disk import cache as cache_limit
from transfer_core.disk.arrays import find_array, require_space, write_array
from transfer_core.disk.cache import limit_bytes, release, set_limit, trim, usage
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, StorageError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("THAW_CACHE_GB", raising=False)
    return thaw_home


def put(name: str, size: int, used: int) -> Path:
    """A cached file of `size` bytes, last used `used` seconds after the epoch."""
    path = workspace().cache_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (used, used))
    return path


def limit(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setenv("THAW_CACHE_GB", repr(size / 1e9))


def test_the_limit_is_the_variable_or_the_setting_or_five_gigabytes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limit_bytes(workspace()) == 5 * 10**9
    home.mkdir()
    (home / "settings.json").write_text('{"other": 1}')
    assert limit_bytes(workspace()) == 5 * 10**9
    set_limit(workspace(), 0.5)
    assert limit_bytes(workspace()) == 5 * 10**8
    assert json.loads((home / "settings.json").read_text()) == {"other": 1, "cache_gb": 0.5}
    monkeypatch.setenv("THAW_CACHE_GB", "2")
    assert limit_bytes(workspace()) == 2 * 10**9


@pytest.mark.parametrize("value", ["much", "", "-1", "nan", "inf"])
def test_a_limit_that_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THAW_CACHE_GB", value)
    with pytest.raises(ConfigError, match="THAW_CACHE_GB must be a number of gigabytes"):
        limit_bytes(workspace())


def test_set_limit_refuses_nonsense_and_makes_the_caches_fit(home: Path) -> None:
    with pytest.raises(ConfigError, match="from 0 up"):
        set_limit(workspace(), -3)
    assert not (home / "settings.json").exists()
    old, new = put("pixels/16/a.pixels", 60, used=1), put("features/toy/b.features", 60, used=2)
    set_limit(workspace(), 100e-9)
    assert (old.exists(), new.exists()) == (False, True)


Use = tuple[int, int]


@given(
    sizes=st.lists(st.integers(0, 50), max_size=12),
    uses=st.lists(st.tuples(st.integers(0, 11), st.integers(1, 10**6)), max_size=20),
    kept=st.sets(st.integers(0, 11)),
    bound=st.integers(0, 300),
    coming=st.integers(0, 100),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_exactly_the_least_recently_used_go_and_no_more_than_needed(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    sizes: list[int],
    uses: list[Use],
    kept: set[int],
    bound: int,
    coming: int,
) -> None:
    shutil.rmtree(home, ignore_errors=True)
    limit(monkeypatch, bound)
    times = dict(enumerate(range(-len(sizes), 0)))  # before every use; in order of making
    for index, time in uses:
        if index < len(sizes):
            times[index] = time
    folders = cache_limit.FOLDERS
    paths = [put(f"{folders[i % 3]}/x/{i:02}.array", size, times[i] + 10**6) for i, size in enumerate(sizes)]
    keep = [path for index, path in enumerate(paths) if index in kept]
    before = usage(workspace())
    removed = trim(workspace(), keep, coming)
    gone = [path for path in paths if not path.exists()]
    assert before == sum(sizes)
    assert (
        usage(workspace())
        == before - removed
        == sum(size for size, path in zip(sizes, paths, strict=True) if path.exists())
    )
    assert not set(gone) & set(keep)
    # In order of use: first what is gone, then what stays.
    candidates = sorted((i for i in range(len(sizes)) if i not in kept), key=lambda i: (times[i], paths[i]))
    ordered = [paths[i] for i in sorted(candidates, key=lambda i: (times[i], str(paths[i])))]
    assert set(ordered[: len(gone)]) == set(gone)
    if set(ordered) - set(gone):
        assert usage(workspace()) + coming <= bound
    if gone:
        last = next(size for size, path in zip(sizes, paths, strict=True) if path == ordered[len(gone) - 1])
        assert usage(workspace()) + coming + last > bound, "one more than needed"


def test_other_files_and_files_being_written_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, 0)
    stays = [put("trees/toy.json", 9, 1), put("speed.json", 9, 1), put("features/toy/.half.features", 9, 1)]
    goes = put("features/toy/whole.features", 9, 2)
    assert trim(workspace()) == 9
    assert [path.exists() for path in (*stays, goes)] == [True, True, True, False]


def array(name: str, rows: int = 5) -> Path:
    path = workspace().cache_dir / name
    with write_array(path, (3,), np.float32) as writer:
        writer.append(np.arange(rows * 3, dtype=np.float32).reshape(rows, 3))
    return path


def test_opening_counts_as_use(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (array(f"features/toy/{name}.features") for name in "abc")
    for time, path in enumerate((first, second, third), 1):
        os.utime(path, (time, time))
    assert find_array(first) is not None
    assert find_array(second, use=False) is not None
    limit(monkeypatch, first.stat().st_size + third.stat().st_size)
    trim(workspace())
    assert [path.exists() for path in (first, second, third)] == [True, False, True]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere an open file is passed over")
def test_what_is_open_survives_its_removal(monkeypatch: pytest.MonkeyPatch) -> None:
    path = workspace().cache_dir / "features/toy/a.features"
    with write_array(path, (3,), np.float32) as writer:
        writer.append(np.ones((4, 3), np.float32))
    found = find_array(path)
    limit(monkeypatch, 0)
    trim(workspace())
    assert not path.exists()
    assert found is not None
    np.testing.assert_array_equal(found.array, 1)
    np.testing.assert_array_equal(writer.stored(path).array, 1)
    assert find_array(path) is None


def test_a_file_that_cannot_be_removed_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    busy, free = put("pixels/16/a.pixels", 60, 1), put("pixels/16/b.pixels", 60, 2)
    unlink = Path.unlink

    def minding(path: Path, missing_ok: bool = False) -> None:
        if path == busy:
            raise PermissionError(13, "used by another process")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", minding)
    limit(monkeypatch, 100)
    assert trim(workspace()) == 60
    assert (busy.exists(), free.exists()) == (True, False)


def test_a_file_used_since_it_was_listed_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    used, idle = put("pixels/16/a.pixels", 60, 1), put("pixels/16/b.pixels", 60, 2)
    listed: Callable[[], list[cache_limit._File]] = cache_limit._files

    def list_then_use(place: Workspace) -> list[cache_limit._File]:
        files = listed(place)
        os.utime(used)
        return files

    monkeypatch.setattr(cache_limit, "_files", list_then_use)
    limit(monkeypatch, 100)
    trim(workspace())
    assert (used.exists(), idle.exists()) == (True, False)


def test_two_processes_may_make_room_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, 500)
    for number in range(300):
        put(f"features/toy/{number:03}.features", 10, number + 1)
    code = (
        "from transfer_core.disk.cache import trim\nfrom transfer_core.disk.workspace import Workspace\n"
        "print('ready', flush=True)\ninput()\ntrim(Workspace.from_environment())"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for other in others:
        assert other.stdout is not None and other.stdout.readline() == b"ready\n"
    for other in others:
        assert other.stdin is not None
        other.stdin.write(b"\n")
        other.stdin.flush()
    trim(workspace())
    for other in others:
        other.communicate(timeout=60)
    assert [other.returncode for other in others] == [0, 0]
    left = sorted(path.name for path in (workspace().cache_dir / "features/toy").iterdir())
    assert left == [f"{number:03}.features" for number in range(250, 300)]


Usage = namedtuple("Usage", "total used free")


def test_a_short_disk_takes_from_the_cache_before_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = put("features/toy/a.features", 400, 1), put("features/toy/b.features", 400, 2)

    def disk_usage(path: Path) -> Usage:
        return Usage(10**9, 0, 256 * 2**20 + (100 if old.exists() else 500))

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    require_space(workspace(), old.parent, 450, "The features")
    assert (old.exists(), new.exists()) == (False, True)
    with pytest.raises(StorageError, match="would take"):
        require_space(workspace(), old.parent, 5000, "The features")
    assert new.exists(), "removed though it could not help"
    assert release(workspace(), 400) == 400


def test_all_of_it_can_be_emptied() -> None:
    kept = put("trees/toy.json", 5, 1)
    put("features/a.features", 70, 1)
    put("pixels/b.pixels", 30, 2)
    assert cache_limit.clear(workspace()) == 100
    assert usage(workspace()) == 0 and kept.exists()
    assert cache_limit.clear(workspace()) == 0
