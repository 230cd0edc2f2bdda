"""What happens around the steps of training, each in a small class of its own, as Keras and skorch have it."""

import math
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from transfer_core.nn.training.classifier import Network
from transfer_core.nn.training.optimizer import LayerwiseOptimizer
from transfer_core.runs.checkpoint import PhaseCheckpoint, PhaseState
from transfer_core.runs.config import FitConfig, PhaseConfig, TuningConfig
from transfer_core.runs.events import EpochEnded, Phase, judged_loss
from transfer_core.runs.progress import Reporter
from transfer_core.runs.rates import RateSchedule

__all__ = [
    "BestWeights",
    "Callback",
    "Divergence",
    "EarlyStopping",
    "Ending",
    "Fitted",
    "LearningRate",
    "Progress",
    "Saving",
    "Schedule",
    "Training",
]

Ending = Literal["done", "early", "stopped", "diverged"]


@dataclass(frozen=True)
class Schedule:
    """One phase as the loop needs it."""

    name: Phase
    config: PhaseConfig
    fit: FitConfig
    first_epoch: int = 1
    """Number of its first epoch; epochs count on over the phases."""
    keep_start: bool = False
    """Whether the weights it starts from compete too: the phase can then not end worse than it began, as far as the
    validation photos can tell."""
    tuning: TuningConfig = field(default_factory=TuningConfig)
    watched: str = ""
    """SHA-256 of the first of the photos to check on, if what is said of it should go with each epoch."""

    def __post_init__(self) -> None:
        if self.tuning.schedule == "automatic":
            settled = replace(self.tuning, schedule="cosine" if self.name == "fine-tune" else "constant")
            object.__setattr__(self, "tuning", settled)


@dataclass(frozen=True)
class Fitted:
    """How a phase went. The network holds the best weights, if there are any."""

    ending: Ending
    best_epoch: int | None
    """The epoch whose weights the network holds; 0: those it started from; None: no epoch ended."""
    best: dict[str, float] = field(default_factory=dict)
    """That epoch's metrics; of the start, and where it competed, only those of the validation photos: `val_...`."""
    epochs: int = 0
    """Epochs that ended."""
    share: float = 1.0
    """How far the weights lie on the way from those it started from to those of `best_epoch`, above 0 to 1."""


@dataclass
class Training:
    """A phase under way: what the callbacks look at, and change."""

    network: Network
    optimizer: LayerwiseOptimizer
    schedule: Schedule
    batches: int
    """Of an epoch."""
    fitted: Fitted = field(default_factory=lambda: Fitted("done", None))
    """How it went so far. An `ending` other than `done` ends it."""
    best: list[NDArray[np.float32]] = field(default_factory=list)
    """The weights of `fitted.best_epoch`."""
    losses: list[float] = field(default_factory=list)
    """By which the best epoch is chosen, an epoch each."""
    metrics: dict[str, float] = field(default_factory=dict)
    """Of the epoch that ended last, as in `EpochEnded`."""
    shares: list[float] = field(default_factory=list)
    """After that epoch, of the watched photo, as in `EpochEnded`."""
    epoch: int = 0
    """The one under way, or that ended last; counts from 0 in the phase."""
    rate: float = 0.0
    """Learning rate of the step under way."""

    @property
    def number(self) -> int:
        """Of the epoch, counted from 1 over all phases."""
        return self.schedule.first_epoch + self.epoch

    @property
    def over(self) -> bool:
        """Whether a callback ended it."""
        return self.fitted.ending != "done"

    def end(self, ending: Ending) -> None:
        """Let it end, now."""
        self.fitted = replace(self.fitted, ending=ending)


class Callback:
    """Hears of a training; overrides what it needs. Callbacks are called in the order in which they were given."""

    def training_begins(self, training: Training) -> None:
        """Before the first step; a checkpoint may move `training` to where it was."""

    def epoch_begins(self, training: Training) -> None:
        """Before the first step of an epoch."""

    def step_begins(self, training: Training, step: int) -> None:
        """Before a step, counted from 0 within the epoch; of steps that are taken in one go, before the first."""

    def step_ends(self, training: Training, step: int, loss: float) -> None:
        """After a step, with its batch's summed loss; none hears of it after one that ended the training."""

    def epoch_ends(self, training: Training) -> None:
        """After an epoch was measured and counted. None hears of it after one that ended the training."""

    def training_ends(self, training: Training) -> None:
        """However it ended; called in the opposite order."""


