"""`thaw project`: which there are, and a whole one as one zip, to keep or to take to another computer."""

from pathlib import Path
from typing import Any

import click

from transfer_core.archive.pack import pack
from transfer_core.archive.unpack import unpack
from transfer_core.cli.output import json_option, progress, result, stdout_kept_clean
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, StorageError
from transfer_core.photos.store import PhotoStore
from transfer_core.runs.folder import list_runs
from transfer_core.text import plural, t

__all__ = ["project"]


@click.group()
def project() -> None:
    """List the projects, keep a whole one (photos, labels, settings, runs) as one zip, or bring one in."""


@project.command("list")
@json_option
def list_projects(as_json: bool) -> None:
    """List the projects with their photos and trained runs."""
    with stdout_kept_clean(as_json):
        found, damaged = Workspace.from_environment().read_projects()
        projects = []
        for one in found:
            try:
                photos = PhotoStore(one.photos_dir).classes() if one.photos_dir.is_dir() else {}
            except StorageError as error:
                damaged[one.id] = str(error)
                continue
            trained = sum(run.model_path.is_file() for run in list_runs(one.runs_dir))
            projects.append(
                {"project": one.id, "name": one.name, "photos": sum(photos.values()), "trained_runs": trained}
            )
    result({"projects": projects, "damaged": damaged}, as_json, _listed)


@project.command("export")
@click.argument("name")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The zip to write.")
@json_option
def export_project(name: str, out: Path, as_json: bool) -> None:
    """Write the project NAME as a zip."""
    with stdout_kept_clean(as_json):
        workspace = Workspace.from_environment()
        found = workspace.find_project(name)
        if found is None:
            raise ConfigError(
                "There is no project called {name!r}. There are: {names}.",
                name=name,
                names=[one.name for one in workspace.list_projects()] or t("none"),
            )
        with progress(t("Packing"), 100) as show:
            pack(found, out, lambda done, total, _: show(100 * done // max(total, 1)))
    result({"project": found.id, "name": found.name, "path": str(out), "bytes": out.stat().st_size}, as_json, _packed)


@project.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def import_project(file: Path, as_json: bool) -> None:
    """Make a project of FILE, a zip that `thaw project export` or the app wrote."""
    with stdout_kept_clean(as_json):
        made = unpack(Workspace.from_environment(), file)
    result({"project": made.id, "name": made.name}, as_json, _unpacked)


def _packed(value: dict[str, Any]) -> str:
    return t("{name} is in {path} ({megabytes:,.1f} MB).", megabytes=value["bytes"] / 1e6, **value)


def _unpacked(value: dict[str, Any]) -> str:
    return t("The project is called {name} here.", **value)


def _listed(value: dict[str, Any]) -> str:
    lines = [
        t(
            "{name}: {photos}, {runs}",
            name=one["name"],
            photos=plural("{n:,} photo", "{n:,} photos", one["photos"]),
            runs=plural("{n:,} trained run", "{n:,} trained runs", one["trained_runs"]),
        )
        for one in value["projects"]
    ]
    return "\n".join([*lines, *value["damaged"].values()]) or t("There is no project yet.")
