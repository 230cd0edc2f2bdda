"""Optimizers with a rate of their own for each block of the base, slower towards the input."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.tree import LayerTree
from transfer_core.runs.config import Optimizer

__all__ = ["LayerwiseOptimizer", "block_distances", "make_optimizer"]

_SGD_MOMENTUM = 0.9


def make_optimizer(name: Optimizer, learning_rate: float) -> keras.optimizers.Optimizer:
    """An optimizer with Keras' own settings; SGD with momentum 0.9."""
    match name:
        case "adam":
            return keras.optimizers.Adam(learning_rate)
        case "rmsprop":
            return keras.optimizers.RMSprop(learning_rate)
        case "sgd":
            return keras.optimizers.SGD(learning_rate, momentum=_SGD_MOMENTUM)


class LayerwiseOptimizer:
    """Moves each variable at `scale` times the learning rate.

    One Keras optimizer for each scale that occurs. Scaling gradients instead would do nothing with Adam and RMSprop,
    which divide by their size. With one scale it is the plain Keras optimizer.
    """

    def __init__(
        self, name: Optimizer, learning_rate: float, variables: Sequence[keras.Variable], scales: Sequence[float]
    ) -> None:
        """Make and build the optimizers.

        Args:
            name: which one.
            learning_rate: to begin with.
            variables: what trains.
            scales: one a variable, above 0.
        """
        places: dict[float, list[int]] = {}
        for place, scale in enumerate(scales):
            places.setdefault(scale, []).append(place)
        assert sum(map(len, places.values())) == len(variables)
        self._groups = [
            (scale, make_optimizer(name, learning_rate * scale), chosen, [variables[place] for place in chosen])
            for scale, chosen in places.items()
        ]
        for _, optimizer, _, members in self._groups:
            optimizer.build(members)

    def apply(self, gradients: Sequence[Any]) -> None:
        """Take one step; `gradients` stand in the order of the variables. May be traced into a `tf.function`."""
        for _, optimizer, places, members in self._groups:
            optimizer.apply([gradients[place] for place in places], members)

    def set_rate(self, learning_rate: Any) -> None:
        """Use this rate from the next step on: a number, or a float32 tensor from within a traced function."""
        for scale, optimizer, _, _ in self._groups:
            optimizer.learning_rate = learning_rate * scale

    def read(self) -> list[NDArray[Any]]:
        """A copy of all that the optimizers remember."""
        return [np.array(variable.value.numpy()) for variable in self.variables]

    def write(self, values: Sequence[NDArray[Any]]) -> None:
        """Set all that the optimizers remember, as `read` gave it."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)

    @property
    def variables(self) -> list[keras.Variable]:
        """All that the optimizers remember (moments, counters, rates), in an order that only the scales decide."""
        return [variable for _, optimizer, _, _ in self._groups for variable in optimizer.variables]


def block_distances(base: keras.Model, tree: LayerTree, variables: Sequence[keras.Variable]) -> tuple[int, ...]:
    """How many blocks from the head each of the `variables` of `base` lies: 1 in the last block that has weights.

    Blocks without weights (activations, pooling) do not count: nothing in them has a rate.
    """
    weighted = [
        block for block in reversed(tree.blocks) if any(layer.name in tree.weighted for layer in block.children)
    ]
    of_layer = {layer.name: distance for distance, block in enumerate(weighted, 1) for layer in block.children}
    found = {id(weight): of_layer[layer.name] for layer in base.layers for weight in layer.trainable_weights}
    return tuple(found[id(variable)] for variable in variables)
