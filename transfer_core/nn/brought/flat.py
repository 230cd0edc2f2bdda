"""One flat graph of layers out of a model that may hold others, so that each layer can be seen and frozen."""

from collections import Counter
from typing import Any

import keras

from transfer_core.errors import ConfigError
from transfer_core.nn.models.folds import model_nodes

__all__ = ["flat"]


def flat(model: keras.Model, name: str, size: int) -> keras.Model:
    """The same network without models inside models, with layers and weights of its own, in float32.

    What acts in training alone and is no part of the network, such as `RandomFlip`, is left out: Thaw augments photos
    itself. A layer of an inner model takes that model's name in front where two have one name.

    Args:
        model: functional or sequential, one input of photos and one output.
        name: what the new one is called.
        size: side of its photos in pixels.

    Raises:
        ConfigError: a layer or an inner model is used twice, or has no graph that can be followed.
    """
    found = _operations(model, "")
    if twice := [operation for operation, count in Counter(one for _, one in found).items() if count > 1]:
        raise ConfigError(
            "The network uses {layer!r} more than once, so it can't be divided layer by layer.", layer=twice[0].name
        )
    names = Counter(operation.name for _, operation in found)
    renamed = {one: f"{prefix}{one.name}" if names[one.name] > 1 else one.name for prefix, one in found}
    taken = set(renamed.values())
    if len(taken) < len(renamed):
        layer = next(name for name, count in Counter(renamed.values()).items() if count > 1)
        raise ConfigError(
            "Two layers of the network are called {layer!r}. Give them names of their own and save it again.",
            layer=layer,
        )
    entry = next(name for name in ("photo", "photo_input", "the_photo") if name not in taken)
    symbol = keras.Input((size, size, 3), dtype="float32", name=entry)
    made: dict[Any, Any] = {}
    flattened = keras.Model(symbol, _follow(model, [symbol], renamed, made), name=name)
    for old, new in made.items():
        if isinstance(old, keras.Layer) and old.weights:
            new.set_weights(old.get_weights())
    return flattened


def _operations(model: keras.Model, prefix: str) -> list[tuple[str, Any]]:
    """Every layer that computes something where it is called, with the names of the models that it lies in."""
    found: list[tuple[str, Any]] = []
    for node in model_nodes(_graph(model)):
        operation = node.operation
        if isinstance(operation, keras.Model):
            found += _operations(operation, f"{prefix}{operation.name}_")
        elif not _only_trains(operation):
            found.append((prefix, operation))
    return found


def _graph(model: keras.Model) -> keras.Model:
    """A model whose calls can be followed; a sequential one hides them."""
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs, model.outputs, name=model.name) if getattr(model, "inputs", None) else model
    if not hasattr(model, "_nodes_by_depth"):
        raise ConfigError(
            "The network {name!r} has no graph of layers, so it can't be divided. Thaw takes functional and sequential "
            "Keras models.",
            name=model.name,
        )
    return model


def _only_trains(operation: Any) -> bool:
    """Whether it changes nothing once training is over: an augmentation, or a sequence of them."""
    return isinstance(operation, keras.layers.Layer) and type(operation).__name__.startswith(_AUGMENTS)


_AUGMENTS = ("Random", "AugMix", "AutoContrast", "CutMix", "MixUp", "RandAugment", "Equalization", "Solarization")
"""How the names of Keras' augmentations begin."""


def _follow(model: keras.Model, inputs: list[Any], renamed: dict[Any, str], made: dict[Any, Any]) -> Any:
    """Call a copy of each layer where the model calls the layer; the copies go into `made`."""
    graph = _graph(model)
    values = {id(symbol): value for symbol, value in zip(graph.inputs, inputs, strict=True)}
    for node in model_nodes(graph):
        operation = node.operation
        arguments, keywords = node.arguments.fill_in(values)
        keywords.pop("training", None)
        keywords.pop("mask", None)
        if isinstance(operation, keras.Model):
            given = _follow(operation, keras.tree.flatten(arguments), renamed, made)
        elif _only_trains(operation):
            given = arguments[0]
        else:
            made[operation] = _copy(operation, renamed[operation])
            given = made[operation](*arguments, **keywords)
        values |= {id(one): value for one, value in zip(node.output_tensors, keras.tree.flatten(given), strict=True)}
    return values[id(graph.outputs[0])]


def _copy(operation: Any, name: str) -> Any:
    config = dict(operation.get_config())
    if isinstance(operation, keras.Layer):
        config |= {"name": name, "dtype": "float32"}
    new = type(operation).from_config(config)
    new.name = name
    return new
