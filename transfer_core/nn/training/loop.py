"""The training loop: epochs over batches, best weights kept, early stopping, stop and divergence handled."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.data.batches import Batch, Batches
from transfer_core.nn.training.classifier import Network
from transfer_core.nn.training.optimizer import RatedOptimizer
from transfer_core.runs.checkpoint import PhaseKeeper, PhaseState
from transfer_core.runs.config import FitConfig, PhaseConfig, TuningConfig
from transfer_core.runs.events import EpochEnded, Phase
from transfer_core.runs.lr_schedule import RateSchedule
from transfer_core.runs.progress import Stopped, Watch

__all__ = ["Ending", "Fitted", "Schedule", "Step", "answering", "check_step", "fit", "probabilities", "train_step"]

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
    """Whether the weights it starts from compete too: the phase can then not end worse than it began."""
    tuning: TuningConfig = field(default_factory=TuningConfig)


@dataclass(frozen=True)
class Fitted:
    """How a phase went. The network holds the best weights, if there are any."""

    ending: Ending
    best_epoch: int | None
    """The epoch whose weights the network holds; 0: those it started from; None: no epoch ended."""
    best: dict[str, float] = field(default_factory=dict)
    """That epoch's metrics; of the start only `val_loss` and `val_accuracy`."""
    epochs: int = 0
    """Epochs that ended."""


def fit(
    network: Network,
    train: Batches,
    validation: Batches,
    schedule: Schedule,
    watch: Watch,
    keeper: PhaseKeeper | None = None,
) -> Fitted:
    """Train until the epochs are over, the validation loss stops falling, a stop is asked for or the loss is lost.

    An epoch is the best if its validation loss is lower than all before. After `patience` epochs without a better one
    the phase stops early (Prechelt 1998). However it ends, the network is left with the best weights so far.

    Args:
        network: changed in place.
        train: the photos to learn from.
        validation: the photos to check on.
        schedule: what to do.
        watch: hears of every epoch, and is asked after every batch whether to stop.
        keeper: takes the state after every epoch. What it holds already is gone on from, to the same end as if there
            had been no break.

    Returns:
        How it ended and what was best.
    """
    rates = RateSchedule(schedule.config, schedule.tuning, len(train))
    losses: list[float] = []  # of the validation photos, an epoch each
    optimizer = RatedOptimizer(
        schedule.fit.optimizer, rates.at(0, 0), network.variables, network.scales(schedule.tuning.discriminative)
    )
    step = train_step(network, optimizer, train, schedule.tuning.label_smoothing)
    check = check_step(network, validation)
    epochs = schedule.config.epochs
    fitted, best = Fitted("done", None), network.read()
    if keeper is not None and keeper.state is not None:
        fitted, best, losses = _restore(keeper.state, network, optimizer)
    try:
        if schedule.keep_start and fitted.best_epoch is None:
            fitted = Fitted("done", 0, _measure(check, validation, watch))
        for count in range(fitted.epochs, epochs if fitted.ending == "done" else 0):
            number, began = schedule.first_epoch + count, time.perf_counter()
            # Bound now: the rate of this epoch's steps depends on the losses up to here.
            pace = partial(_pace, optimizer, rates, count, tuple(losses))
            moved = partial(watch.batch, batches=len(train), epoch=count, epochs=epochs)
            metrics = _epoch(step, train, number, pace, moved)
            if metrics is None:
                fitted = replace(fitted, ending="diverged")
                break
            metrics |= _measure(check, validation, watch)
            fitted = replace(fitted, epochs=count + 1)
            eta = watch.eta((count + 1) / epochs)
            seconds = round(time.perf_counter() - began, 4)
            rate = rates.at(count, len(train) - 1, losses)
            watch.emit(EpochEnded(schedule.name, number, metrics, seconds, rate, eta))
            losses.append(metrics["val_loss"])
            if not math.isfinite(metrics["val_loss"]):
                fitted = replace(fitted, ending="diverged")
                break
            if fitted.best_epoch is None or metrics["val_loss"] < fitted.best["val_loss"]:
                fitted, best = replace(fitted, best_epoch=number, best=metrics), network.read()
            elif (
                schedule.fit.patience
                and number - max(fitted.best_epoch, schedule.first_epoch - 1) >= schedule.fit.patience
            ):
                fitted = replace(fitted, ending="early")
                break
            if keeper is not None:
                keeper.keep(_state(fitted, best, losses, network, optimizer))
        if keeper is not None and fitted.ending != "done":
            keeper.keep(_state(fitted, best, losses, network, optimizer))
    except Stopped:
        fitted = replace(fitted, ending="stopped")
    if keeper is not None:
        keeper.flush()
    network.write(best)
    return fitted


def _state(
    fitted: Fitted, best: list[Any], losses: list[float], network: Network, optimizer: RatedOptimizer
) -> PhaseState:
    random = [np.array(variable.value.numpy()) for variable in network.dropout.variables]
    return PhaseState(asdict(fitted) | {"losses": list(losses)}, best, network.read(), optimizer.read(), random)


