"""What trains in a phase: the part of the base that runs each epoch (or none), dropout and the head."""

from collections.abc import Sequence
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

    def __call__(self, inputs: Sequence[Any], training: bool) -> Any:
        """Logits (batch, classes) of a batch.

        The body always runs in inference mode: BatchNormalization keeps its moving statistics and dropout inside the
        base is off, as Keras' guide to fine-tuning asks. It is called from here and not nested in one model with the
        dropout because an outer `training=True` would overrule a `training=False` fixed inside (Keras 3.15).
        """
        pooled = inputs[0] if self.body is None else self.body(list(inputs), training=False)
        return self.head(self.dropout(pooled, training=training))

    @property
    def variables(self) -> list[keras.Variable]:
        """What training changes, the head last."""
        return [*(self.body.trainable_variables if self.body else ()), *self.head.trainable_variables]

    def read(self) -> list[NDArray[np.float32]]:
        """A copy of every trainable weight."""
        return [np.array(variable.value.numpy()) for variable in self.variables]

    def write(self, values: list[NDArray[np.float32]]) -> None:
        """Set every trainable weight, as `read` gave them."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)


def build_head(channels: int, classes: int, seed: int) -> keras.layers.Dense:
    """A new head with random weights: Dense to `classes` logits."""
    head = keras.layers.Dense(classes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="head")
    head.build((None, channels))
    return head


def head_network(channels: int, classes: int, dropout: float, seed: int) -> Network:
    """A new head on pooled features (batch, channels)."""
    return Network(None, keras.layers.Dropout(dropout, seed=seed + 1), build_head(channels, classes, seed))
