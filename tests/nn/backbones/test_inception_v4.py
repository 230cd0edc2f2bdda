"""InceptionV4: the published sizes, and the published weights file in every layout it may come in."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support import workspace
from transfer_core.errors import WeightsError
from transfer_core.nn.backbones import weights_file
from transfer_core.nn.backbones.build import build_base
from transfer_core.nn.backbones.inception_v4 import build, load_weights

SMALL = 75  # weights do not depend on the size of the photo

# Kernels in the order in which the published port creates its convolutions: height, width, filters (paper, figures
# 3 to 8). The port counts conv2d_1, conv2d_2 and so on in this order.
STEM = "3x3x32 3x3x32 3x3x64 3x3x96 1x1x64 3x3x96 1x1x64 1x7x64 7x1x64 3x3x96 3x3x192"
A = "1x1x96 1x1x64 3x3x96 1x1x64 3x3x96 3x3x96 1x1x96"
REDUCTION_A = "3x3x384 1x1x192 3x3x224 3x3x256"
B = "1x1x384 1x1x192 1x7x224 7x1x256 1x1x192 7x1x192 1x7x224 7x1x224 1x7x256 1x1x128"
REDUCTION_B = "1x1x192 3x3x192 1x1x256 1x7x256 7x1x320 3x3x320"
C = "1x1x256 1x1x384 1x3x256 3x1x256 1x1x384 3x1x448 1x3x512 1x3x256 3x1x256 1x1x256"
KERNELS = " ".join([STEM, *[A] * 4, REDUCTION_A, *[B] * 7, REDUCTION_B, *[C] * 3]).split()


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build(SMALL)


@pytest.fixture(scope="module")
def values(model: keras.Model) -> dict[str, list[NDArray[Any]]]:
    """Other weights for every layer, all different, the three arrays of a batch normalization included."""
    random = np.random.default_rng(0)
    return {
        layer.name: [random.standard_normal(variable.shape, dtype=np.float32) for variable in layer.weights]
        for layer in model.layers
    }


def number(name: str) -> int:
    return int(name.rpartition("_")[2])


def automatic_name(layer: keras.layers.Layer, start: int = 0) -> str:
    """The name Keras 2 gave the layer: its kind and the order of its creation."""
    kind = {"Conv2D": "conv2d", "BatchNormalization": "batch_normalization", "Activation": "activation"}
    return f"{kind[type(layer).__name__]}_{number(layer.name) + start}"


Entry = tuple[str, list[NDArray[Any]]]


def write_legacy(path: Path, entries: Iterable[Entry]) -> Path:
    """A weights file as Keras 2 wrote it."""
    with h5py.File(path, "w") as file:
        entries = list(entries)
        file.attrs["layer_names"] = [name.encode() for name, _ in entries]
        file.attrs["keras_version"] = b"2.0.2"
        for name, arrays in entries:
            ends = ["kernel:0"] if len(arrays) == 1 else ["beta:0", "moving_mean:0", "moving_variance:0"]
            names = [f"{name}/{end}" for end in ends] if arrays else []
            group = file.create_group(name)
            group.attrs["weight_names"] = [array_name.encode() for array_name in names]
            for array_name, array in zip(names, arrays, strict=True):
                group.create_dataset(array_name, data=array)
    return path


def natural(entry: Entry) -> list[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", entry[0])]


def test_sizes_are_the_published_ones() -> None:
    model = build_base(workspace(), "inception-v4", weights="none")
    assert model.input_shape == (None, 299, 299, 3)
    assert model.output_shape == (None, 8, 8, 1536)
    assert model.count_params() == 41_174_400
    assert len(model.weights) == 596
    normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(normalizations) == 149
    assert not any(layer.scale for layer in normalizations)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert not any(layer.use_bias for layer in convolutions)
    by_number = sorted(convolutions, key=lambda layer: number(layer.name))
    assert [f"{h}x{w}x{n}" for h, w, _, n in (layer.kernel.shape for layer in by_number)] == KERNELS


@pytest.mark.parametrize("layout", ["order of layers", "later in a process", "sorted by name", "with the top"])
def test_published_layouts_load(
    model: keras.Model, values: dict[str, list[NDArray[Any]]], tmp_path: Path, layout: str
) -> None:
    for layer in model.layers:
        layer.set_weights([np.zeros_like(array) for array in values[layer.name]])
    named = [layer for layer in model.layers if re.search(r"_(conv|bn|relu)_\d+$", layer.name)]
    start = 149 if layout == "later in a process" else 0
    entries: list[Entry] = [(automatic_name(layer, start), values[layer.name]) for layer in named]
    if layout == "with the top":
        entries.append(("dense_1", [np.zeros((1536, 1001), np.float32)]))
    if layout == "sorted by name":
        entries.sort(key=natural)
        assert entries[149][0] == "batch_normalization_1"
    path = write_legacy(tmp_path / "notop.h5", entries)
    load_weights(model, path)
    path.unlink()
    for layer in model.layers:
        for variable, array in zip(layer.weights, values[layer.name], strict=True):
            np.testing.assert_array_equal(variable.numpy(), array, err_msg=layer.name)


def order_of_keras_2(model: keras.Model) -> list[str]:
    """How Keras 2 sorted `model.layers`: by depth, then by first visit, from the output backwards."""
    inputs = {layer.name: [tensor._keras_history[0].name for tensor in inbound(layer)] for layer in model.layers}
    first_visit: dict[str, int] = {}
    finished: dict[str, None] = {}

    def visit(name: str) -> None:
        first_visit.setdefault(name, len(first_visit))
        for source in inputs[name]:
            if source not in finished:
                visit(source)
        finished[name] = None

    visit(model.output._keras_history[0].name)
    depth = dict.fromkeys(finished, 0)
    for name in reversed(finished):
        for source in inputs[name]:
            depth[source] = max(depth[source], depth[name] + 1)
    return sorted(finished, key=lambda name: (-depth[name], first_visit[name]))


def inbound(layer: keras.layers.Layer) -> list[Any]:
    if isinstance(layer, keras.layers.InputLayer):
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def test_the_layers_stand_in_the_order_of_keras_2(model: keras.Model) -> None:
    assert [layer.name for layer in model.layers] == order_of_keras_2(model)
    convolutions = [number(layer.name) for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert convolutions[:11] == [1, 2, 3, 4, 7, 8, 5, 9, 6, 10, 11], "the longer branch of the stem comes first"


def test_other_files_are_refused(model: keras.Model, values: dict[str, list[NDArray[Any]]], tmp_path: Path) -> None:
    entries = [(layer.name, values[layer.name]) for layer in model.layers if layer.weights][:20]
    with pytest.raises(WeightsError, match="it has 20 layers with weights, expected 298"):
        load_weights(model, write_legacy(tmp_path / "short.h5", entries))
    with pytest.raises(WeightsError, match="stem_conv_1 takes"):
        load_weights(model, write_legacy(tmp_path / "other.h5", entries[1:]))
    for data in (b"not HDF5 at all", b"\x89HDF\r\n\x1a\n cut short"):
        (tmp_path / "damaged.h5").write_bytes(data)
        with pytest.raises(WeightsError, match="damaged"):
            load_weights(model, tmp_path / "damaged.h5")
    with h5py.File(tmp_path / "empty.h5", "w"):
        pass
    with pytest.raises(WeightsError, match="can't be read"):
        weights_file.load_weights(model, tmp_path / "empty.h5")
