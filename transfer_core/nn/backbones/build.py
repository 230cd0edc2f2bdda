"""Builds a pretrained network from its row of the catalog. Importing this imports Keras."""

import importlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import keras

from transfer_core.backbones.catalog import Base, get_base
from transfer_core.backbones.weights import find_weights, weights_id
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, WeightsError
from transfer_core.nn.backbones import keras_applications, weights_file
from transfer_core.nn.backbones.names import canonical_names
from transfer_core.nn.backbones.preprocessing import scale

__all__ = ["build_ahead", "build_base", "build_with_top", "preprocessing"]

LARGEST_SIZE = 1024

_ahead: dict[tuple[str, str, str, int, int], keras.Model] = {}
"""Bases that were built before anybody asked for them, by what they are made of."""


def build_base(
    workspace: Workspace,
    name: str | Base,
    weights: str = "imagenet",
    input_size: int | None = None,
    seed: int = 0,
) -> keras.Model:
    """A base without its ImageNet top, ready for a head.

    Args:
        workspace: that holds the weights.
        name: a base of the catalog.
        weights: `imagenet`, `none` (random, from `seed`), or the path of a weights file.
        input_size: side of the photo in pixels; the one the base was trained on if not given.
        seed: of random weights and of dropout inside the base.

    Returns:
        A model called as the base, from float32 (batch, input_size, input_size, 3) that `preprocessing` has scaled, to
        the last feature maps, float32 (batch, height, width, channels). Layer names are the same in every process.

    Raises:
        ConfigError: no such base, or a size it can't take.
        WeightsError: the weights are missing, damaged or of another network.
    """
    base = get_base(name)
    size = _checked_size(base, input_size)
    if _ahead and (built := _ahead.pop(_made_of(workspace, base, weights, size, seed), None)):
        return built
    if base.weights.kind == "own":
        return _own(workspace, base, weights, seed)
    path = find_weights(workspace, base, weights)
    with _seeded(seed):
        built = _builder(base)(size)
    model = canonical_names(keras.Model(built.input, built.output, name=base.name))
    if path is not None:
        _load(base, model, path)
    return model


def build_ahead(workspace: Workspace, name: str, weights: str = "imagenet", seed: int = 0) -> keras.Model:
    """Build a base and keep it for the first `build_base` that asks for the very same; what it gives is the same, too.

    Returns:
        The base, not to be changed.

    Raises:
        ConfigError, WeightsError: as `build_base`.
    """
    base = get_base(name)
    key = _made_of(workspace, base, weights, base.input_size, seed)
    if key not in _ahead:
        _ahead[key] = build_base(workspace, base, weights, base.input_size, seed)
    return _ahead[key]


def build_with_top(
    workspace: Workspace, name: str | Base, weights: str = "imagenet", input_size: int | None = None
) -> keras.Model:
    """A base with its ImageNet top, to check its weights: output is logits, float32 (batch, 1000).

    Raises:
        ConfigError: Thaw has no top for this base.
        WeightsError: the weights are missing, damaged or of another network.
    """
    base = get_base(name)
    build = getattr(_module(base), "build_with_top", None)
    if build is None:
        raise ConfigError(
            "Thaw has no ImageNet top for {title}; only those called efficientnet-lite come with one.", title=base.title
        )
    path = find_weights(workspace, base, weights)
    model: keras.Model = build(base.name, _checked_size(base, input_size))
    if path is not None:
        _load(base, model, path)
    return model


def preprocessing(base: str | Base, x: keras.KerasTensor) -> keras.KerasTensor:
    """Scale RGB 0..255, uint8 or float32 (batch, height, width, 3), to what `base` was trained on, as float32.

    Made of built-in Keras layers, so a model saved with it loads with plain `keras.models.load_model`.
    """
    return scale(get_base(base).scaling, x)


def _made_of(workspace: Workspace, base: Base, weights: str, size: int, seed: int) -> tuple[str, str, str, int, int]:
    return base.name, weights, weights_id(workspace, base, weights, seed), size, seed


def _checked_size(base: Base, size: int | None) -> int:
    if size is None:
        return base.input_size
    if base.weights.kind == "own" and size != base.input_size:
        raise ConfigError(
            "{title} takes photos of {input_size} pixels a side and no others; {size} came.",
            title=base.title,
            input_size=base.input_size,
            size=size,
        )
    if not base.minimum_size <= size <= LARGEST_SIZE:
        raise ConfigError(
            "{title} can't take photos of {size} pixels a side; choose {minimum_size} to {largest_size} "
            "({input_size} is what it was trained on).",
            title=base.title,
            size=size,
            minimum_size=base.minimum_size,
            largest_size=LARGEST_SIZE,
            input_size=base.input_size,
        )
    return size


def _own(workspace: Workspace, base: Base, weights: str, seed: int) -> keras.Model:
    """A network that somebody brought; its file holds both what it is made of and what it has learned."""
    path = find_weights(workspace, base)
    assert path is not None  # only random weights have no file
    try:
        model: keras.Model = keras.models.load_model(path, compile=False)
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise WeightsError(
            "{path} can't be loaded ({error}). Open the file of the network {title} again.",
            path=path,
            error=str(error),
            title=base.title,
        ) from error
    if weights == "none":
        with _seeded(seed):
            model = keras.models.clone_model(model)
    elif weights != "imagenet" and (file := find_weights(workspace, base, weights)):
        weights_file.load_weights(model, file)
    model.name = base.name
    return model


def _module(base: Base) -> object:
    """The file that builds the base."""
    module = base.builder.partition(":")[0]
    return keras_applications if module == "keras" else importlib.import_module(module)


def _builder(base: Base) -> Callable[[int], keras.Model]:
    module, function = _module(base), base.builder.partition(":")[2]
    if module is keras_applications:
        return partial(keras_applications.build, function)
    builder: Callable[[int], keras.Model] = getattr(module, function)
    return builder


def _load(base: Base, model: keras.Model, path: Path) -> None:
    """Fill the model; a builder's file may bring its own `load_weights`."""
    getattr(_module(base), "load_weights", weights_file.load_weights)(model, path)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Make the random weights of layers built inside repeatable, and leave everybody else's random numbers alone.

    Keras draws the seed of an initializer that was given none from Python's `random`.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
