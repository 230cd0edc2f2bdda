"""Each callback of the training loop alone, on a training that is moved by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from transfer_core.nn.training.callbacks import (
    BestWeights,
    Divergence,
    EarlyStopping,
    Fitted,
    LearningRate,
    Progress,
    Saving,
    Schedule,
    Training,
)
from transfer_core.nn.training.classifier import head_network
from transfer_core.nn.training.optimizer import LayerwiseOptimizer
from transfer_core.runs.checkpoint import Checkpoint
from transfer_core.runs.config import FitConfig, PhaseConfig, TuningConfig
from transfer_core.runs.events import EpochEnded, Event
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.runs.rates import RateSchedule

Make = Callable[..., Training]


@pytest.fixture
def begin() -> Make:
    """Make a training of a small head that has not begun: 3 batches an epoch, patience 2."""

    def make(first_epoch: int = 1, **tuning: object) -> Training:
        fit = FitConfig(optimizer="adam", patience=2)
        schedule = Schedule("head", PhaseConfig(5, 1e-2), fit, first_epoch, tuning=TuningConfig(**tuning))  # type: ignore[arg-type]
        network = head_network(4, 2, 0.5, 0)
        optimizer = LayerwiseOptimizer("adam", 1e-2, network.variables, network.scales(1.0))
        return Training(network, optimizer, schedule, 3)

    return make


def ends(training: Training, calibrated_loss: float, val_loss: float = 1.0) -> None:
    """As the loop does after an epoch was measured."""
    training.epoch = training.fitted.epochs
    training.metrics = {"loss": 1.0, "accuracy": 0.5, "val_loss": val_loss, "val_accuracy": 0.5}
    training.metrics["val_calibrated_loss"] = calibrated_loss
    training.losses.append(calibrated_loss)
    training.fitted = replace(training.fitted, epochs=training.epoch + 1)


def fill(training: Training, value: float) -> None:
    training.network.write([np.full_like(part, value) for part in training.network.read()])


def holds(training: Training) -> float:
    (value,) = {float(part) for array in training.network.read() for part in np.unique(array)}
    return value


def test_the_rate_of_each_step_is_that_of_the_schedule(begin: Make) -> None:
    training = begin(schedule="cosine", warmup_epochs=1)
    rates = RateSchedule(training.schedule.config, training.schedule.tuning, 3)
    callback = LearningRate(rates)
    for training.epoch in range(5):
        callback.epoch_begins(training)
        for step in range(3):
            callback.step_begins(training, step)
            assert training.rate == rates.at(training.epoch, step)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_a_loss_that_is_no_number_ends_it(begin: Make, value: float) -> None:
    lost = not np.isfinite(value)
    training = begin()
    Divergence().step_ends(training, 0, value)
    assert (training.over, training.fitted.ending == "diverged") == (lost, lost)
    training = begin()
    ends(training, value, value)
    Divergence().epoch_ends(training)
    assert (training.over, training.fitted.ending == "diverged") == (lost, lost)


def test_the_best_weights_are_put_back(begin: Make) -> None:
    training, callback = begin(), BestWeights()
    fill(training, 9.0)
    callback.training_begins(training)
    # The plain loss rises all the while: the network only grows surer than it should be.
    for weights, loss, plain in ((1.0, 0.5, 0.5), (2.0, 0.3, 0.6), (3.0, 0.3, 0.7), (4.0, 0.4, 0.8)):
        fill(training, weights)
        ends(training, loss, plain)
        callback.epoch_ends(training)
    assert (training.fitted.best_epoch, training.fitted.best["val_calibrated_loss"]) == (2, 0.3)
    callback.training_ends(training)
    assert holds(training) == 2.0


def test_without_an_epoch_the_weights_stay_those_it_began_with(begin: Make) -> None:
    training, callback = begin(), BestWeights()
    fill(training, 9.0)
    callback.training_begins(training)
    fill(training, 1.0)
    callback.training_ends(training)
    assert holds(training) == 9.0 and training.fitted.best_epoch is None


@pytest.mark.parametrize(
    ("losses", "first", "start", "ended"),
    [
        ([0.5, 0.4, 0.3, 0.2], 1, None, None),
        ([0.5, 0.6, 0.6], 1, None, 3),
        ([0.5, 0.6, 0.4, 0.4, 0.4], 4, None, 8),
        ([0.5, 0.6], 4, 0.1, 5),  # the start of the phase is best: counted from there
    ],
)
def test_it_stops_early_when_patience_is_used_up(
    begin: Make, losses: list[float], first: int, start: float | None, ended: int | None
) -> None:
    training, best, early = begin(first), BestWeights(), EarlyStopping()
    best.training_begins(training)
    if start is not None:
        training.fitted = Fitted("done", 0, {"val_loss": 1.0, "val_calibrated_loss": start})
    for loss in losses:
        assert not training.over
        ends(training, loss)
        best.epoch_ends(training)
        early.epoch_ends(training)
    assert training.over == (ended is not None)
    assert ended is None or (training.fitted.ending, training.number) == ("early", ended)


def test_a_schedule_with_an_end_of_its_own_is_let_run_to_it(begin: Make) -> None:
    training, best, early = begin(schedule="cosine"), BestWeights(), EarlyStopping()
    best.training_begins(training)
    for loss in (0.5, 0.6, 0.7, 0.8, 0.9):
        ends(training, loss)
        best.epoch_ends(training)
        early.epoch_ends(training)
    assert not training.over and training.fitted.best_epoch == 1


def test_a_state_of_before_the_calibrated_loss_is_gone_on_from(begin: Make) -> None:
    training, callback = begin(), BestWeights()
    callback.training_begins(training)
    training.fitted = Fitted("done", 1, {"val_loss": 0.5, "val_accuracy": 0.5}, 1)
    for loss, best in ((0.6, 1), (0.4, 3)):
        ends(training, loss)
        callback.epoch_ends(training)
        assert training.fitted.best_epoch == best


def test_every_epoch_is_told_and_a_stop_is_heard(begin: Make) -> None:
    training, heard, stop = begin(first_epoch=3), list[Event](), []
    reporter = Reporter(heard.append, lambda: bool(stop))
    reporter.start("head", 5)
    callback = Progress(reporter)
    callback.epoch_begins(training)
    callback.step_ends(training, 0, 1.0)
    training.rate = 0.25
    ends(training, 0.5)
    callback.epoch_ends(training)
    (told,) = [event for event in heard if isinstance(event, EpochEnded)]
    assert (told.phase, told.epoch, told.learning_rate, told.metrics) == ("head", 3, 0.25, training.metrics)
    stop.append(True)
    with pytest.raises(Stopped):
        callback.step_ends(training, 1, 1.0)


def test_a_saved_training_goes_on_where_it_was(begin: Make, tmp_path: Path) -> None:
    training = begin()
    saving, best = Saving(Checkpoint(tmp_path, "x").phase("head")), BestWeights()
    best.training_begins(training)
    saving.training_begins(training)
    for weights, loss in ((1.0, 0.3), (2.0, 0.5)):
        fill(training, weights)
        ends(training, loss)
        best.epoch_ends(training)
        saving.epoch_ends(training)
    training.end("stopped")
    saving.training_ends(training)

    again = begin()
    BestWeights().training_begins(again)
    Saving(Checkpoint.load(tmp_path, "x").phase("head")).training_begins(again)
    assert again.fitted == replace(training.fitted, ending="done") and again.losses == [0.3, 0.5]
    assert holds(again) == 2.0 and {float(part) for array in again.best for part in np.unique(array)} == {1.0}


def test_one_that_ended_early_is_over_when_it_goes_on(begin: Make, tmp_path: Path) -> None:
    training = begin()
    saving = Saving(Checkpoint(tmp_path, "x").phase("head"))
    ends(training, 0.3)
    training.end("early")
    saving.training_ends(training)
    again = begin()
    Saving(Checkpoint.load(tmp_path, "x").phase("head")).training_begins(again)
    assert again.over and again.fitted == training.fitted
