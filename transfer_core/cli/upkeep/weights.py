"""`thaw weights`: fetch or import pretrained weights ahead of time, say before a lesson without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from transfer_core.backbones.catalog import BASES, Base, get_base
from transfer_core.backbones.weights import fetch_weights, import_weights
from transfer_core.cli.output import json_option, progress, result, say, stdout_kept_clean
from transfer_core.disk.workspace import Workspace
from transfer_core.text import t

__all__ = ["weights"]


@click.group()
def weights() -> None:
    """Fetch or import pretrained weights ahead of time."""


@weights.command()
@click.argument("names", nargs=-1, required=True, metavar="BASE...")
@json_option
def fetch(names: tuple[str, ...], as_json: bool) -> None:
    """Fetch the ImageNet weights of each BASE that are not here yet; Ctrl+C leaves nothing half-fetched."""
    rows = [get_base(name) for name in names]
    fetched = []
    with stdout_kept_clean(as_json):
        for row in rows:
            with progress(row.title, row.weights.bytes) as advance:
                path = _fetch(row, advance)
            fetched.append({"name": row.name, "path": str(path)})
    result({"fetched": fetched}, as_json, _words)


def _fetch(row: Base, advance: Callable[[int], None]) -> Path:
    return fetch_weights(Workspace.from_environment(), row, lambda done, total: advance(done))


@weights.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@json_option
def import_(folder: Path, as_json: bool) -> None:
    """Take every published weights file found in DIR, e.g. on a memory stick."""
    taken, workspace = [], Workspace.from_environment()
    with stdout_kept_clean(as_json):
        for row in BASES:
            if (folder / row.weights.filename).is_file():
                path = import_weights(workspace, row, folder / row.weights.filename)
                taken.append({"name": row.name, "path": str(path)})
        if not taken:
            names = [row.weights.filename for row in BASES]
            say(t("{folder} holds none of the files Thaw knows: {names}.", folder=folder, names=names))
    result({"fetched": taken}, as_json, _words)


def _words(value: dict[str, Any]) -> str:
    return "\n".join(f"{item['name']}: {item['path']}" for item in value["fetched"])
