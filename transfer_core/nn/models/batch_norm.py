"""Runs a part of a base with BatchNormalization in training mode and everything else as when it answers."""

import inspect
from collections.abc import Iterator
from typing import Any

import keras

__all__ = ["moving_statistics", "normalize_by_batch"]


def normalize_by_batch(model: keras.Model) -> keras.Model:
    """A model like `model` whose trainable BatchNormalization layers normalize by the batch; it shares all weights.

    Calling `model` with `training=True` would wake its dropout and stochastic depth too. So each layer is called anew
    with a `training` of its own. Call the result without `training`: an outer value would overrule them all.

    Args:
        model: a functional model; trainable are the layers marked so.
    """
    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=_call)


def moving_statistics(model: keras.Model) -> tuple[keras.Variable, ...]:
    """Means and variances that move when a model made by `normalize_by_batch` is trained."""
    return tuple(weight for layer in _norms(model) for weight in layer.non_trainable_weights if layer.trainable)


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(layer, keras.Sequential):
        (value,) = args
        for inner in layer.layers:
            value = _call(inner, value)
        return value
    if isinstance(layer, keras.Model):
        return normalize_by_batch(layer)(args[0])
    if isinstance(layer, keras.layers.Layer) and "training" in inspect.signature(layer.call).parameters:
        kwargs["training"] = isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    return layer(*args, **kwargs)


def _norms(model: keras.Model) -> Iterator[keras.layers.BatchNormalization]:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from _norms(layer)
