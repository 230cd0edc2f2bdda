"""Makes a base or a classifier of a Keras file. Runs in a process of its own, which can write its own folder alone."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from transfer_core.backbones.base import Scaling
from transfer_core.errors import ConfigError
from transfer_core.nn.backbones.preprocessing import scale
from transfer_core.nn.brought.flat import flat
from transfer_core.nn.export.classifier import POOLING
from transfer_core.nn.models.describe import build_tree
from transfer_core.nn.models.graph import LayerCall, layer_calls
from transfer_core.nn.models.partition import weight_hashes
from transfer_core.text import Sentence

__all__ = ["as_base", "as_classifier", "load"]

SMALLEST, LARGEST = 16, 1024
USUAL = 224  # side of photos where the network takes any
_SCALES = ("Rescaling", "Normalization", "TrueDivide", "Divide", "Subtract", "GetItem")
"""What a network begins with that scales its photos itself; the last is how `preprocess_input` turns colors round."""
_LOOKED = 4  # layers from the input on that may be such a one
_KNOWN_NAMES: tuple[tuple[str, Scaling], ...] = (
    (r"mobilenet(?!_?v3)|xception|inception|nasnet|resnet\d+_?v2", "tf"),
    (r"vgg|resnet\d+$", "caffe"),
    (r"densenet", "torch"),
)
"""How keras.applications names its networks, and how they want photos scaled. The others have that inside."""


def load(path: Path) -> keras.Model:
    """The model in a file that `opening.keras_file` has let pass; nothing in it is run.

    Raises:
        ConfigError: it can't be read, or its weights are said to lie in other files.
    """
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras refuses with many kinds of error; each means that this file is no model for it.
        words = " ".join(str(error).split())
        raise ConfigError(
            "Keras can't read this file: {reason}", reason=words if len(words) < 300 else f"{words[:300]}…"
        ) from error
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise ConfigError(
            "The file holds no Keras model with a graph of layers. Save a functional or sequential model."
        )
    return model


def as_base(model: keras.Model, title: str, scaling: Scaling | None, out: Path) -> dict[str, Any]:
    """Write a network up to its last feature maps, with the scaling of photos inside.

    Args:
        model: a classifier, or one without its last layers.
        title: what people call it.
        scaling: how photos are scaled before they come to it; None: it is found out.
        out: the file; its name ends in .keras.

    Returns:
        `size` in pixels, `scaling`, `found` (whether it was found out), `digest` (SHA-256 of layers and weights, hex
        digits), and `tree`, as `LayerTree.to_dict`.

    Raises:
        ConfigError: it is no network from photos to feature maps, or how it wants them scaled can't be told.
    """
    size = _size(model)
    whole = flat(model, "base", size)
    _check_same(model, whole, size)
    calls = layer_calls(whole)
    last, chosen = _last_maps(calls), scaling or _found_scaling(model, calls)
    base = whole if last is calls[-1] else keras.Model(whole.inputs[0], last.output, name="base")
    if chosen != "none":
        photo = keras.Input((size, size, 3), dtype="float32", name="photo")
        base = flat(keras.Model(photo, base(scale(chosen, photo))), "base", size)
    tree = build_tree(base, title)
    if not tree.weighted:
        raise ConfigError("This network has no layer that can train, so there is nothing to build on.")
    base.save(out)
    holds = json.dumps([tree.root.to_dict()["children"], weight_hashes(base)], sort_keys=True)
    return {
        "size": size,
        "scaling": chosen,
        "found": scaling is None,
        "digest": hashlib.sha256(holds.encode()).hexdigest(),
        "tree": tree.to_dict(),
    }


def as_classifier(model: keras.Model, scaling: Scaling | None, classes: int | None, out: Path) -> dict[str, Any]:
    """Write a network from photos, RGB 0..255, to probabilities.

    Args:
        model: gives a number a class: probabilities, or what a softmax or sigmoid would be taken of.
        scaling: as in `as_base`.
        classes: how many names there are; None: not said.
        out: the file; its name ends in .keras.

    Returns:
        `size` in pixels, `scaling`, `found`, `classes`: how many it tells apart; `pooled`, whether it is built as Thaw
        builds one (`nn.export.classifier.assemble`), and `base`, the name of the network in it.

    Raises:
        ConfigError: it is no classifier of photos, or not of that many classes.
    """
    size, shape = _size(model), tuple(model.outputs[0].shape)
    if len(model.outputs) != 1 or len(shape) != 2 or not shape[1]:
        raise ConfigError(
            "For a photo it gives {shape} numbers, not one a class: this is no classifier. As a base it may do.",
            shape=" × ".join(str(side) for side in shape[1:]),
        )
    count = max(2, int(shape[1]))
    if classes not in (None, count):
        raise ConfigError(
            "This classifier tells {count} classes apart; the number of names that came is {named}. Name each class, "
            "in the order of its outputs.",
            count=count,
            named=classes,
        )
    calls = layer_calls(flat(model, "looked_at", size))
    chosen, ending = scaling or _found_scaling(model, calls), _ending(calls[-1])
    ready = model
    if chosen != "none" or ending != "probabilities" or tuple(model.inputs[0].shape[1:]) != (size, size, 3):
        photo = keras.Input((size, size, 3), dtype="float32", name="photo")
        ready = keras.Model(photo, _probabilities(model(scale(chosen, photo)), ending), name="classifier")
    _check_answers(ready, size)
    ready.save(out)
    inner = [layer.name for layer in ready.layers if isinstance(layer, keras.Model)]
    return {
        "size": size,
        "scaling": chosen,
        "found": scaling is None,
        "classes": count,
        "pooled": {POOLING, "head"} <= {layer.name for layer in ready.layers} and len(inner) == 1,
        "base": inner[0] if inner else "",
    }


def _size(model: keras.Model) -> int:
    """The side of its photos in pixels."""
    shapes = [tuple(symbol.shape) for symbol in model.inputs]
    shape = shapes[0]
    if len(shapes) != 1 or len(shape) != 4:
        raise ConfigError(
            "Thaw takes networks of one input, a photo (height, width, 3); this one takes {shapes}.",
            shapes=[" × ".join(str(side or "*") for side in one[1:]) for one in shapes],
        )
    _, height, width, channels = shape
    if channels != 3:
        raise ConfigError(
            "Thaw gives a network three numbers a pixel, red, green and blue, after height and width; this one takes "
            "{channels}.",
            channels=channels or Sentence("any number"),
        )
    size = height or width or USUAL
    if (height or size) != (width or size) or not SMALLEST <= size <= LARGEST:
        raise ConfigError(
            "This network takes photos of {height} × {width} pixels; Thaw gives it square ones of {smallest} to "
            "{largest} a side.",
            height=height or size,
            width=width or size,
            smallest=SMALLEST,
            largest=LARGEST,
        )
    return int(size)


def _last_maps(calls: Sequence[LayerCall]) -> LayerCall:
    """The layer after which a new head comes: the last one that gives feature maps and is all that goes on."""
    maps = [at for at, call in enumerate(calls) if len(call.shape) == 3 and None not in call.shape]
    wide = [at for at in maps if calls[at].shape[0] * calls[at].shape[1] > 1]
    if not maps:
        raise ConfigError("No layer of this network gives feature maps (height, width, channels), so no head fits it.")
    at = (wide or maps)[-1]
    later = {call.name for call in calls[at:]}
    if any(name not in later for call in calls[at + 1 :] for name in call.input_names):
        raise ConfigError("Several paths lead from the feature maps of this network to its end, so no head fits it.")
    return calls[at]


def _found_scaling(model: keras.Model, calls: Sequence[LayerCall]) -> Scaling:
    if any(type(call.operation).__name__ in _SCALES for call in calls[:_LOOKED]):
        return "none"
    names = [model.name, *(layer.name for layer in model.layers if isinstance(layer, keras.Model))]
    for name in names:
        for pattern, scaling in _KNOWN_NAMES:
            if re.match(pattern, name.lower()):
                return scaling
    raise ConfigError(
        "Nothing in this network says which numbers it expects for a photo's colors. Choose those it was trained on "
        "(with --scaling on the command line): 0 to 255 (none), 0 to 1 (unit), -1 to 1 (tf), or as ImageNet's networks "
        "(torch, caffe)."
    )


def _ending(last: LayerCall) -> str:
    """What its last numbers are: `probabilities`, `sigmoid` of one, or `logits`."""
    operation, count = last.operation, last.shape[-1]
    name = getattr(getattr(operation, "activation", None), "__name__", "")
    if name == "sigmoid" and count > 1:
        raise ConfigError(
            "This network answers yes or no for each class on its own (sigmoid); Thaw's classifiers choose one class."
        )
    if name == "sigmoid":
        return "sigmoid"
    if name == "softmax" or isinstance(operation, keras.layers.Softmax) or type(operation).__name__ == "Softmax":
        return "probabilities"
    return "logits" if name == "linear" else "probabilities"  # what is neither must prove itself


def _probabilities(answer: Any, ending: str) -> Any:
    if answer.shape[-1] == 1:
        yes = keras.layers.Activation("sigmoid", name="yes")(answer) if ending == "logits" else answer
        no = keras.layers.Rescaling(-1.0, 1.0, name="no")(yes)
        return keras.layers.Concatenate(name="answer")([no, yes])
    return keras.layers.Softmax(name="answer")(answer) if ending == "logits" else answer


def _check_same(model: keras.Model, taken_apart: keras.Model, size: int) -> None:
    """Refuse what answers otherwise as a flat graph of layers: it does something that the graph does not tell."""
    photos = _photos(size)
    ours, theirs = (
        keras.ops.convert_to_numpy(keras.ops.cast(one(photos, training=False), "float32"))
        for one in (taken_apart, model)
    )
    exact = all(getattr(layer, "compute_dtype", "float32") == "float32" for layer in _every_layer(model))
    if not np.abs(ours - theirs).max() <= (_ROUNDING if exact else _HALF_ROUNDING) * max(1.0, np.abs(theirs).max()):
        raise ConfigError("Taken apart into its layers this network answers otherwise, so its layers can't be frozen.")


def _every_layer(model: keras.Model) -> list[keras.Layer]:
    return [
        one for layer in model.layers for one in (_every_layer(layer) if isinstance(layer, keras.Model) else [layer])
    ]


def _photos(size: int) -> Any:
    random = np.random.default_rng(0)
    pixels = [np.full((size, size, 3), 127), random.integers(0, 256, (size, size, 3))]
    return np.stack(pixels).astype(np.float32)


def _check_answers(model: keras.Model, size: int) -> None:
    """Refuse what gives no probabilities for photos."""
    rows = keras.ops.convert_to_numpy(model(_photos(size), training=False))
    if not (np.isfinite(rows).all() and rows.min() > -_SLACK and np.abs(rows.sum(1) - 1).max() < _SLACK):
        raise ConfigError("What this network gives for a photo are no probabilities: they don't add up to 1.")


_ROUNDING, _HALF_ROUNDING = 1e-4, 3e-2  # of float32; of float16
_SLACK = 1e-3  # in a sum of probabilities; float16 rounds by as much
