"""Divides a base at a freeze plan into a frozen prefix and a trainable suffix, and proves what stayed frozen."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.freeze_plan import FreezePlan, partition_graph
from transfer_core.errors import ConfigError
from transfer_core.nn.models.batch_norm import moving_statistics
from transfer_core.nn.models.describe import layer_nodes
from transfer_core.nn.models.graph import layer_calls

__all__ = ["Partition", "base_weights", "freeze_proof", "partition", "planned_weights", "weight_hashes"]


@dataclass(frozen=True)
class Partition:
    """A base in two halves that share its layers: what trains in one is trained in the other and in the base.

    `suffix(prefix(x))` is `base(x)`: where several tensors cross, a list of them; where one does, that tensor.
    """

    base: keras.Model
    """The whole base."""
    prefix: keras.Model
    """From the base's input to the frontier tensors; nothing in it trains."""
    suffix: keras.Model | None
    """From the frontier tensors to the base's output; None when nothing of the base trains.

    Call it with `training=False`, as the Keras guide on fine-tuning says: gamma and beta of a trainable
    BatchNormalization then train while its moving statistics stay.
    """
    frontier: tuple[str, ...]
    """Names of the layers whose outputs cross, in the order of the prefix's outputs; the same as `plan.cut` gives."""

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the frontier tensors without the batch."""
        return tuple(tuple(tensor.shape[1:]) for tensor in self.prefix.outputs)

    def is_input(self, name: str) -> bool:
        """Whether the frontier tensor called `name` is the network's input itself."""
        return bool(name == self.base.inputs[0]._keras_history.operation.name)

    def features(self) -> keras.Model:
        """From the base's input to the list of frontier tensors and, last, the base's output, in one pass.

        For training a head on the frozen base first and the suffix afterwards. Nothing trains: the output alone.
        """
        outputs = list(self.prefix.outputs)
        return keras.Model(self.base.inputs[0], outputs if self.suffix is None else [*outputs, self.base.outputs[0]])


def partition(base: keras.Model, plan: FreezePlan) -> Partition:
    """Freeze what the plan leaves out, and divide the base where its trainable part begins.

    The prefix is every layer that is not downstream of a trainable one, so it is a fixed function of the photo. The
    suffix's frozen layers, above trainable ones, stay frozen. Sets `trainable` on the base and on every layer.

    Args:
        base: a model of `build_base`, or any of which a tree can be built.
        plan: layers that train. When the first layer does, the frontier is the network's input and the prefix passes
            it through.

    Raises:
        ConfigError: the plan names a layer that the base does not have, or the base can't be divided.
    """
    calls = layer_calls(base)
    nodes = layer_nodes(calls)
    unknown = next((name for name in plan.trainable if name not in nodes), None)
    if unknown is not None:
        raise ConfigError(
            "{name} has no layer called {unknown!r}. Choose the layers again, or see `thaw layers`.",
            name=base.name,
            unknown=unknown,
        )
    _freeze(base, plan)
    source, output = base.inputs[0], base.outputs[0]
    chosen = {name for name in plan.trainable if (facts := nodes[name].facts) and facts.trainable_parameters}
    division = partition_graph(nodes, chosen, prod(source.shape[1:]))
    if not division.suffix:
        return Partition(base, keras.Model(source, [output], name="prefix"), None, (calls[-1].name,))
    tensors = {call.name: call.output for call in calls}
    frontier = [tensors.get(name, source) for name in division.frontier]
    prefix = keras.Model(source, frontier, name="prefix")
    suffix = keras.Model(frontier if len(frontier) > 1 else frontier[0], output, name="suffix")
    return Partition(base, prefix, suffix, division.frontier)


def _freeze(base: keras.Model, plan: FreezePlan) -> None:
    # The model's own flag covers all its layers, and a model marked frozen would hide them: it comes first.
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name in plan.trainable


def _arrays(base: keras.Model) -> dict[str, Any]:
    """Every weight, moving statistics included, by layer, place in the layer, and name; alike in every process."""
    return {
        f"{layer.name}/{index}/{weight.name}": weight
        for layer in base.layers
        for index, weight in enumerate(layer.weights)
    }


def weight_hashes(base: keras.Model) -> dict[str, str]:
    """SHA-256 of the bytes of every weight and moving statistic, by `layer/place/name`."""
    hashes = {}
    for key, weight in _arrays(base).items():
        value = np.ascontiguousarray(np.asarray(keras.ops.convert_to_tensor(weight)))
        digest = hashlib.sha256(f"{value.dtype.str}{value.shape}".encode())
        digest.update(value.tobytes())
        hashes[key] = digest.hexdigest()
    return hashes


def planned_weights(base: keras.Model, plan: FreezePlan, statistics: bool = False) -> frozenset[str]:
    """The keys of `weight_hashes` that may change under the plan.

    Holds for a base as `split` leaves it.

    Args:
        base: the whole of it.
        plan: layers that train.
        statistics: whether the moving statistics of the BatchNormalization layers that train may change too.
    """
    may_change = {id(weight) for weight in base.trainable_weights}
    if statistics:
        may_change |= {id(weight) for weight in moving_statistics(base)}
    keys = (key for key, weight in _arrays(base).items() if id(weight) in may_change)
    return frozenset(key for key in keys if key.split("/")[0] in plan.trainable)


def freeze_proof(before: Mapping[str, str], after: Mapping[str, str], planned: Collection[str]) -> dict[str, Any]:
    """Compare the weights of a base before and after training with what was planned to change.

    Args:
        before: `weight_hashes` before training.
        after: `weight_hashes` after it.
        planned: keys that may change (`planned_weights`).

    Returns:
        For report.json: `frozen_unchanged` (every other array bit-identical, none missing or added), `frozen_arrays`,
        `planned_arrays`, `changed_arrays` (counts), and `unexpected`, the keys that changed against the plan.
    """
    keys = before.keys() | after.keys()
    changed = {key for key in keys if before.get(key) != after.get(key)}
    unexpected = sorted(changed.difference(planned))
    return {
        "frozen_unchanged": not unexpected,
        "frozen_arrays": len(keys.difference(planned)),
        "planned_arrays": len(keys.intersection(planned)),
        "changed_arrays": len(changed),
        "unexpected": unexpected,
    }


def base_weights(base: keras.Model, keys: Collection[str] | None = None) -> dict[str, NDArray[np.float32]]:
    """Copies of a base's weights and moving statistics by `layer/place/name`, the keys of `weight_hashes`.

    Args:
        base: its layers are read where they are.
        keys: those to take, such as `Session.planned`: only what could change. None: all.
    """
    found = {
        f"{layer.name}/{index}/{weight.name}": weight
        for layer in base.layers
        for index, weight in enumerate(layer.weights)
    }
    return {
        key: np.array(keras.ops.convert_to_numpy(weight), np.float32)
        for key, weight in found.items()
        if keys is None or key in keys
    }
