"""One training of the recipe lab, watched: its figures, the base's drift and each photo's loss after every epoch."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.data.batches import Batches
from transfer_core.nn.training.callbacks import Schedule
from transfer_core.nn.training.classifier import Network
from transfer_core.nn.training.loop import fit
from transfer_core.nn.training.steps import compiled_predict
from transfer_core.runs.events import EpochEnded, Event, Progress
from transfer_core.runs.progress import Reporter, Stopped

__all__ = ["Task", "Watched", "first_gradient", "photo_losses", "train_watched"]

_GRADIENT_BATCHES = 4
_SMALLEST = float(np.finfo(np.float32).tiny)  # a probability of 0 would make a loss without end; this one gives 87


@dataclass(frozen=True)
class Task:
    """What is trained on what."""

    network: Network
    train: Batches
    validation: Batches
    schedule: Schedule
    """With `patience` 0: all variants get the epochs they were promised."""
    moved: Callable[[], float] | None = None
    """How far the base has moved from where it began; None: it is frozen."""


@dataclass
class Watched:
    """How a training went. The network holds the weights after its last epoch, not those of the best."""

    answers: NDArray[np.float32]
    """(photos, classes) on the validation photos, at the end."""
    start: dict[str, float]
    """`val_loss` and `val_accuracy` before the first step."""
    epochs: list[dict[str, float]] = field(default_factory=list)
    """`epoch` (from 1), `loss`, `accuracy`, `val_loss`, `val_accuracy`, `drift` after each."""
    losses: list[list[float]] = field(default_factory=list)
    """Of every validation photo, after each epoch."""
    history: list[NDArray[np.float32]] = field(default_factory=list)
    """`answers` after each epoch."""
    weights: list[NDArray[np.float32]] = field(default_factory=list)
    """Of the network, at the end."""
    diverged: bool = False
    """Whether it ended early because the loss was no longer a number."""


def train_watched(task: Task, reporter: Reporter, share: Callable[[float], None]) -> Watched:
    """Train and look at the network after every epoch.

    The weights at the end are those of the last epoch: picking the best on the validation photos would make the
    restless trainings look better than they are.

    Args:
        task: its network is changed.
        reporter: a quiet one, for signs of life and the stop.
        share: hears which share (0..1) of the training is done.

    Raises:
        Stopped: a stop was asked for.
    """
    network, validation = task.network, task.validation
    ask = compiled_predict(network, validation, reporter)
    epochs = task.schedule.config.epochs
    before = ask()
    watched = Watched(before, _figures(before, validation.labels), weights=network.read())

    def hear(event: Event) -> None:
        if isinstance(event, Progress) and event.total:
            share((len(watched.epochs) + event.done / event.total) / epochs)
        elif isinstance(event, EpochEnded):
            if not math.isfinite(event.metrics["val_loss"]):
                return  # the weights are lost; what was there before stays
            answers = ask()
            watched.answers, watched.weights = answers, network.read()
            watched.history.append(answers)
            watched.losses.append(photo_losses(answers, validation.labels).tolist())
            drift = task.moved() if task.moved else 0.0
            watched.epochs.append({"epoch": event.epoch, **event.metrics, "drift": drift})
            share(len(watched.epochs) / epochs)

    inner = Reporter(hear, reporter.stop, reporter.beat)
    inner.start(task.schedule.name, epochs)
    fitted = fit(network, task.train, validation, task.schedule, inner)
    if fitted.ending == "stopped":
        raise Stopped
    network.write(watched.weights)
    watched.diverged = fitted.ending == "diverged"
    return watched


def photo_losses(answers: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Cross-entropy of each photo: (photos,), at most 87."""
    truths = answers[np.arange(len(labels)), labels].astype(np.float64)
    # A sum of rounded shares can be a hair above 1, and a loss is never negative.
    return -np.log(np.clip(truths, _SMALLEST, 1.0))


def _figures(answers: NDArray[np.float32], labels: NDArray[np.int32]) -> dict[str, float]:
    right = answers.argmax(1) == labels
    return {"val_loss": float(photo_losses(answers, labels).mean()), "val_accuracy": float(right.mean())}


def first_gradient(network: Network, train: Batches) -> float:
    """Length (L2) of the gradient that reaches the base before the first step: of the mean loss over a few batches.

    Dropout is off, so that two heads are compared on the same sums.
    """
    assert network.body is not None
    variables = network.body.trainable_variables
    sums, photos = [tf.zeros(variable.shape) for variable in variables], 0
    for batch, _ in zip(train.epoch(1), range(_GRADIENT_BATCHES), strict=False):
        with tf.GradientTape() as tape:
            logits = network(tuple(tf.constant(part) for part in batch.inputs), training=False)
            losses = batch.weights * tf.nn.sparse_softmax_cross_entropy_with_logits(batch.labels, logits)
            loss = tf.reduce_sum(losses)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        sums = [total if part is None else total + part for total, part in zip(sums, gradients, strict=True)]
        photos += len(batch.labels)
    return float(tf.linalg.global_norm(sums)) / photos
