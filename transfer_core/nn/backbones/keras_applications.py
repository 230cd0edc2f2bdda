"""Builds a base from keras.applications."""

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
    model: keras.Model = getattr(keras.applications, function)(
        weights=None, include_top=False, input_shape=(input_size, input_size, 3), **options
    )
    return model
