"""Letting the pages of mapped files go: the values stay, the memory does not, and nothing that was written is lost."""

import mmap
from pathlib import Path

import numpy as np
import pytest

from transfer_core.disk import mapped_memory
from transfer_core.disk.mapped_memory import MappedReads, release
from transfer_core.nn.data.batches import Batches
from transfer_core.nn.data.variants import AugmentedRows
from transfer_core.runs.augmentation import get_preset

SHAPE = (64, 32, 32, 3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "values"
    np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8).tofile(path)
    return path


def resident(path: Path) -> int:
    """Bytes of `path` that count as memory of this process (Linux)."""
    smaps = Path("/proc/self/smaps")
    if not smaps.exists() or not hasattr(mmap, "MADV_DONTNEED"):
        pytest.skip("only Linux tells which pages of a file are resident")
    total, inside = 0, False
    for line in smaps.read_text().splitlines():
        if "-" in line.split()[0] and not line.split()[0].endswith(":"):
            inside = line.endswith(str(path))
        elif inside and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


def test_pages_are_let_go_and_read_again(file: Path) -> None:
    array = np.memmap(file, np.uint8, "r", shape=SHAPE)
    before = np.array(array)
    assert resident(file) > 0
    assert release(array[3:])
    assert resident(file) == 0
    np.testing.assert_array_equal(array, before)


def test_of_variants_the_photos_are_let_go(file: Path) -> None:
    photos = np.memmap(file, np.uint8, "r", shape=SHAPE)
    rows = AugmentedRows(photos, np.arange(64), (None,) * 64, get_preset("gentle"), 0)
    rows[:]
    assert resident(file) > 0
    assert release(rows)
    assert resident(file) == 0


def test_what_was_written_and_what_is_no_file_stays(file: Path) -> None:
    private = np.memmap(file, np.uint8, "c", shape=SHAPE)
    private[5] = 7
    assert not release(private)
    assert not release(private.view(np.ndarray)[5:])
    assert (private[5] == 7).all()
    assert not release(np.ones(3))


def test_an_epoch_holds_a_bounded_part_of_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped_memory, "_HELD", 4 * 32 * 32 * 3)
    array = np.memmap(file, np.uint8, "r", shape=SHAPE)
    batches = Batches((array,), np.arange(64), np.zeros(64, np.int32), 4, seed=1)
    seen = np.concatenate([batch.inputs[0] for batch in batches.epoch(2)])
    np.testing.assert_array_equal(seen, np.fromfile(file, np.uint8).reshape(SHAPE)[batches.order(2)])
    assert resident(file) == 0


def test_nothing_is_let_go_before_the_limit(file: Path) -> None:
    array = np.memmap(file, np.uint8, "r", shape=SHAPE)
    reads = MappedReads([array])
    reads.add(np.array(array).nbytes)
    assert resident(file) > 0
