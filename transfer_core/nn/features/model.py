"""The one builder of models that compute features: from photos, or from activations on disk, to layers of a base."""

from collections.abc import Sequence

import keras

from transfer_core.backbones.catalog import Base
from transfer_core.nn.export.classifier import photo_input, pooled
from transfer_core.nn.models.graph import LayerCall, layer_calls

__all__ = ["POOLED", "feature_model", "layers_of", "normalized", "pooled_after"]

POOLED = "pooled"
"""Name of the global average over the base's last feature maps, (photos, channels)."""
_AFTER = f"{POOLED} after "


def pooled_after(layer: str) -> str:
    """Name of the global average over what a layer gives, (photos, channels)."""
    return _AFTER + layer


def layers_of(calls: Sequence[LayerCall], names: Sequence[str]) -> list[str]:
    """The layers that features are of: `names` are layers, POOLED, or what `pooled_after` gives."""
    return [calls[-1].name if name == POOLED else name.removeprefix(_AFTER) for name in names]


def normalized(calls: Sequence[LayerCall]) -> set[str]:
    """Layers whose values BatchNormalization takes.

    Convolution and normalization are computed as one where nothing lies between, and the split pair is rounded
    differently: what such a layer gives is neither kept nor computed from.
    """
    takers = [call for call in calls if isinstance(call.operation, keras.layers.BatchNormalization)]
    return {name for call in takers for name in call.input_names}


def feature_model(spec: Base, backbone: keras.Model, names: Sequence[str], start: str | None = None) -> keras.Model:
    """A model that gives a list of features, in inference mode.

    Args:
        spec: of the base.
        backbone: its network.
        names: of the features, as `layers_of` reads them.
        start: the layer whose activations it takes, float32 (batch, ...); None: photos, RGB 0..255 (batch, size, size,
            3).
    """
    calls = layer_calls(backbone)
    tensors = {call.name: call.output for call in calls}
    if start is None:
        source = backbone.inputs[0]
        given, entering = photo_input(spec.name, spec.input_size)
    else:
        source = tensors[start]
        given = entering = keras.Input(source.shape[1:], dtype="float32", name="activations")
    values = keras.Model(source, [tensors[layer] for layer in layers_of(calls, names)])(entering, training=False)
    values = list(values) if isinstance(values, list | tuple) else [values]
    return keras.Model(given, [_pooled(name, value) for name, value in zip(names, values, strict=True)])


def _pooled(name: str, value: object) -> object:
    if name == POOLED:
        return pooled(value)
    if name.startswith(_AFTER):
        return keras.layers.GlobalAveragePooling2D(name=f"pooling_{name.removeprefix(_AFTER)}")(value)
    return value
