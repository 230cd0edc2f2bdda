"""A Keras model -> its tree of stages, blocks and layers.

`python -m transfer_core.nn.models.describe` writes the trees of the catalog into the package.
"""

import tempfile
from itertools import groupby
from math import prod
from pathlib import Path
from typing import Any

import keras

from transfer_core.backbones.catalog import BASES, get_base
from transfer_core.backbones.stored_trees import ship_tree, store_tree, stored_tree
from transfer_core.backbones.tree import LayerFacts, LayerTree, Node
from transfer_core.disk.workspace import Workspace
from transfer_core.nn.models.blocks import group_blocks
from transfer_core.nn.models.flops import layer_flops
from transfer_core.nn.models.graph import LayerCall, layer_calls

__all__ = ["build_tree", "layer_nodes", "load_tree"]


def _trainable_parameters(operation: Any) -> int:
    # What a layer declared as trainable, whether or not it is frozen at this moment; nested layers included.
    layers = operation._flatten_layers() if isinstance(operation, keras.Layer) else ()
    return int(sum(prod(variable.shape) for layer in layers for variable in layer._trainable_variables))


def _layer(call: LayerCall) -> Node:
    parameters = int(sum(prod(weight.shape) for weight in getattr(call.operation, "weights", ())))
    facts = LayerFacts(
        type(call.operation).__name__, call.input_names, _trainable_parameters(call.operation), layer_flops(call)
    )
    return Node(call.name, "layer", parameters, call.shape, (), facts)


def layer_nodes(calls: list[LayerCall]) -> dict[str, Node]:
    """The leaves of the tree by name, in graph order."""
    return {call.name: _layer(call) for call in calls}


def build_tree(model: keras.Model, title: str) -> LayerTree:
    """Describe a base as model > stage > block > layer.

    Args:
        model: a functional model with one input (size, size, channels) of fixed size and one output.
        title: what people call the network; the name of the root.

    Raises:
        ConfigError: the model can't be divided layer by layer (see `layer_calls`).
    """
    calls = layer_calls(model)
    leaves = layer_nodes(calls)
    stages = []
    for stage_name, group in groupby(group_blocks(calls), key=lambda block: block.stage):
        blocks = []
        for block in group:
            layers = tuple(leaves[call.name] for call in block.calls)
            blocks.append(Node(block.name, "block", sum(node.parameters for node in layers), layers[-1].shape, layers))
        parameters = sum(node.parameters for node in blocks)
        stages.append(Node(stage_name, "stage", parameters, blocks[-1].shape, tuple(blocks)))
    root = Node(title, "model", sum(stage.parameters for stage in stages), stages[-1].shape, tuple(stages))
    return LayerTree(root, int(model.inputs[0].shape[1]))


def load_tree(workspace: Workspace, base_name: str, input_size: int | None = None) -> LayerTree:
    """The tree of a base of the catalog, from disk or else built with random weights and stored for the next time.

    Args:
        workspace: that holds the trees.
        base_name: a name of the catalog.
        input_size: side of the square input in pixels; None is the base's own.

    Raises:
        ConfigError: there is no such base.
        StorageError: the tree can't be stored.
    """
    known = stored_tree(workspace, base_name, input_size)
    if known is not None:
        return known
    from transfer_core.nn.backbones.build import build_base

    base = get_base(base_name)
    tree = build_tree(build_base(workspace, base_name, weights="none", input_size=input_size), base.title)
    store_tree(workspace, base_name, tree, input_size)
    return tree


def _ship() -> None:
    from transfer_core.nn.backbones.build import build_base

    with tempfile.TemporaryDirectory() as folder:
        for base in BASES:
            ship_tree(base.name, build_tree(build_base(Workspace(Path(folder)), base, weights="none"), base.title))
            print(base.name)


if __name__ == "__main__":
    _ship()
