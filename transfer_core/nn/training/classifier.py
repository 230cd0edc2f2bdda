"""What trains in a phase: the part of the base that runs each epoch (or none), dropout and the head."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

__all__ = ["Network", "build_head", "head_network"]


@dataclass(frozen=True)
class Network:
    """A classifier from what is cached to logits."""

    body: keras.Model | None
    """From the inputs to pooled features (batch, channels); None: the input is the pooled features."""
    dropout: keras.layers.Dropout
    head: keras.layers.Dense
    """Logits: the softmax is in the loss while training and in the layer of the saved model."""
    training_body: Callable[[list[Any]], Any] | None = None
    """The body as it runs while training, where it differs: rewritten to take less time (`nn.models.rewritten`), or
    with BatchNormalization that normalizes by the batch."""
    statistics: tuple[keras.Variable, ...] = ()
    """Moving statistics of BatchNormalization that `training_body` moves."""
    distances: tuple[int, ...] = ()
    """How many blocks from the head each trainable variable of the body lies; empty: the same rate for all."""

    def __call__(self, inputs: Sequence[Any], training: bool) -> Any:
        """Logits (batch, classes) of a batch.

        The body runs in inference mode: BatchNormalization keeps its moving statistics (unless a `training_body` moves
        them) and dropout inside the base is off, as Keras' guide to fine-tuning asks. It is called from here and not
        nested in one model with the dropout because an outer `training=True` would overrule a `training=False` fixed
        inside (Keras 3.15).
        """
        if training and self.training_body is not None:
            pooled = self.training_body(list(inputs))
        else:
            pooled = inputs[0] if self.body is None else self.body(list(inputs), training=False)
        return self.head(self.dropout(pooled, training=training))

    @property
    def variables(self) -> list[keras.Variable]:
        """What the optimizer changes, the head last."""
        return [*(self.body.trainable_variables if self.body else ()), *self.head.trainable_variables]

    def scales(self, factor: float) -> list[float]:
        """What the learning rate of each of `variables` is multiplied by: 1 for the head, 1 / factor for the block
        before it, and so on towards the input (Howard and Ruder 2018)."""
        return [
            *(factor**-distance for distance in self.distances),
            *[1.0] * (len(self.variables) - len(self.distances)),
        ]

    def read(self) -> list[NDArray[np.float32]]:
        """A copy of all that training changes: every trainable weight, and the statistics."""
        return [np.array(variable.value.numpy()) for variable in (*self.variables, *self.statistics)]

    def write(self, values: list[NDArray[np.float32]]) -> None:
        """Set all that training changes, as `read` gave it."""
        for variable, value in zip((*self.variables, *self.statistics), values, strict=True):
            variable.assign(value)

    def read_random(self) -> list[NDArray[Any]]:
        """A copy of where the dropout stands in its random numbers."""
        return [np.array(variable.value.numpy()) for variable in self.dropout.variables]

    def write_random(self, values: Sequence[NDArray[Any]]) -> None:
        """Set where the dropout stands, as `read_random` gave it."""
        for variable, value in zip(self.dropout.variables, values, strict=True):
            variable.assign(value)


def build_head(channels: int, classes: int, seed: int) -> keras.layers.Dense:
    """A new head with random weights: Dense to `classes` logits."""
    head = keras.layers.Dense(classes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="head")
    head.build((None, channels))
    return head


def head_network(channels: int, classes: int, dropout: float, seed: int) -> Network:
    """A new head on pooled features (batch, channels)."""
    return Network(None, keras.layers.Dropout(dropout, seed=seed + 1), build_head(channels, classes, seed))
