"""What a person set for all of their projects: settings.json of the workspace."""

from typing import Any

from transfer_core.disk.files import read_json, write_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import StorageError

__all__ = ["keep_setting", "read_setting"]


def read_setting(workspace: Workspace, name: str, default: Any = None) -> Any:
    """A setting as it is stored, a JSON value; `default` where there is none.

    Raises:
        StorageError: the file is damaged.
    """
    return _settings(workspace).get(name, default)


def keep_setting(workspace: Workspace, name: str, value: Any) -> None:
    """Store a setting, a JSON value, beside the others.

    Raises:
        StorageError: the file is damaged, or can't be written.
    """
    write_json(workspace.settings_path, _settings(workspace) | {name: value})


def _settings(workspace: Workspace) -> dict[str, Any]:
    path = workspace.settings_path
    found = read_json(path) if path.exists() else {}
    if not isinstance(found, dict):
        raise StorageError(
            "{path} is damaged: settings were expected. Remove it; your projects are not in it.", path=path
        )
    return found
