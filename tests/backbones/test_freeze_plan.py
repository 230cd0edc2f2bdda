"""Freeze plans and cuts, on hand-made and on random graphs; no Keras."""

from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer_core.backbones.freeze_plan import (
    PRESETS,
    FreezePlan,
    count_last_blocks,
    cut,
    everything,
    from_block,
    head_only,
    last_block,
    last_blocks,
    last_stage,
    partition_graph,
)
from transfer_core.backbones.tree import LayerFacts, LayerTree, Node
from transfer_core.errors import ConfigError

SIZE = 8


def layer(name: str, inputs: tuple[str, ...], shape: tuple[int, ...] = (4, 4, 2), weights: int = 0) -> Node:
    return Node(name, "layer", weights, shape, (), LayerFacts("Any", inputs, weights, 10))


def tree_of(stages: dict[str, dict[str, list[Node]]]) -> LayerTree:
    nodes = []
    for stage, blocks in stages.items():
        inner = tuple(
            Node(name, "block", _sum(layers), layers[-1].shape, tuple(layers)) for name, layers in blocks.items()
        )
        nodes.append(Node(stage, "stage", _sum(inner), inner[-1].shape, inner))
    return LayerTree(Node("Toy", "model", _sum(nodes), nodes[-1].shape, tuple(nodes)), SIZE)


def _sum(nodes: Any) -> int:
    return sum(node.parameters for node in nodes)


def residual(name: str, source: str, weights: int = 20) -> list[Node]:
    """Activation first, as in Xception: the skip connection leaves before it."""
    return [
        layer(f"{name}_act", (source,)),
        layer(f"{name}_conv", (f"{name}_act",), weights=weights),
        layer(f"{name}_add", (source, f"{name}_conv")),
    ]


@pytest.fixture
def tree() -> LayerTree:
    return tree_of(
        {
            "stem": {"stem": [layer("pad", ("input",), (10, 10, 3)), layer("conv", ("pad",), weights=10)]},
            "stage1": {"block1": residual("block1", "conv"), "block2": residual("block2", "block1_add")},
            "stage2": {"block3": residual("block3", "block2_add")},
            "top": {
                "top": [layer("top_conv", ("block3_add",), (4, 4, 5), 30), layer("top_act", ("top_conv",), (4, 4, 5))]
            },
        }
    )


def test_a_plan_is_a_sorted_set() -> None:
    assert FreezePlan(("b", "a", "b")) == FreezePlan(("a", "b"))


@pytest.mark.parametrize("wrong", ["conv", (1, 2)])
def test_a_plan_takes_names_only(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="list of layer names"):
        FreezePlan(wrong)


def test_last_blocks_train_what_has_weights(tree: LayerTree) -> None:
    assert last_blocks(tree, 2).trainable == ("block3_conv", "top_conv")
    assert from_block(tree, "block3") == last_blocks(tree, 2)


@pytest.mark.parametrize("count", [-1, 6])
def test_more_blocks_than_there_are(tree: LayerTree, count: int) -> None:
    with pytest.raises(ConfigError, match=f"5 blocks, so the last {count} can't be trained.*0 to 5"):
        last_blocks(tree, count)


def test_unknown_names_are_refused(tree: LayerTree) -> None:
    with pytest.raises(ConfigError, match=r"no block called 'block9'.*stem, block1"):
        from_block(tree, "block9")
    with pytest.raises(ConfigError, match="no layer called 'conv9'"):
        cut(tree, FreezePlan(("conv9",)))


def test_presets_rise_from_nothing_to_everything(tree: LayerTree) -> None:
    assert [count_last_blocks(tree, make(tree)) for make in PRESETS.values()] == [0, 2, 4, 5]
    assert head_only(tree).head_only
    assert last_block(tree) == from_block(tree, "block3"), "a top alone is not what anybody means by the last block"
    assert last_stage(tree) == from_block(tree, "block1"), "a stage of one block would be the last block again"
    assert set(everything(tree).trainable) == tree.weighted


def test_presets_without_a_top() -> None:
    plain = tree_of({"conv": {"a": [layer("a", ("input",), weights=1)], "b": [layer("b", ("a",), weights=1)]}})
    assert last_block(plain).trainable == ("b",)
    assert last_stage(plain) == everything(plain)


def test_count_is_the_inverse_of_last_blocks(tree: LayerTree) -> None:
    for count in range(len(tree.blocks) + 1):
        assert count_last_blocks(tree, last_blocks(tree, count)) == count
    assert count_last_blocks(tree, FreezePlan(("conv",))) is None
    assert count_last_blocks(tree, FreezePlan(("conv", "top_conv"))) is None


