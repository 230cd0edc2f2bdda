"""Loads a Keras weights file into a model: legacy .h5 (by order), .weights.h5 and .keras; shapes checked throughout.

A legacy file (Keras 1 and 2, and every file of keras.applications) lists its layers in the attribute `layer_names`,
each with its arrays in `weight_names`. The names are whatever the process that saved it had reached (conv2d_1,
conv2d_95), so they are not compared: the n-th layer with weights in the file belongs to the n-th in `model.layers`,
which Keras sorts the same way (by depth, then by first visit) in versions 2 and 3.
"""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras

from transfer_core.errors import WeightsError
from transfer_core.text import Sentence

__all__ = ["SavedLayer", "load_weights"]

_TOP_LAYERS = 3
"""How many layers at the end of a file may be left over: the ImageNet top, which is two or three in VGG."""


@dataclass(frozen=True)
class SavedLayer:
    """A layer of a legacy file: its name there and its HDF5 data sets, which are read only when they are assigned."""

    name: str
    arrays: tuple[Any, ...]


Reorder = Callable[[Sequence[keras.layers.Layer], Sequence[SavedLayer]], Sequence[SavedLayer]]


def load_weights(model: keras.Model, path: Path, reorder: Reorder | None = None) -> None:
    """Fill `model` from `path`. A legacy file with the ImageNet top is taken too; its last layers are left out.

    Args:
        model: a base without its top.
        path: `.keras`, `.weights.h5`, or a legacy `.h5`.
        reorder: for a legacy file whose own order does not fit: gives another order of its layers to try.

    Raises:
        WeightsError: not a weights file, damaged, or of another network; the model may then be filled in part.
    """
    try:
        if path.name.endswith((".keras", ".weights.h5")):
            model.load_weights(path)
            return
        with h5py.File(path, "r") as file:
            _load_legacy(model, file, path, reorder)
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(
            "{path} can't be read as weights of {name}: it is damaged, cut short or of another kind; expected .h5, "
            ".weights.h5 or .keras. What its reader says: {reason}.",
            path=path,
            name=model.name,
            reason=reason,
        ) from error


def _load_legacy(model: keras.Model, file: h5py.File, path: Path, reorder: Reorder | None) -> None:
    layers = [layer for layer in model.layers if layer.weights]
    saved: Sequence[SavedLayer] = _saved_layers(file)
    problem = _mismatch(layers, saved)
    if problem and reorder:
        reordered = reorder(layers, saved)
        if not _mismatch(layers, reordered):
            saved, problem = reordered, None
    if problem:
        raise WeightsError(
            "{path} does not hold weights of {name}: {problem}. Name the file made for it.",
            path=path,
            name=model.name,
            problem=problem,
        )
    for layer, source in zip(layers, saved, strict=False):
        for variable, array in zip(_variables(layer), source.arrays, strict=True):
            variable.assign(array[()])


def _saved_layers(file: h5py.File) -> list[SavedLayer]:
    group = file if "layer_names" in file.attrs or "layer_names0" in file.attrs else file["model_weights"]
    found = []
    for name in _names(group, "layer_names"):
        arrays = tuple(group[name][array] for array in _names(group[name], "weight_names"))
        if arrays:
            found.append(SavedLayer(name, arrays))
    return found


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """A list of names; Keras splits one over 64 kB into attribute0, attribute1 and so on."""
    if attribute in group.attrs:
        parts = [group.attrs[attribute]]
    else:
        parts = []
        while f"{attribute}{len(parts)}" in group.attrs:
            parts.append(group.attrs[f"{attribute}{len(parts)}"])
    return [name.decode() if isinstance(name, bytes) else str(name) for part in parts for name in part]


def _variables(layer: keras.layers.Layer) -> list[Any]:
    """A layer's variables in the order of legacy files."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _mismatch(layers: Sequence[keras.layers.Layer], saved: Sequence[SavedLayer]) -> Sentence | None:
    """What keeps the file's layers from fitting the model's; None if they fit."""
    for layer, source in zip(layers, saved, strict=False):
        expected = [tuple(variable.shape) for variable in _variables(layer)]
        found = [tuple(array.shape) for array in source.arrays]
        if expected != found:
            return Sentence(
                "its layer {source} has shapes {found}, where {layer} takes {expected}",
                source=source.name,
                found=str(found),
                layer=layer.name,
                expected=str(expected),
            )
    if not len(layers) <= len(saved) <= len(layers) + _TOP_LAYERS:
        return Sentence(
            "it has {count} layers with weights, expected {expected}", count=len(saved), expected=len(layers)
        )
    return None
