"""The layer tree of every base: units, names, facts, and how it is stored."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.support import workspace
from transfer_core.backbones.catalog import BASES, get_base
from transfer_core.backbones.freeze_plan import PRESETS, count_last_blocks, cut, last_blocks
from transfer_core.backbones.stored_trees import shipped_tree, stored_tree, tree_path
from transfer_core.backbones.tree import LayerTree
from transfer_core.errors import ConfigError
from transfer_core.nn.backbones.build import build_base
from transfer_core.nn.backbones.names import canonical_names
from transfer_core.nn.models.describe import build_tree, load_tree
from transfer_core.nn.models.graph import layer_calls

NAMES = [base.name for base in BASES]

# Stages, blocks, and multiply-adds of one photo in 10^9 as the papers or Keras' own documentation give them.
EXPECTED = {
    "efficientnet-lite0": (9, 18, 0.39),
    "efficientnet-lite1": (9, 23, 0.63),
    "efficientnet-lite2": (9, 23, 0.90),
    "vgg16": (5, 13, 15.3),
    "vgg19": (5, 16, 19.5),
    "resnet50": (5, 17, 3.9),
    "xception": (3, 14, 8.4),
    "inception-v3": (4, 12, 5.7),
    "inception-v4": (4, 17, 12.3),
    "inception-resnet-v2": (5, 45, 13.2),
    "mobilenet": (6, 14, 0.57),
    "mobilenet-v2": (9, 19, 0.30),
    "efficientnet-v2-b0": (8, 23, 0.72),
    "convnext-tiny": (6, 23, 4.5),
}

LAST_BLOCKS = {
    "efficientnet-lite0": ["block6d", "block7a", "top"],
    "efficientnet-lite1": ["block6e", "block7a", "top"],
    "efficientnet-lite2": ["block6e", "block7a", "top"],
    "vgg16": ["block5_conv1", "block5_conv2", "block5_conv3"],
    "vgg19": ["block5_conv2", "block5_conv3", "block5_conv4"],
    "resnet50": ["conv5_block1", "conv5_block2", "conv5_block3"],
    "xception": ["block12", "block13", "block14"],
    "inception-v3": ["mixed8", "mixed9", "mixed10"],
    "inception-v4": ["inception_c1", "inception_c2", "inception_c3"],
    "inception-resnet-v2": ["block8_9", "block8_10", "top"],
    "mobilenet": ["block_11", "block_12", "block_13"],
    "mobilenet-v2": ["block_15", "block_16", "top"],
    "efficientnet-v2-b0": ["block6g", "block6h", "top"],
    "convnext-tiny": ["stage_3_block_1", "stage_3_block_2", "top"],
}


@cache
def built(name: str) -> tuple[LayerTree, int]:
    """The tree of a base, and what Keras counts as its parameters."""
    model = build_base(workspace(), name, "none")
    return build_tree(model, get_base(name).title), model.count_params()


def block_layers(tree: LayerTree, block: str) -> list[str]:
    return next([layer.name for layer in found.children] for found in tree.blocks if found.name == block)


@pytest.mark.parametrize("name", NAMES)
def test_units(name: str) -> None:
    tree, parameters = built(name)
    stages, blocks, giga = EXPECTED[name]
    names = [block.name for block in tree.blocks]
    assert (len(tree.stages), len(names)) == (stages, blocks)
    assert names[-3:] == LAST_BLOCKS[name]
    for nodes in (tree.stages, tree.blocks):
        assert len({node.name for node in nodes}) == len(nodes)
    assert tree.root.parameters == parameters == sum(layer.parameters for layer in tree.layers.values())
    flops = sum(layer.facts.flops for layer in tree.layers.values() if layer.facts)
    assert flops / 2e9 == pytest.approx(giga, rel=0.05)
    assert tree.root.name == get_base(name).title
    assert tree.input_size == get_base(name).input_size


@pytest.mark.parametrize("name", NAMES)
def test_layers_follow_their_inputs(name: str) -> None:
    tree, _ = built(name)
    seen = {"input_layer"}
    for layer in tree.layers.values():
        assert layer.facts and seen.issuperset(layer.facts.inputs)
        seen.add(layer.name)


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_between_blocks_is_one_tensor(name: str) -> None:
    tree, _ = built(name)
    for count in range(len(tree.blocks) + 1):
        plan = last_blocks(tree, count)
        found = cut(tree, plan)
        assert count_last_blocks(tree, plan) == count, "every block has something to train"
        assert len(found.frontier) == 1, f"{tree.blocks[-count].name}: {found.frontier}"
        if 0 < count < len(tree.blocks):
            inside = block_layers(tree, tree.blocks[-count - 1].name)
            assert found.frontier[0] in inside, "nothing of the last frozen block runs again each epoch but its tail"
    assert cut(tree, last_blocks(tree, len(tree.blocks))).frontier == ("input_layer",)


@pytest.mark.parametrize("name", NAMES)
def test_presets_differ(name: str) -> None:
    tree, _ = built(name)
    counts = [count_last_blocks(tree, make(tree)) for make in PRESETS.values()]
    assert None not in counts
    assert counts == sorted(set(counts))


def test_blocks_hold_their_side_branches() -> None:
    xception, _ = built("xception")
    assert {"conv2d", "batch_normalization", "add", "block2_pool"} < set(block_layers(xception, "block2"))
    resnet, _ = built("resnet50")
    assert {"conv2_block1_0_conv", "conv2_block1_out"} < set(block_layers(resnet, "conv2_block1"))
    inception, _ = built("inception-resnet-v2")
    assert block_layers(inception, "block35_1")[-2:] == ["custom_scale_layer", "block35_1_ac"]
    vgg, _ = built("vgg16")
    assert block_layers(vgg, "block5_conv3") == ["block5_conv3", "block5_pool"]


def test_facts_of_layers() -> None:
    tree, _ = built("efficientnet-lite0")
    conv, norm = tree.layers["stem_conv"], tree.layers["stem_bn"]
    assert conv.facts and norm.facts
    assert (conv.shape, conv.parameters, conv.facts.inputs) == ((112, 112, 32), 864, ("input_layer",))
    assert conv.facts.flops == 2 * 3 * 3 * 3 * 32 * 112 * 112
    assert (norm.parameters, norm.facts.trainable_parameters) == (128, 64), "moving statistics do not train"
    depthwise = tree.layers["block1a_dwconv"]
    assert depthwise.facts and depthwise.facts.flops == 2 * 3 * 3 * 32 * 112 * 112


def test_a_nested_model_is_one_layer() -> None:
    tree, _ = built("convnext-tiny")
    stem = tree.layers["convnext_tiny_stem"]
    assert stem.facts and stem.facts.type == "Sequential"
    assert stem.facts.trainable_parameters == stem.parameters == 4 * 4 * 3 * 96 + 3 * 96
    assert stem.facts.flops == 2 * 4 * 4 * 3 * 96 * 56 * 56 + (1 + 8) * 96 * 56 * 56
    assert tree.layers["add"].facts, "a bare Keras operation is a layer too"


def test_a_frozen_layer_still_has_trainable_parameters() -> None:
    model = build_base(workspace(), "mobilenet", "none", 32)
    before = build_tree(model, "MobileNet")
    model.trainable = False
    assert build_tree(model, "MobileNet") == before


# Names


def test_names_are_those_of_a_fresh_process() -> None:
    for name in ("xception", "convnext-tiny"):  # so that the counters of this process are elsewhere
        built(name)
    code = (
        "import json\n"
        "from transfer_core.nn.backbones.build import build_base\n"
        "from transfer_core.nn.models.describe import build_tree\n"
        "from transfer_core.disk.workspace import Workspace\n"
        "space = Workspace.from_environment()\n"
        "models = [build_base(space, name, 'none', 71) for name in ('convnext-tiny', 'xception')]\n"
        "print(json.dumps([build_tree(model, 'it').to_dict() for model in models]))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    fresh = [LayerTree.from_dict(value) for value in json.loads(answer.stdout.splitlines()[-1])]
    here = [build_tree(build_base(workspace(), name, "none", 71), "it") for name in ("convnext-tiny", "xception")]
    assert fresh == here


def auto_named() -> keras.Model:
    """A residual network whose layers all have automatic names, a bare operation among them."""
    x = inputs = keras.Input((8, 8, 3))
    for _ in range(3):
        y = keras.layers.BatchNormalization()(keras.layers.Conv2D(3, 3, padding="same")(x))
        x = keras.layers.Add()([x, y]) + 1.0
    return keras.Model(inputs, x)


def test_canonical_names_survive_files(tmp_path: Path) -> None:
    auto_named()
    model = canonical_names(auto_named())
    names = [call.name for call in layer_calls(model)]
    assert {"conv2d", "conv2d_1", "conv2d_2", "batch_normalization"} < set(names)
    assert model.inputs[0].name == "input_layer"
    photo = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    expected = np.asarray(model(photo))

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert [call.name for call in layer_calls(loaded)] == names
    np.testing.assert_array_equal(np.asarray(loaded(photo)), expected)

    model.save_weights(tmp_path / "it.weights.h5")
    again = auto_named()  # with other automatic names
    again.load_weights(tmp_path / "it.weights.h5")
    np.testing.assert_array_equal(np.asarray(canonical_names(again)(photo)), expected)
    assert [call.name for call in layer_calls(canonical_names(again))] == names


def test_a_name_that_is_taken_is_refused() -> None:
    inputs = keras.Input((2, 2, 3))
    x = keras.layers.Activation("relu", name="conv2d")(keras.layers.Conv2D(3, 1)(inputs))
    with pytest.raises(ConfigError, match="already has a layer called 'conv2d'"):
        canonical_names(keras.Model(inputs, x))


# Networks of no known family, and those that can't be divided


def test_a_network_of_no_known_family() -> None:
    x = inputs = keras.Input((16, 16, 3), name="photo")
    x = keras.layers.Conv2D(4, 3, padding="same", name="first")(x)
    x = keras.layers.ReLU(name="relu")(x)
    y = keras.layers.Conv2D(4, 3, padding="same", name="branch")(x)
    x = keras.layers.Add(name="join")([x, y])
    x = keras.layers.MaxPooling2D(name="pool")(x)
    x = keras.layers.Conv2D(8, 3, name="last")(x)
    tree = build_tree(keras.Model(inputs, x), "Mine")
    found = {
        stage.name: {block.name: block_layers(tree, block.name) for block in stage.children} for stage in tree.stages
    }
    assert found == {
        "stage1": {"first": ["first", "relu"], "join": ["branch", "join", "pool"]},
        "stage2": {"last": ["last"]},
    }


def test_dense_blocks() -> None:
    tree = build_tree(
        keras.applications.DenseNet121(weights=None, include_top=False, input_shape=(64, 64, 3)), "DenseNet"
    )
    assert [stage.name for stage in tree.stages] == ["stem", "conv2", "conv3", "conv4", "conv5", "top"]
    assert [len(stage.children) for stage in tree.stages] == [1, 7, 13, 25, 16, 1]
    assert all(len(cut(tree, last_blocks(tree, count)).frontier) == 1 for count in range(len(tree.blocks)))


def test_what_can_not_be_divided_is_refused() -> None:
    inputs = keras.Input((4, 4, 3))
    shared = keras.layers.Conv2D(3, 1, name="shared")
    with pytest.raises(ConfigError, match="'shared' is called more than once"):
        layer_calls(keras.Model(inputs, shared(shared(inputs))))
    with pytest.raises(ConfigError, match="2 inputs and 1 outputs"):
        other = keras.Input((4, 4, 3))
        layer_calls(keras.Model([inputs, other], keras.layers.Add()([inputs, other])))
    with pytest.raises(ConfigError, match="'halves' gives 2 tensors"):
        left, _ = keras.layers.Lambda(lambda x: (x, x), name="halves")(inputs)
        layer_calls(keras.Model(inputs, left))
    with pytest.raises(ConfigError, match="no graph of layers"):
        layer_calls(keras.Sequential([keras.layers.Dense(2)]))


# On disk


def test_a_tree_is_stored_once(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stored_tree(workspace(), "mobilenet", 64) is None
    first = load_tree(workspace(), "mobilenet", 64)
    assert stored_tree(workspace(), "mobilenet", 64) == first != built("mobilenet")[0]
    monkeypatch.setattr("transfer_core.nn.backbones.build.build_base", None)
    assert load_tree(workspace(), "mobilenet", 64) == first
    assert stored_tree(workspace(), "mobilenet", 96) is None, "another size has other shapes"


@pytest.mark.parametrize("name", NAMES)
def test_the_tree_that_comes_with_the_package_is_what_the_builder_builds(thaw_home: Path, name: str) -> None:
    assert shipped_tree(name) == stored_tree(workspace(), name) == built(name)[0], (
        "run `python -m transfer_core.nn.models.describe`"
    )
    assert not workspace().root.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"made_by": "keras ', '"made_by": "keras 0.'),
        lambda text: text.replace('"format": ', '"format": 9'),
        lambda text: "[]",
    ],
)
def test_a_tree_that_does_not_fit_is_made_anew(thaw_home: Path, damage) -> None:
    tree = load_tree(workspace(), "mobilenet", 32)
    path = tree_path(workspace(), "mobilenet", 32)
    path.write_text(damage(path.read_text()))
    assert stored_tree(workspace(), "mobilenet", 32) is None
    assert load_tree(workspace(), "mobilenet", 32) == tree == stored_tree(workspace(), "mobilenet", 32)


def test_an_unknown_base_is_refused(thaw_home: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no base '\.\./x'"):
        tree_path(workspace(), "../x")
