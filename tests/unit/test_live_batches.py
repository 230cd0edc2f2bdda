"""Variants are made ahead in a thread: the same batches as without it, and nothing left running however it ends."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from transfer_core.augmentation import Variant
from transfer_core.batches import Batch
from transfer_core.config import FitConfig, PhaseConfig
from transfer_core.errors import RunError
from transfer_core.events import EpochEnded
from transfer_core.live_batches import LiveBatches, LivePhotos
from transfer_core.manifest import Manifest
from transfer_core.plan import FreezePlan
from transfer_core.presets import get_preset
from transfer_core.runs import Run
from transfer_core.training import train
from transfer_core.views import VariantRows

GROUP = 32  # photos whose variants are made at once, with batches of 8
SETTINGS: dict[str, Any] = {
    "plan": FreezePlan(("block2_conv", "block2_bn")),
    "head": PhaseConfig(2, 1e-2),
    "fine_tune": PhaseConfig(2, 1e-3),
    "fit": FitConfig(batch_size=8, augment="live"),
}


class Photos:
    """Random photos that note who asks for them; `gate` is called with the number of the asking, from 1."""

    def __init__(self, count: int = 3 * GROUP) -> None:
        self.values = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8)
        self.shape, self.dtype = self.values.shape, self.values.dtype
        self.asked: list[str] = []
        self.gate: Callable[[int], None] = lambda number: None

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, chosen: Any) -> np.ndarray:
        if len(chosen):
            self.asked.append(threading.current_thread().name)
            self.gate(len(self.asked))
        return self.values[chosen]


def live_batches(photos: Photos, forward: Callable[..., Any] = lambda photos: (photos,)) -> LiveBatches:
    count = len(photos)
    live = LivePhotos(photos, tuple(f"{row:064x}" for row in range(count)), get_preset("strong"), 5, forward)
    return LiveBatches((photos,), np.arange(count), np.zeros(count, np.int32), 8, seed=3, live=live)


def one_after_the_other(self: LiveBatches, number: int = 0) -> Iterator[Batch]:
    """An epoch whose variants are made when they are needed."""
    live, order = self.live, self.order(number)
    variants = tuple(Variant(sha, number) for sha in live.sha256)
    shown = VariantRows(live.photos, self.rows, variants, live.preset, live.seed)
    for start in range(0, self.photos, GROUP):
        places = order[start : start + GROUP]
        inputs = live.forward(shown[places])
        for first in range(0, len(places), self.batch_size):
            part = slice(first, first + self.batch_size)
            yield self.batch(places[part], tuple(value[part] for value in inputs))


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Whatever a test does, it leaves no thread."""
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("variants")] == []


@pytest.mark.parametrize("count", [0, 1, 8, GROUP, GROUP + 1, 3 * GROUP - 5])
def test_batches_are_those_made_one_after_the_other(count: int) -> None:
    batches = live_batches(Photos(count))
    made, expected = list(batches.epoch(2)), list(one_after_the_other(batches, 2))
    assert len(made) == len(expected) == len(batches)
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_array_equal(one.inputs[0], other.inputs[0])
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.weights, other.weights)


def test_a_training_has_the_same_history_to_the_last_bit(
    toy_run: Callable[..., Run], toy_manifest: Callable[..., Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = toy_manifest(40, 3)

    def history() -> list[Any]:
        heard: list[Any] = []
        assert train(toy_run(manifest, **SETTINGS), heard.append) is not None
        return [(event.phase, event.epoch, event.metrics) for event in heard if isinstance(event, EpochEnded)]

    ahead = history()
    assert len(ahead) == 4
    monkeypatch.setattr(LiveBatches, "epoch", one_after_the_other)
    assert history() == ahead


def test_the_next_variants_are_made_meanwhile_and_no_more() -> None:
    photos, second = Photos(4 * GROUP), threading.Event()
    photos.gate = lambda number: second.set() if number == 2 else None
    epoch = live_batches(photos).epoch()
    next(epoch)
    assert second.wait(30), "made while the caller works with the first batch"
    next(epoch)
    epoch.close()
    assert len(photos.asked) == 2
    assert {name.partition("_")[0] for name in photos.asked} == {"variants"}


def test_the_prefix_runs_in_the_thread_of_the_caller() -> None:
    seen: list[threading.Thread] = []
    batches = live_batches(Photos(), lambda photos: seen.append(threading.current_thread()) or (photos,))
    assert len(list(batches.epoch())) == 12
    assert seen == [threading.current_thread()] * 3


@pytest.mark.parametrize("number", [1, 2])
def test_an_error_of_the_thread_reaches_the_caller_as_itself_in_its_turn(number: int) -> None:
    photos, error = Photos(), OSError("the disk is gone")

    def fail(asked: int) -> None:
        if asked == number:
            raise error

    photos.gate = fail
    epoch, done = live_batches(photos).epoch(), 0
    with pytest.raises(OSError, match="gone") as caught:
        while next(epoch):
            done += 1
    assert caught.value is error
    assert done == (number - 1) * GROUP // 8, "what came before it is not lost"


def test_an_error_of_the_prefix_ends_the_thread() -> None:
    def fail(photos: Any) -> Any:
        raise ValueError("no network")

    with pytest.raises(ValueError, match="no network"):
        next(live_batches(Photos(), fail).epoch())


def test_an_epoch_never_begun_starts_no_thread() -> None:
    photos = Photos()
    live_batches(photos).epoch().close()
    assert photos.asked == []


@pytest.mark.parametrize("batches", [1, 4, 5])
def test_a_stop_ends_the_thread(
    toy_run: Callable[..., Run], toy_manifest: Callable[..., Manifest], batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    batch, run = LiveBatches.batch, toy_run(toy_manifest(40, 3), **SETTINGS)

    def counted(self: LiveBatches, *parts: Any) -> Batch:
        begun.append(len(begun))
        if len(begun) == batches:
            run.request_stop()
        return batch(self, *parts)

    monkeypatch.setattr(LiveBatches, "batch", counted)
    heard: list[Any] = []
    train(run, heard.append)
    assert len(begun) == batches
    assert not [event for event in heard if isinstance(event, EpochEnded)]


def test_a_lost_loss_ends_the_thread(
    toy_run: Callable[..., Run], toy_manifest: Callable[..., Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = LiveBatches.batch

    def poisoned(self: LiveBatches, *parts: Any) -> Batch:
        made = batch(self, *parts)
        return replace(made, weights=made.weights * np.float32("nan"))

    monkeypatch.setattr(LiveBatches, "batch", poisoned)
    with pytest.raises(RunError, match="no longer a number"):
        train(toy_run(toy_manifest(40, 3), **SETTINGS), lambda event: None)
