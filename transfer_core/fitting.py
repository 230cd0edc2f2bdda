"""The training loop: epochs over batches, best weights kept, early stopping, stop and divergence handled."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.batches import Batch, Batches
from transfer_core.config import FitConfig, Optimizer, PhaseConfig
from transfer_core.events import EpochEnded, Phase
from transfer_core.network import Network
from transfer_core.watch import Stopped, Watch

__all__ = ["Ending", "Fitted", "Schedule", "fit", "make_optimizer", "probabilities"]

Ending = Literal["done", "early", "stopped", "diverged"]
_SGD_MOMENTUM = 0.9


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


def fit(network: Network, train: Batches, validation: Batches, schedule: Schedule, watch: Watch) -> Fitted:
    """Train until the epochs are over, the validation loss stops falling, a stop is asked for or the loss is lost.

    An epoch is the best if its validation loss is lower than all before. After `patience` epochs without a better one
    the phase stops early (Prechelt 1998). However it ends, the network is left with the best weights so far.

    Args:
        network: changed in place.
        train: the photos to learn from.
        validation: the photos to check on.
        schedule: what to do.
        watch: hears of every epoch, and is asked after every batch whether to stop.

    Returns:
        How it ended and what was best.
    """
    step = _train_step(network, make_optimizer(schedule.fit.optimizer, schedule.config.learning_rate), train)
    check = _check_step(network, validation)
    epochs = schedule.config.epochs
    fitted, best = Fitted("done", None), network.read()
    try:
        if schedule.keep_start:
            fitted = Fitted("done", 0, _measure(check, validation, watch))
        for count in range(epochs):
            number, began = schedule.first_epoch + count, time.perf_counter()
            metrics = _epoch(step, train, number, partial(watch.batch, batches=len(train), epoch=count, epochs=epochs))
            if metrics is None:
                fitted = replace(fitted, ending="diverged")
                break
            metrics |= _measure(check, validation, watch)
            fitted = replace(fitted, epochs=count + 1)
            eta = watch.eta((count + 1) / epochs)
            seconds = round(time.perf_counter() - began, 4)
            watch.emit(EpochEnded(schedule.name, number, metrics, seconds, schedule.config.learning_rate, eta))
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
    except Stopped:
        fitted = replace(fitted, ending="stopped")
    network.write(best)
    return fitted


def probabilities(network: Network, batches: Batches, watch: Watch) -> NDArray[np.float32]:
    """The network's answers in the order of `batches`: (photos, classes), each row adds up to 1."""

    def forward(inputs: tuple[Any, ...]) -> Any:
        return tf.nn.softmax(network(inputs, training=False))

    answer = tf.function(forward, input_signature=_signature(batches)[:1])
    parts = []
    for batch in batches.epoch():
        parts.append(answer(_tensors(batch)[0]).numpy())
        watch.beat()
    return np.concatenate(parts)


def make_optimizer(name: Optimizer, learning_rate: float) -> keras.optimizers.Optimizer:
    """An optimizer with Keras' own settings; SGD with momentum 0.9."""
    match name:
        case "adam":
            return keras.optimizers.Adam(learning_rate)
        case "rmsprop":
            return keras.optimizers.RMSprop(learning_rate)
        case "sgd":
            return keras.optimizers.SGD(learning_rate, momentum=_SGD_MOMENTUM)


Step = Callable[[Batch], tuple[float, int]]  # summed loss and number right over a batch


def _tensors(batch: Batch) -> tuple[tuple[Any, ...], Any, Any]:
    return tuple(tf.constant(part) for part in batch.inputs), tf.constant(batch.labels), tf.constant(batch.weights)


def _signature(batches: Batches) -> list[Any]:
    """Of a step's arguments. The batch size is left open: the last, smaller batch must not be traced anew."""
    inputs = tuple(tf.TensorSpec((None, *source.shape[1:]), source.dtype) for source in batches.sources)
    return [inputs, tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None,), tf.float32)]


def _count_right(logits: Any, labels: Any) -> Any:
    return tf.math.count_nonzero(tf.equal(tf.argmax(logits, 1, output_type=tf.int32), labels))


def _train_step(network: Network, optimizer: keras.optimizers.Optimizer, batches: Batches) -> Step:
    variables = network.variables
    optimizer.build(variables)

    def step(inputs: tuple[Any, ...], labels: Any, weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            logits = network(inputs, training=True)
            losses = weights * tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, variables), variables)
        return tf.reduce_sum(losses), _count_right(logits, labels)

    compiled = tf.function(step, input_signature=_signature(batches))

    def run(batch: Batch) -> tuple[float, int]:
        loss, right = compiled(*_tensors(batch))
        return float(loss), int(right)

    return run


def _check_step(network: Network, batches: Batches) -> Step:
    def step(inputs: tuple[Any, ...], labels: Any) -> tuple[Any, Any]:
        logits = network(inputs, training=False)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        return tf.reduce_sum(losses), _count_right(logits, labels)

    compiled = tf.function(step, input_signature=_signature(batches)[:2])

    def run(batch: Batch) -> tuple[float, int]:
        inputs, labels, _ = _tensors(batch)
        loss, right = compiled(inputs, labels)
        return float(loss), int(right)

    return run


def _epoch(step: Step, train: Batches, number: int, moved: Callable[[int], None]) -> dict[str, float] | None:
    """One pass with training; None as soon as a loss is no number, for every weight is lost from there on."""
    loss, right = 0.0, 0
    for done, batch in enumerate(train.epoch(number), 1):
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
