"""The training loop: epochs over batches. What else belongs to a training are callbacks around it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from transfer_core.nn.data.batches import Batches
from transfer_core.nn.training.blend import Weights, best_share
from transfer_core.nn.training.callbacks import (
    BestWeights,
    Callback,
    Divergence,
    EarlyStopping,
    Fitted,
    LearningRate,
    Progress,
    Saving,
    Schedule,
    Training,
)
from transfer_core.nn.training.classifier import Network
from transfer_core.nn.training.optimizer import LayerwiseOptimizer
from transfer_core.nn.training.steps import Steps, compiled_logits, gather, softmax, train_steps
from transfer_core.runs.checkpoint import PhaseCheckpoint
from transfer_core.runs.events import judged_loss
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.runs.rates import RateSchedule
from transfer_core.stats.calibration import Labels, Logits, calibrated_loss, log_loss

__all__ = ["Compiled", "fit"]

_TOGETHER = 16  # steps of a head: a few milliseconds, and 3 MB of features


class Compiled:
    """A network, its optimizer, and what the loop runs of them: traced once, however often they train anew."""

    def __init__(self, network: Network, train: Batches, validation: Batches, schedule: Schedule) -> None:
        """Make an optimizer; nothing is traced yet. Takes what `fit` takes, and later photos of the same shape."""
        rate, scales = schedule.config.rate, network.scales(schedule.tuning.discriminative)
        self.network = network
        self.optimizer = LayerwiseOptimizer(schedule.fit.optimizer, rate, network.variables, scales)
        self.steps = train_steps(network, self.optimizer, train, schedule.tuning.label_smoothing)
        self.answer = compiled_logits(network, validation)
        self._start = network.read(), self.optimizer.read(), network.read_random()

    def reset(self) -> None:
        """Put back all that training changes, as it was when this was made."""
        weights, optimizer, random = self._start
        self.network.write(weights)
        self.optimizer.write(optimizer)
        self.network.write_random(random)


def fit(
    network: Network,
    train: Batches,
    validation: Batches,
    schedule: Schedule,
    reporter: Reporter,
    checkpoint: PhaseCheckpoint | None = None,
    compiled: Compiled | None = None,
) -> Fitted:
    """Train until the epochs are over, nothing gets better any more, a stop is asked for or the loss is lost.

    An epoch is the best if its calibrated validation loss (`stats.calibration`) is lower than all before: sureness
    alone, which training adds whether or not it is deserved, then counts neither way. However it ends, the network is
    left with the best weights so far. Where the start competes and nothing broke in, those lie on the way from the
    start to the last epoch (`blend`).

    Args:
        network: changed in place.
        train: the photos to learn from.
        validation: the photos to check on.
        schedule: what to do.
        reporter: hears of every epoch, and is asked after every batch whether to stop.
        checkpoint: takes the state after every epoch. What it holds already is gone on from, to the same end as if
            there had been no break.
        compiled: of this network, with nothing trained yet or after its `reset`.

    Returns:
        How it ended and what was best.
    """
    rates = RateSchedule(schedule.config, schedule.tuning, len(train))
    compiled = compiled or Compiled(network, train, validation, schedule)
    steps, answer = compiled.steps, compiled.answer
    first = network.read()  # also where an earlier process began: what it left is put in only now
    training = Training(network, compiled.optimizer, schedule, len(train))
    callbacks = [LearningRate(rates), Progress(reporter), Divergence(), BestWeights(), EarlyStopping()]
    callbacks += [Saving(checkpoint)] if checkpoint is not None else []
    _tell(callbacks, "training_begins", training)
    try:
        if schedule.keep_start and training.fitted.best_epoch is None:
            training.fitted = Fitted("done", 0, _figures(gather(answer, validation, reporter.check), validation.labels))
        while not training.over and training.fitted.epochs < schedule.config.epochs:
            training.epoch = training.fitted.epochs
            learned = _learn(training, callbacks, steps, train)
            if training.over:
                break
            logits = gather(answer, validation, reporter.check)
            training.metrics = learned | _figures(logits, validation.labels)
            training.shares = [round(float(share), 6) for share in softmax(logits[:1])[0]] if schedule.watched else []
            training.losses.append(judged_loss(training.metrics))
            training.fitted = replace(training.fitted, epochs=training.epoch + 1)
            _tell(callbacks, "epoch_ends", training)
        if schedule.keep_start and training.fitted.ending in ("done", "early"):
            _blend(training, first, lambda: gather(answer, validation, reporter.check), validation)
    except Stopped:
        training.end("stopped")
    for callback in reversed(callbacks):
        callback.training_ends(training)
    return training.fitted


def _tell(callbacks: Sequence[Callback], hook: str, training: Training, *values: Any) -> None:
    for callback in callbacks:
        getattr(callback, hook)(training, *values)
        if training.over:
            return


def _learn(training: Training, callbacks: Sequence[Callback], steps: Steps, train: Batches) -> dict[str, float]:
    """One pass with training: mean loss and share of hits, of as many batches as there were until it was over."""
    loss, right = 0.0, 0
    _tell(callbacks, "epoch_begins", training)
    for at, (batch_loss, batch_right) in enumerate(_taken(training, callbacks, steps, train)):
        loss, right = loss + batch_loss, right + batch_right
        _tell(callbacks, "step_ends", training, at, batch_loss)
        if training.over:
            break
    return {"loss": loss / train.photos, "accuracy": right / train.photos}


def _taken(
    training: Training, callbacks: Sequence[Callback], steps: Steps, train: Batches
) -> Iterator[tuple[float, int]]:
    """The steps of an epoch, taken one after the other; a head's some in one go, unless its photos must be made."""
    together = _TOGETHER if training.network.body is None and train.at_hand else 1
    batches, taken = train.epoch(training.number), 0
    while parts := list(islice(batches, together)):
        rates = []
        for at in range(taken, taken + len(parts)):
            _tell(callbacks, "step_begins", training, at)
            rates.append(training.rate)
        yield from steps(parts, rates)
        taken += len(parts)


def _blend(training: Training, first: Weights, logits: Callable[[], Logits], validation: Batches) -> None:
    """Go from the last epoch as far back towards the start as is best."""
    if not training.fitted.epochs or training.fitted.share < 1:
        return  # nothing was learned; or an earlier process got as far
    share, answers = best_share(training.network, first, training.network.read(), logits, validation.labels)
    number = training.schedule.first_epoch + training.fitted.epochs - 1 if share else 0
    found = _figures(answers, validation.labels)
    training.fitted = replace(training.fitted, best_epoch=number, best=found, share=share or 1.0)
    training.best = training.network.read()


def _figures(logits: Logits, labels: Labels) -> dict[str, float]:
    """Loss and accuracy over the validation photos, each photo counting 1."""
    return {
        "val_loss": log_loss(logits, labels),
        "val_accuracy": float(np.mean(logits.argmax(1) == labels)),
        "val_calibrated_loss": calibrated_loss(logits, labels),
    }
