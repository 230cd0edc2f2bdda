"""Pooled features at the end of every block, of all blocks in one pass over the photos."""

from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.arrays import Stored
from transfer_core.nn.features.model import POOLED, pooled_after
from transfer_core.nn.models.describe import build_tree
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
    names = {block.name: pooled_after(block.children[-1].name) for block in tree.blocks}
    return names | {tree.blocks[-1].name: POOLED}


def block_features(session: Session) -> dict[str, Stored]:
    """The global average of each channel at the end of every block, by block: float32 (rows of `pixels`, channels).

    From the cache, or computed in one pass over the photos and kept there.

    Raises:
        StorageError: there is no room.
        Stopped: a stop was asked for.
    """
    outputs = block_outputs(tree_of(session))
    found = session.features(list(outputs.values()))
    return {block: found[name] for block, name in outputs.items()}