def _restore(
    state: PhaseState, network: Network, optimizer: RatedOptimizer
) -> tuple[Fitted, list[NDArray[np.float32]], list[float]]:
    """Put everything where it was, and give the progress, the best weights and the validation losses so far."""
    network.write(state.weights)
    optimizer.write(state.optimizer)
    for variable, value in zip(network.dropout.variables, state.random, strict=True):
        variable.assign(value)
    progress = dict(state.progress)
    losses = progress.pop("losses")
    return Fitted(**progress), state.best, losses


def probabilities(network: Network, batches: Batches, watch: Watch) -> NDArray[np.float32]:
    """The network's answers in the order of `batches`: (photos, classes), each row adds up to 1."""
    return answering(network, batches, watch)()


def answering(network: Network, batches: Batches, watch: Watch) -> Callable[[], NDArray[np.float32]]:
    """`probabilities`, compiled once, for a network that is asked again and again while it changes."""

    def forward(inputs: tuple[Any, ...]) -> Any:
        return tf.nn.softmax(network(inputs, training=False))

    answer = tf.function(forward, input_signature=_signature(batches)[:1], autograph=False)

    def ask() -> NDArray[np.float32]:
        parts = []
        for batch in batches.epoch():
            parts.append(answer(_tensors(batch)[0]).numpy())
            watch.beat()
        return np.concatenate(parts)

    return ask


Step = Callable[[Batch], tuple[float, int]]  # summed loss and number right over a batch


def _tensors(batch: Batch) -> tuple[tuple[Any, ...], Any, Any]:
    return tuple(tf.constant(part) for part in batch.inputs), tf.constant(batch.labels), tf.constant(batch.weights)


def _signature(batches: Batches) -> list[Any]:
    """Of a step's arguments. The batch size is left open: the last, smaller batch must not be traced anew."""
    inputs = tuple(tf.TensorSpec((None, *source.shape[1:]), source.dtype) for source in batches.sources)
    return [inputs, tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None,), tf.float32)]


def _count_right(logits: Any, labels: Any) -> Any:
    return tf.math.count_nonzero(tf.equal(tf.argmax(logits, 1, output_type=tf.int32), labels))


def train_step(network: Network, optimizer: RatedOptimizer, batches: Batches, label_smoothing: float = 0.0) -> Step:
    """A step of learning, compiled: it changes the network and gives the batch's loss, as it was before, and hits.

    Label smoothing (Szegedy et al. 2016) gives every class a share of the target: the network then does not strive for
    answers that are surer than they can be. It acts on what is learnt, not on the loss that is told, so that training
    and validation loss stay comparable.
    """
    variables = network.variables

    def step(inputs: tuple[Any, ...], labels: Any, weights: Any) -> tuple[Any, Any]:
        # Watched one by one: to TensorFlow frozen layers are trainable too, and tracing their gradients takes time.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            logits = network(inputs, training=True)
            losses = weights * tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
            if label_smoothing:
                even = tf.reduce_logsumexp(logits, 1) - tf.reduce_mean(logits, 1)  # cross-entropy of an even target
                loss = (1 - label_smoothing) * loss + label_smoothing * tf.reduce_mean(weights * even)
        optimizer.apply(tape.gradient(loss, variables))
        return tf.reduce_sum(losses), _count_right(logits, labels)

    compiled = tf.function(step, input_signature=_signature(batches), autograph=False)

    def run(batch: Batch) -> tuple[float, int]:
        loss, right = compiled(*_tensors(batch))
        return float(loss), int(right)

    return run


def check_step(network: Network, batches: Batches) -> Step:
    """A look at a batch, compiled: loss, each photo counting 1, and hits; changes nothing."""

    def step(inputs: tuple[Any, ...], labels: Any) -> tuple[Any, Any]:
        logits = network(inputs, training=False)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        return tf.reduce_sum(losses), _count_right(logits, labels)

    compiled = tf.function(step, input_signature=_signature(batches)[:2], autograph=False)

    def run(batch: Batch) -> tuple[float, int]:
        inputs, labels, _ = _tensors(batch)
        loss, right = compiled(inputs, labels)
        return float(loss), int(right)

    return run


def _pace(optimizer: RatedOptimizer, rates: RateSchedule, epoch: int, losses: Sequence[float], step: int) -> None:
    optimizer.set_rate(rates.at(epoch, step, losses))


def _epoch(
    step: Step, train: Batches, number: int, pace: Callable[[int], None], moved: Callable[[int], None]
) -> dict[str, float] | None:
    """One pass with training; None as soon as a loss is no number, for every weight is lost from there on."""
    loss, right = 0.0, 0
    for done, batch in enumerate(train.epoch(number), 1):
        pace(done - 1)
        batch_loss, batch_right = step(batch)
        if not math.isfinite(batch_loss):
            return None
        loss, right = loss + batch_loss, right + batch_right
        moved(done)
    return {"loss": loss / train.photos, "accuracy": right / train.photos}


def _measure(check: Step, validation: Batches, watch: Watch) -> dict[str, float]:
    """Loss and accuracy over the validation photos, each photo counting 1."""
    loss, right = 0.0, 0
    for batch in validation.epoch():
        batch_loss, batch_right = check(batch)
        loss, right = loss + batch_loss, right + batch_right
        watch.check()
    return {"val_loss": loss / validation.photos, "val_accuracy": right / validation.photos}
