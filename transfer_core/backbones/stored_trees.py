"""Stored layer trees: the app reads them from disk and needs no Keras."""

from functools import cache
from importlib.metadata import version
from pathlib import Path

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.files import read_json, write_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import StorageError

__all__ = ["store_tree", "stored_tree", "tree_path"]

TREE_VERSION = 1  # raised whenever the same base would give another tree


@cache
def _made_by() -> str:
    """Identity of what makes a tree: the Keras version and our own; after a change of either it is made anew."""
    return f"keras {version('keras')}, tree {TREE_VERSION}"


def tree_path(workspace: Workspace, base_name: str, input_size: int | None = None) -> Path:
    """Where the tree of a base is stored; `input_size` in pixels, None for the base's own.

    Raises:
        ConfigError: there is no such base.
    """
    base = get_base(base_name)
    return workspace.cache_dir / "trees" / f"{base.name}-{input_size or base.input_size}.json"


def store_tree(workspace: Workspace, base_name: str, tree: LayerTree, input_size: int | None = None) -> None:
    """Store a tree, atomically.

    Raises:
        ConfigError: there is no such base.
        StorageError: the disk is full or the folder can't be written.
    """
    write_json(tree_path(workspace, base_name, input_size), {"made_by": _made_by(), **tree.to_dict()})


def stored_tree(workspace: Workspace, base_name: str, input_size: int | None = None) -> LayerTree | None:
    """The stored tree of a base; None where there is none, or one that is damaged or of another version.

    Raises:
        ConfigError: there is no such base.
    """
    path = tree_path(workspace, base_name, input_size)
    if not path.is_file():
        return None
    # A cache: whatever can't be used is simply made anew.
    try:
        value = read_json(path)
        return LayerTree.from_dict(value) if value["made_by"] == _made_by() else None
    except (StorageError, KeyError, TypeError):
        return None
