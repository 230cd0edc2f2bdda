"""Pooled features at the end of every block, of all blocks in one pass over the photos."""

import keras

from transfer_core.backbones.cost import record_pass
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.arrays import Stored
from transfer_core.nn.export.classifier import photo_input
from transfer_core.nn.features.extract import POOLED, compute_features, find_features
from transfer_core.nn.models.describe import build_tree
from transfer_core.nn.models.graph import layer_calls
from transfer_core.nn.training.session import Session

__all__ = ["block_features", "block_outputs", "tree_of"]


def tree_of(session: Session) -> LayerTree:
    """The tree of the session's base: as stored, or else of the base, which is built for it."""
    return session.tree or build_tree(session.backbone, session.spec.title)


def block_outputs(tree: LayerTree) -> dict[str, str]:
    """The name of the pooled features after each block, by block, in order.

    A block is a whole unit: nothing but its last layer's output leaves it. After the last block they are those that a
    head is trained on, so a training on the same photos finds them.
    """
    names = {block.name: f"{POOLED} after {block.children[-1].name}" for block in tree.blocks}
    return names | {tree.blocks[-1].name: POOLED}


def block_features(session: Session) -> dict[str, Stored]:
    """The global average of each channel at the end of every block, by block: float32 (rows of `pixels`, channels).

    From the cache, or computed in one pass over the photos and kept there.

    Raises:
        ConfigError: the base has blocks that do not give feature maps.
        StorageError: there is no room.
        Stopped: a stop was asked for.
    """
    tree = tree_of(session)
    outputs = block_outputs(tree)
    found = find_features(session.workspace, session.origin, list(outputs.values()))
    missing = [name for name in outputs.values() if name not in found]
    if missing:
        model = _model(session, outputs, missing)
        found |= compute_features(session.workspace, model, missing, session.origin, session.pixels, session.reporter)
        if POOLED in missing:  # the pass went through the whole base
            record_pass(session.workspace, tree, session.reporter.pace)
    return {block: found[name] for block, name in outputs.items()}


def _model(session: Session, outputs: dict[str, str], wanted: list[str]) -> keras.Model:
    """From photos to the pooled features called `wanted`, in inference mode."""
    ends = {outputs[block.name]: block.children[-1].name for block in tree_of(session).blocks}
    tensors = {call.name: call.output for call in layer_calls(session.backbone)}
    trunk = keras.Model(session.backbone.inputs[0], [tensors[ends[name]] for name in wanted])
    photo, scaled = photo_input(session.spec.name, session.spec.input_size)
    maps = trunk(scaled, training=False)
    maps = list(maps) if isinstance(maps, list | tuple) else [maps]
    pools = [keras.layers.GlobalAveragePooling2D(name=f"pooling_{at}") for at in range(len(maps))]
    return keras.Model(photo, [pool(values) for pool, values in zip(pools, maps, strict=True)])
