"""What a person set for all of their projects: settings.json of the workspace."""

from typing import Any

from transfer_core.disk.files import read_json, write_json
from transfer_core.disk.workspace import Workspace

__all__ = ["keep_setting", "read_setting"]


def read_setting(workspace: Workspace, name: str, default: Any = None) -> Any:
    """A setting as it is stored, a JSON value; `default` where there is none.

    Raises:
        StorageError: the file is damaged.
    """
    path = workspace.settings_path
    return read_json(path).get(name, default) if path.exists() else default


def keep_setting(workspace: Workspace, name: str, value: Any) -> None:
    """Store a setting, a JSON value, beside the others.

    Raises:
        StorageError: the file is damaged, or can't be written.
    """
    path = workspace.settings_path
    write_json(path, (read_json(path) if path.exists() else {}) | {name: value})
