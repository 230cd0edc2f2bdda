"""Names for the layers of a base that every process agrees on."""

import re
from typing import Any

import keras

from transfer_core.errors import ConfigError

__all__ = ["canonical_names"]


def canonical_names(model: keras.Model) -> keras.Model:
    """Give automatically named layers the names they would have in a fresh process; returns the same model.

    Keras counts automatic names (`conv2d_7`) over everything a process has built, so the same base would have other
    names the second time and a stored plan would not fit it. Each class is counted again from 0 in the order in which
    its layers were made, which gives the names that tutorials show (`conv2d_93`). Nothing but the names changes:
    weights, their order and what files hold stay as they are.
    """
    automatic: dict[str, list[tuple[int, Any]]] = {}
    taken = set()
    for operation in model.operations:
        stem = _snake_case(type(operation).__name__)
        match = re.fullmatch(rf"{stem}(?:_(\d+))?", operation.name)
        if match:
            automatic.setdefault(stem, []).append((int(match[1] or 0), operation))
        else:
            taken.add(operation.name)
    for stem, found in automatic.items():
        for position, (_, operation) in enumerate(sorted(found, key=lambda pair: pair[0])):
            name = f"{stem}_{position}" if position else stem
            if name in taken:
                raise ConfigError(
                    "The network {name!r} already has a layer called {layer!r}; rename that layer.",
                    name=model.name,
                    layer=name,
                )
            operation.name = name
            if isinstance(operation, keras.layers.InputLayer):
                operation.output.name = name
    return model


def _snake_case(name: str) -> str:
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
