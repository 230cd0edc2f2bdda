"""The layers of a functional Keras model in graph order, and names for them that every process agrees on."""

from dataclasses import dataclass
from typing import Any

import keras

from transfer_core.errors import ConfigError
from transfer_core.text import Sentence

__all__ = ["LayerCall", "layer_calls"]


@dataclass(frozen=True)
class LayerCall:
    """One layer (or bare Keras operation) where the model calls it."""

    operation: Any
    """`keras.Operation`; a nested model is one operation."""
    inputs: tuple[Any, ...]
    """Symbolic tensors it takes, in order."""
    output: Any
    """The one symbolic tensor it gives."""

    @property
    def name(self) -> str:
        """The layer's name, unique in its model."""
        return str(self.operation.name)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the layers it takes its inputs from; the network's input goes by the name of its `InputLayer`."""
        return tuple(tensor._keras_history.operation.name for tensor in self.inputs)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output without the batch."""
        return tuple(self.output.shape[1:])


def _refuse(model: keras.Model, reason: Sentence) -> ConfigError:
    return ConfigError(
        "The network {name!r} can't be divided layer by layer: {reason}. "
        "Thaw takes functional Keras models of one input and one output in which each layer is called once.",
        name=model.name,
        reason=reason,
    )


def _node(tensor: Any) -> Any:
    # A tensor's own history names the call that made it; an operation's list of calls also holds other models' calls.
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def layer_calls(model: keras.Model) -> list[LayerCall]:
    """The model's layers from input to output, `InputLayer` left out, every layer after those it takes inputs from.

    Branches are followed one after another in the order in which the layer that joins them takes them, so the list
    reads like the source of the network; whatever lies before a tensor that all paths cross stands before it.

    Raises:
        ConfigError: several inputs or outputs, a layer that is called twice or gives several tensors, or no graph.
    """
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise _refuse(model, Sentence("it has no graph of layers"))
    if len(inputs) != 1 or len(outputs) != 1:
        raise _refuse(
            model, Sentence("it has {inputs} inputs and {outputs} outputs", inputs=len(inputs), outputs=len(outputs))
        )
    done = {id(inputs[0])}
    calls: dict[str, LayerCall] = {}
    # An explicit stack: the deepest base has more layers than Python allows nested calls.
    pending = [outputs[0]]
    while pending:
        tensor = pending[-1]
        if id(tensor) in done:
            pending.pop()
            continue
        node = _node(tensor)
        missing = [source for source in node.input_tensors if id(source) not in done]
        if missing:
            pending.extend(reversed(missing))
            continue
        pending.pop()
        done.add(id(tensor))
        name = node.operation.name
        if not node.input_tensors:
            raise _refuse(model, Sentence("{layer!r} takes nothing from the network's input", layer=name))
        if len(node.output_tensors) != 1:
            count = len(node.output_tensors)
            raise _refuse(model, Sentence("the layer {layer!r} gives {count} tensors", layer=name, count=count))
        if name in calls:
            raise _refuse(model, Sentence("the layer {layer!r} is called more than once", layer=name))
        calls[name] = LayerCall(node.operation, tuple(node.input_tensors), tensor)
    return list(calls.values())
