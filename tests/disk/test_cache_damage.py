"""Whatever happens to the caches, a run gives what it would have given, or one sentence and nothing torn."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk import arrays as array_cache
from transfer_core.disk.arrays import ArrayWriter
from transfer_core.nn.features.extract import find_features
from transfer_core.nn.features.model import POOLED
from transfer_core.nn.training.run import train
from transfer_core.runs.config import FitConfig
from transfer_core.runs.events import EpochEnded, Event
from transfer_core.runs.folder import Run
from transfer_core.worker.job import perform

Make = Callable[..., Run]


@pytest.fixture
def make(toy_run: Make, last_toy_block: FreezePlan) -> Callable[[], Run]:
    return lambda: toy_run(plan=last_toy_block, fit=FitConfig(batch_size=5))


def history(run: Run) -> list[dict[str, float]]:
    heard: list[Event] = []
    assert train(workspace(), run, heard.append) is not None
    return [event.metrics for event in heard if isinstance(event, EpochEnded)]


def cached(home: Path, kind: str = "*") -> list[Path]:
    return sorted(path for path in (home / "cache").rglob(f"*.{kind}") if path.suffix in (".pixels", ".features"))


def truncate(paths: list[Path]) -> None:
    for path in paths:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(paths: list[Path]) -> None:
    for path in paths:
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 0x10
        path.write_bytes(data)


def empty(paths: list[Path]) -> None:
    for path in paths:
        path.write_bytes(b"")


def exchange(paths: list[Path]) -> None:
    """Whole files, each under the name of another."""
    for kind in (".pixels", ".features"):
        same = [path for path in paths if path.suffix == kind]
        data = [path.read_bytes() for path in same]
        for path, other in zip(same, data[1:] + data[:1], strict=True):
            path.write_bytes(other)


def remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink()


@pytest.mark.parametrize("damage", [truncate, flip, empty, exchange, remove])
def test_a_damaged_cache_is_made_anew(
    make: Callable[[], Run], thaw_home: Path, damage: Callable[[list[Path]], None]
) -> None:
    expected = history(make())
    whole = {path: path.read_bytes() for path in cached(thaw_home)}
    assert {path.suffix for path in whole} == {".pixels", ".features"}
    assert len(whole) == 3  # the pixels, the tensor that crosses, the pooled features
    damage(list(whole))
    assert history(make()) == expected
    assert set(cached(thaw_home)) == set(whole)
    for path, data in whole.items():
        found, stored = array_cache.find_array(path), path.read_bytes()
        assert found is not None
        assert stored[: found.array.nbytes] == data[: found.array.nbytes], path


def _full_after(appends: int) -> Callable[..., None]:
    """A disk on which so many blocks still fit."""
    append, left = ArrayWriter.append, [appends]

    def fill(self: ArrayWriter, rows: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            self._file.write(b"a part of it")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, rows)

    return fill


@pytest.mark.parametrize("appends", [0, 20, 36, 38], ids=["at once", "pixels", "between", "features"])
def test_a_disk_that_fills_is_one_sentence_and_leaves_nothing_torn(
    make: Callable[[], Run], thaw_home: Path, appends: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make()
    with monkeypatch.context() as patch:
        patch.setattr(ArrayWriter, "append", _full_after(appends))
        status = perform(workspace(), run)
    assert status.state == "FAILED"
    assert str(status.message).startswith("The disk that holds")
    assert str(status.message).endswith("is full, so nothing was written. Free some space and try again.")
    left = [path for path in (thaw_home / "cache").rglob("*") if path.is_file() and path.suffix != ".json"]
    assert [path.suffix for path in left] == ([".pixels"] if appends >= 36 else [])
    assert all(array_cache.find_array(path) for path in left)
    # With space again, the run is what it always would have been.
    again = history(run)
    shutil.rmtree(thaw_home)
    assert history(make()) == again


def test_a_disk_that_is_full_at_the_last_write_leaves_nothing_torn(
    make: Callable[[], Run], thaw_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = ArrayWriter._finish

    def fill(self: ArrayWriter) -> None:
        finish(self)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(ArrayWriter, "_finish", fill)
        assert "is full" in str(perform(workspace(), make()).message)
    assert cached(thaw_home) == []
    assert not [path for path in (thaw_home / "cache").rglob(".*") if path.is_file()]


def test_features_of_something_else_are_not_given(make: Callable[[], Run], thaw_home: Path) -> None:
    from transfer_core.nn.features.extract import Origin

    history(make())
    origin = Origin("toy", "w", 16, "0" * 32)
    other = cached(thaw_home, "features")[0]
    origin.path(workspace(), POOLED).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(other, origin.path(workspace(), POOLED))
    assert find_features(workspace(), origin, [POOLED]) == {}


def test_a_run_larger_than_the_limit_trains_all_the_same(
    make: Callable[[], Run], thaw_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = history(make())
    monkeypatch.setenv("THAW_CACHE_GB", "0")
    assert history(make()) == expected
    assert cached(thaw_home) == []
    assert history(make()) == expected


def test_a_limit_that_is_no_number_is_told_before_anything_is_computed(
    make: Callable[[], Run], thaw_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAW_CACHE_GB", "plenty")
    assert str(perform(workspace(), make()).message).startswith("THAW_CACHE_GB must be a number of gigabytes")
    assert cached(thaw_home) == []
