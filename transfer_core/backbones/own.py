"""Bases that people bring: a network of their own, checked and divided into layers by `opening`, kept by its name.

The name says all that anyone needs without the file: what it is called, the side of its photos, and eight digits of
what it holds, `own-flowers-224-3fa9c1d0`. So a run of it can be read anywhere, and two of one name are one network.
"""

import re
from pathlib import Path

from transfer_core.backbones.base import Base, Weights
from transfer_core.disk.trash import bring_back, discard
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.text import Sentence

__all__ = ["BASE_FILE", "list_own", "own_base", "own_folder", "own_name", "remove_own", "restore_own"]

BASE_FILE = "base.keras"
_NAME = re.compile(r"own-(?:([a-z0-9][a-z0-9-]{0,39})-)?(\d{2,4})-[0-9a-f]{8}")
_TRASH = ".trash"


def own_name(title: str, size: int, digest: str) -> str:
    """The name of a base.

    Args:
        title: what people call it, such as the name of its file.
        size: side of its photos in pixels.
        digest: SHA-256 of what it holds, hex digits.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-")
    return f"own-{slug}-{size}-{digest[:8]}" if slug else f"own-{size}-{digest[:8]}"


def own_base(name: str) -> Base | None:
    """The row of the base of this name, whether or not its file is here; None for a name of another kind."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    size = int(match[2])
    return Base(
        name=name,
        title=match[1].replace("-", " ").capitalize() if match[1] else name,
        builder="own",
        input_size=size,
        minimum_size=size,
        scaling="none",
        parameters=0,
        top1=0.0,
        top5=None,
        source="",
        litert=False,
        weights=Weights("own", f"own/{name}/{BASE_FILE}", None, "", 0, ""),
        blurb=Sentence("A network of your own, opened from a file."),
    )


def own_folder(workspace: Workspace, name: str) -> Path:
    """Where the base of this name lies, or would."""
    return _folder(workspace) / name


def list_own(workspace: Workspace) -> list[Base]:
    """The bases that were brought, by name."""
    folder = _folder(workspace)
    names = sorted(path.parent.name for path in folder.glob(f"*/{BASE_FILE}")) if folder.is_dir() else []
    return [base for name in names if (base := own_base(name))]


def remove_own(workspace: Workspace, name: str) -> None:
    """Move a base to a trash, where `restore_own` finds it for 30 days.

    Raises:
        ConfigError: there is none of this name.
        StorageError: it can't be moved.
    """
    if own_base(name) is None or not own_folder(workspace, name).is_dir():
        raise ConfigError("There is no network {name!r} of your own here; it may have been removed.", name=name)
    discard(own_folder(workspace, name), _folder(workspace) / _TRASH)


def restore_own(workspace: Workspace, name: str) -> None:
    """Undo `remove_own`.

    Raises:
        ConfigError: the trash holds none of this name.
        StorageError: it can't be moved.
    """
    kept = _folder(workspace) / _TRASH / name
    if own_base(name) is None or not kept.is_dir():
        raise ConfigError("The trash holds no network {name!r}; open its file again.", name=name)
    bring_back(kept, _folder(workspace), BASE_FILE)


def _folder(workspace: Workspace) -> Path:
    return workspace.weights_dir / "own"
