"""Stored layer trees: the app reads them from disk and needs no Keras.

Those of the catalog come with the package, so that every base opens at once:
`python -m transfer_core.nn.models.describe` makes them, and a test holds them against what the builders build. Others,
such as of another input size, are made when they are first asked for and kept in the workspace.
"""

import gzip
import json
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from transfer_core.backbones.catalog import DEFAULT_BASE, get_base
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.files import read_json, write_bytes, write_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import StorageError

__all__ = ["known_tree", "ship_tree", "shipped_tree", "store_tree", "stored_tree", "tree_path"]

_SHIPPED = Path(__file__).parent / "trees"
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


def ship_tree(base_name: str, tree: LayerTree) -> None:
    """Write the tree of a base into the package itself; the same tree gives the same bytes.

    Raises:
        ConfigError: there is no such base.
    """
    value = json.dumps(tree.to_dict(), separators=(",", ":")).encode()
    _SHIPPED.mkdir(exist_ok=True)
    write_bytes(_shipped_path(base_name), gzip.compress(value, mtime=0))


@cache
def shipped_tree(base_name: str) -> LayerTree | None:
    """The tree of a base, at its own input size, that came with the package; None for a base added since.

    Raises:
        ConfigError: there is no such base.
    """
    path = _shipped_path(base_name)
    return LayerTree.from_dict(json.loads(gzip.decompress(path.read_bytes()))) if path.is_file() else None


def _shipped_path(base_name: str) -> Path:
    return _SHIPPED / f"{get_base(base_name).name}.json.gz"


def stored_tree(workspace: Workspace, base_name: str, input_size: int | None = None) -> LayerTree | None:
    """The stored tree of a base, from the workspace or the package; None where there is none that can be used.

    Raises:
        ConfigError: there is no such base.
    """
    path = tree_path(workspace, base_name, input_size)
    # A cache: what is damaged or of another version is passed over, and made anew.
    with suppress(StorageError, KeyError, TypeError):
        if path.is_file() and (value := read_json(path))["made_by"] == _made_by():
            return LayerTree.from_dict(value)
    own = input_size is None or input_size == get_base(base_name).input_size
    return shipped_tree(base_name) if own else None


def known_tree(workspace: Workspace, base_name: str) -> LayerTree:
    """The stored tree of a base; where there is none yet, that of the default base, to reckon times by.

    Raises:
        ConfigError: there is no such base.
    """
    tree = stored_tree(workspace, base_name) or shipped_tree(DEFAULT_BASE.name)
    assert tree is not None  # the default base comes with its tree
    return tree