def test_blocks_without_weights_do_not_count() -> None:
    tree = tree_of(
        {
            "stage": {
                "a": [layer("a", ("input",), weights=1)],
                "pool": [layer("pool", ("a",))],
                "b": [layer("b", ("pool",), weights=1)],
                "act": [layer("act", ("b",))],
            }
        }
    )
    counts = [count_last_blocks(tree, last_blocks(tree, count)) for count in range(5)]
    assert counts == [0, 0, 2, 2, 4], "an activation behind, or a pooling below, trains nothing of its own"


def test_frozen_base_gives_pooled_features(tree: LayerTree) -> None:
    found = cut(tree, FreezePlan())
    assert (found.frontier, found.frontier_values, found.suffix_flops) == (("top_act",), 5, 0)
    assert (found.trainable_parameters, found.frozen_parameters) == (0, 100)


def test_one_tensor_crosses_below_an_activation_first_block(tree: LayerTree) -> None:
    found = cut(tree, last_blocks(tree, 2))
    assert (found.frontier, found.frontier_values) == (("block2_add",), 32)
    assert found.suffix_flops == 10 * 5, "the activation moves over to the suffix"
    assert found.prefix_flops + found.suffix_flops == 10 * len(tree.layers)
    assert (found.trainable_parameters, found.frozen_parameters) == (50, 50)


def test_training_the_first_layer_takes_the_photo_itself(tree: LayerTree) -> None:
    found = cut(tree, FreezePlan(("conv",)))
    assert (found.frontier, found.frontier_values, found.prefix_flops) == (("input",), SIZE * SIZE * 3, 0)
    assert (found.trainable_parameters, found.frozen_parameters) == (10, 90)


def test_a_skip_connection_over_the_cut_crosses_too(tree: LayerTree) -> None:
    branch = tree_of(
        {
            "stage": {
                "block": [
                    layer("a", ("input",), weights=1),
                    layer("b", ("a",), weights=1),
                    layer("c", ("b",), weights=1),
                    layer("add", ("a", "c")),
                ]
            }
        }
    )
    assert cut(branch, FreezePlan(("c",))).frontier == ("a", "b")


def test_a_smaller_pooled_tensor_crosses_instead_of_the_larger_one() -> None:
    tree = tree_of(
        {
            "stage": {
                "block": [
                    layer("a", ("input",), (8, 8, 2), weights=1),
                    layer("pool", ("a",), (4, 4, 2)),
                    layer("b", ("pool",), weights=1),
                ]
            }
        }
    )
    assert cut(tree, FreezePlan(("b",))).frontier == ("pool",)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, Node], set[str]]:
    """Layers in graph order, each with one or two inputs from before it, and some of those with weights to train."""
    names = ["input"]
    layers = {}
    for index in range(draw(st.integers(1, 12))):
        sources = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
        name, shape = f"layer{index}", (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
        layers[name] = layer(name, tuple(sources), shape, draw(st.sampled_from([0, 0, 7])))
        names.append(name)
    weighted = sorted(name for name, node in layers.items() if node.parameters)
    return layers, draw(st.sets(st.sampled_from(weighted))) if weighted else set()


@settings(derandomize=True, max_examples=300, deadline=None)
@given(graphs())
def test_a_division_holds_for_any_graph(case: tuple[dict[str, Node], set[str]]) -> None:
    layers, trainable = case
    inputs = {name: node.facts.inputs for name, node in layers.items() if node.facts}
    division = partition_graph(layers, trainable, SIZE)

    downstream: set[str] = set()
    for name, sources in inputs.items():
        if name in trainable or downstream.intersection(sources):
            downstream.add(name)
    assert downstream <= division.suffix, "whatever a trainable layer reaches runs each epoch"
    moved = division.suffix - downstream
    assert not any(layers[name].parameters for name in moved), "only layers without weights move over"
    assert bool(division.suffix) == bool(trainable)

    for name, sources in inputs.items():
        if name not in division.suffix:
            assert not division.suffix.intersection(sources), "the prefix takes nothing from the suffix"
    takes = {source for name in division.suffix for source in inputs[name]}
    assert division.frontier == tuple(name for name in ("input", *layers) if name in takes - division.suffix)

    def values(names: set[str]) -> int:
        return sum(prod(layers[name].shape) if name in layers else SIZE for name in names)

    plain = {source for name in downstream for source in inputs[name]} - downstream
    assert values(set(division.frontier)) <= values(plain), "moving a layer never makes more cross"
