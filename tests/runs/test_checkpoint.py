"""A run's state on disk: read back to the last bit, whole or not at all, and only for the run it belongs to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transfer_core.errors import StorageError
from transfer_core.runs import checkpoint as module
from transfer_core.runs.checkpoint import Checkpoint, PhaseState


def state(epochs: int = 3) -> PhaseState:
    generator = np.random.default_rng(epochs)
    return PhaseState(
        {"epochs": epochs, "losses": [0.1 + 0.2, float("inf")]},
        best=[generator.normal(size=(3, 2)).astype(np.float32), np.zeros(0, np.float32)],
        weights=[generator.normal(size=4).astype(np.float32)],
        optimizer=[np.array(7, np.int64), np.array(1e-3, np.float32)],
        random=[np.array([1, 2**32 - 1], np.uint32)],
    )


def kept(folder: Path, identity: str = "run") -> Checkpoint:
    checkpoint = Checkpoint(folder, identity, clock=lambda: {"head": 1.5})
    checkpoint.history.append({"epoch": 1})
    checkpoint.save("head", state())
    return checkpoint


def same(one: PhaseState, other: PhaseState) -> bool:
    def flat(value: PhaseState) -> list[Any]:
        arrays = [*value.best, *value.weights, *value.optimizer, *value.random]
        return [value.progress, [(array.dtype, array.shape, array.tobytes()) for array in arrays]]

    return flat(one) == flat(other)


def test_is_read_back_to_the_last_bit(tmp_path: Path) -> None:
    kept(tmp_path / "checkpoint").phase("fine-tune").save(state(5))
    found = Checkpoint.load(tmp_path / "checkpoint", "run")
    assert same(found.phases["head"], state())
    assert found.history == [{"epoch": 1}]
    assert found.seconds == {"head": 1.5}
    head = found.phase("head").state
    assert head is not None and same(head, state())
    assert found.phase("other").state is None


def test_short_epochs_are_not_each_written_but_the_last_is(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    checkpoint = kept(folder)
    checkpoint.history.append({"epoch": 2})
    checkpoint.phase("head").save(state(4))
    checkpoint.history.append({"epoch": 3})  # has ended, but its state is not kept yet
    assert Checkpoint.load(folder, "run").history == [{"epoch": 1}]
    checkpoint.phase("head").flush()
    found = Checkpoint.load(folder, "run")
    assert found.history == [{"epoch": 1}, {"epoch": 2}]
    assert same(found.phases["head"], state(4))
    written = (folder / "state.npz").stat().st_mtime_ns
    checkpoint.flush()
    assert (folder / "state.npz").stat().st_mtime_ns == written


def test_of_another_run_or_version_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path / "checkpoint")
    assert not Checkpoint.load(tmp_path / "checkpoint", "other").phases
    monkeypatch.setattr(module, "_VERSION", 2)
    assert not Checkpoint.load(tmp_path / "checkpoint", "run").history


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: b"junk" * 99,
        lambda data: data.replace(b"run", b"ru\xff", 1),
    ],
)
def test_a_damaged_one_is_none(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    kept(tmp_path / "checkpoint")
    path = tmp_path / "checkpoint" / "state.npz"
    path.write_bytes(damage(path.read_bytes()))
    found = Checkpoint.load(tmp_path / "checkpoint", "run")
    assert (found.phases, found.history, found.seconds) == ({}, [], {})


def test_a_full_disk_leaves_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = kept(tmp_path / "checkpoint")

    def full(file: Any, **arrays: Any) -> None:
        Path(file).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    checkpoint.phase("head").save(state(4))
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(StorageError, match="is full"):
        checkpoint.flush()
    assert [path.name for path in (tmp_path / "checkpoint").iterdir()] == ["state.npz"]
    assert same(Checkpoint.load(tmp_path / "checkpoint", "run").phases["head"], state())


def test_goes_when_the_run_has_finished(tmp_path: Path) -> None:
    checkpoint = kept(tmp_path / "checkpoint")
    checkpoint.clear()
    checkpoint.clear()
    assert list(tmp_path.iterdir()) == []