class LearningRate(Callback):
    """Sets the rate of every step."""

    def __init__(self, rates: RateSchedule) -> None:
        """Take it from `rates`."""
        self._rates = rates

    def epoch_begins(self, training: Training) -> None:
        """The rate of this epoch's steps depends on the losses up to here."""
        self._losses = tuple(training.losses)

    def step_begins(self, training: Training, step: int) -> None:
        """Set it."""
        training.rate = self._rates.at(training.epoch, step, self._losses)


class Divergence(Callback):
    """Ends a training whose loss is no number: every weight is lost from there on."""

    def step_ends(self, training: Training, step: int, loss: float) -> None:
        """Look at the loss of the photos to learn from."""
        if not math.isfinite(loss):
            training.end("diverged")

    def epoch_ends(self, training: Training) -> None:
        """Look at that of the photos to check on."""
        if not math.isfinite(training.metrics["val_loss"]):
            training.end("diverged")


class Progress(Callback):
    """Tells the reporter of every batch and epoch, and so hears of a stop.

    Raises:
        Stopped: a stop was asked for.
    """

    def __init__(self, reporter: Reporter) -> None:
        """Tell `reporter`."""
        self._reporter = reporter

    def epoch_begins(self, training: Training) -> None:
        """Look at the clock."""
        self._began = time.perf_counter()

    def step_ends(self, training: Training, step: int, loss: float) -> None:
        """Tell how far the epoch is."""
        self._reporter.batch(step + 1, training.batches, training.epoch, training.schedule.config.epochs)

    def epoch_ends(self, training: Training) -> None:
        """Tell its figures."""
        eta = self._reporter.eta(training.fitted.epochs / training.schedule.config.epochs)
        seconds = round(time.perf_counter() - self._began, 4)
        name, number = training.schedule.name, training.number
        watched, shares = training.schedule.watched, training.shares
        self._reporter.emit(
            EpochEnded(name, number, training.metrics, seconds, training.rate, eta, watched=watched, shares=shares)
        )


class BestWeights(Callback):
    """Keeps the weights of the epoch with the lowest calibrated validation loss, and puts them back at the end."""

    def training_begins(self, training: Training) -> None:
        """Without an epoch, those it begins with stay."""
        training.best = training.network.read()

    def epoch_ends(self, training: Training) -> None:
        """Keep those of a better epoch."""
        fitted = training.fitted
        if fitted.best_epoch is None or judged_loss(training.metrics) < judged_loss(fitted.best):
            training.fitted = replace(fitted, best_epoch=training.number, best=training.metrics)
            training.best = training.network.read()

    def training_ends(self, training: Training) -> None:
        """Put the best back."""
        training.network.write(training.best)


class EarlyStopping(Callback):
    """Ends a training after `patience` epochs without a better one (Prechelt 1998). Comes after `BestWeights`.

    Never under a schedule that has an end of its own: at its low rates, with which it ends, most is won.
    """

    def epoch_ends(self, training: Training) -> None:
        """Count the epochs since the best."""
        if training.schedule.tuning.schedule == "cosine":
            return
        patience, best = training.schedule.fit.patience, training.fitted.best_epoch
        assert best is not None
        since = training.number - max(best, training.schedule.first_epoch - 1)
        if patience and since >= patience:
            training.end("early")


class Saving(Callback):
    """Keeps the state after every epoch, and goes on from one that is kept. Comes last."""

    def __init__(self, checkpoint: PhaseCheckpoint) -> None:
        """Keep it in `checkpoint`."""
        self._checkpoint = checkpoint

    def training_begins(self, training: Training) -> None:
        """Put everything where it was."""
        state = self._checkpoint.state
        if state is None:
            return
        training.network.write(state.weights)
        training.optimizer.write(state.optimizer)
        training.network.write_random(state.random)
        progress: dict[str, Any] = dict(state.progress)
        training.losses = list(progress.pop("losses"))
        training.fitted, training.best = Fitted(**progress), state.best

    def epoch_ends(self, training: Training) -> None:
        """Keep the state."""
        self._save(training)

    def training_ends(self, training: Training) -> None:
        """Keep how it ended, unless on request: then it goes on from the last epoch."""
        if training.fitted.ending in ("early", "diverged"):
            self._save(training)
        self._checkpoint.flush()

    def _save(self, training: Training) -> None:
        progress = asdict(training.fitted) | {"losses": list(training.losses)}
        network, optimizer = training.network, training.optimizer
        self._checkpoint.save(
            PhaseState(progress, training.best, network.read(), optimizer.read(), network.read_random())
        )
