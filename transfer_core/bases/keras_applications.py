"""Builds a base from keras.applications, with the same layer names in every process."""

import re
from collections import Counter

import keras

__all__ = ["build"]

_WITH_PREPROCESSING = {"EfficientNetV2B0", "ConvNeXtTiny"}
"""Functions that would put their scaling inside the network; Thaw keeps it outside, the same way for every base."""


def build(function: str, input_size: int) -> keras.Model:
    """A network of keras.applications without its top, with random weights.

    Args:
        function: its name in keras.applications, e.g. `VGG16`.
        input_size: side of the photo in pixels.

    Returns:
        A model from float32 (batch, input_size, input_size, 3), already scaled, to float32 (batch, h, w, channels).
    """
    options = {"include_preprocessing": False} if function in _WITH_PREPROCESSING else {}
    model = getattr(keras.applications, function)(
        weights=None, include_top=False, input_shape=(input_size, input_size, 3), **options
    )
    _number_afresh(model)
    return model


def _number_afresh(model: keras.Model) -> None:
    """Give layers that Keras named by counting (conv2d_94) the names they have in a new process (conv2d).

    A plan, a cached layer tree and a checkpoint refer to layers by name, in other processes and after other models.
    """
    seen: Counter[str] = Counter()
    counted = []
    for layer in model.layers:
        match = re.fullmatch(_snake_case(type(layer).__name__) + r"(?:_(\d+))?", layer.name)
        if match:
            counted.append((int(match[1] or 0), layer))
    for _, layer in sorted(counted, key=lambda pair: pair[0]):
        stem = _snake_case(type(layer).__name__)
        layer.name = f"{stem}_{seen[stem]}" if seen[stem] else stem
        seen[stem] += 1


def _snake_case(name: str) -> str:
    """Conv2D -> conv2d, BatchNormalization -> batch_normalization: as Keras names layers."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
