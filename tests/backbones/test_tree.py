"""The layer tree as plain data: order, JSON form, damage."""

import json
from pathlib import Path

import pytest

from transfer_core.backbones.tree import LayerFacts, LayerTree, Node
from transfer_core.errors import StorageError


def layer(name: str, *inputs: str, weights: int = 0, kind: str = "Conv2D") -> Node:
    return Node(name, "layer", weights, (2, 2, 3), (), LayerFacts(kind, inputs, weights, 10))


def tree() -> LayerTree:
    stem = Node("stem", "block", 5, (2, 2, 3), (layer("conv", "input", weights=5), layer("act", "conv")))
    top = Node("top", "block", 6, (2, 2, 3), (layer("norm", "act", weights=6, kind="BatchNormalization"),))
    stages = tuple(Node(block.name, "stage", block.parameters, block.shape, (block,)) for block in (stem, top))
    return LayerTree(Node("Toy", "model", 11, (2, 2, 3), stages), 4)


def test_a_tree_survives_json() -> None:
    assert LayerTree.from_dict(json.loads(json.dumps(tree().to_dict()))) == tree()


def test_a_tree_survives_the_disk(tmp_path: Path) -> None:
    tree().write(tmp_path / "tree.json")
    assert LayerTree.read(tmp_path / "tree.json") == tree()


def test_a_parent_comes_before_its_children() -> None:
    assert [(node.name, depth) for node, depth in tree().walk()] == [
        ("Toy", 0),
        ("stem", 1),
        ("stem", 2),
        ("conv", 3),
        ("act", 3),
        ("top", 1),
        ("top", 2),
        ("norm", 3),
    ]


def test_views() -> None:
    assert [block.name for block in tree().blocks] == ["stem", "top"]
    assert list(tree().layers) == ["conv", "act", "norm"]
    assert tree().weighted == {"conv", "norm"}
    assert [name for name, node in tree().layers.items() if node.facts and node.facts.batch_normalization] == ["norm"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value.update(format=0),
        lambda value: value.pop("tree"),
        lambda value: value["tree"].pop("children"),
        lambda value: value["tree"]["children"][0]["children"][0]["children"][0].pop("flops"),
        lambda value: value.update(tree=[]),
    ],
)
def test_a_damaged_tree_is_refused(damage) -> None:
    value = tree().to_dict()
    damage(value)
    with pytest.raises(StorageError, match=r"stored layer tree"):
        LayerTree.from_dict(value)
