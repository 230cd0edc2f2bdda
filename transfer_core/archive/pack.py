"""Packs a project into one zip."""

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from transfer_core.archive.layout import BASES, CARD, JOBS, PHOTOS, VERSION, folders
from transfer_core.backbones.own import BASE_FILE, own_base, own_folder
from transfer_core.disk.files import atomic_path
from transfer_core.disk.workspace import Project
from transfer_core.errors import DataError, TransferError
from transfer_core.photos.store import Photo, PhotoStore
from transfer_core.runs.folder import is_active, list_runs

__all__ = ["pack"]


def pack(
    project: Project,
    out: Path,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
    jobs: bool = True,
) -> Path:
    """Write a project as a zip: its photos in class folders, its choices, its runs and experiments that have ended, and
    networks of somebody's own that they start from.

    Args:
        project: what is packed.
        out: the file; replaced if it is there, and untouched unless everything could be packed.
        progress: called as progress(done, total, name) before each file.
        cancelled: asked between files; True stops.
        jobs: whether its runs and experiments go along.

    Returns:
        `out`.

    Raises:
        DataError: a photo is gone, or `cancelled` said stop.
        StorageError: the disk is full or `out` can't be written.
    """
    store = PhotoStore(project.photos_dir)
    photos = _names(store.photos())
    job_files = list(_job_files(project)) if jobs else []
    card = {
        "version": VERSION,
        "name": project.name,
        "id": project.id,
        "path": str(project.path),
        "choices": project.choices,
        "classes": list(store.classes()),
        "photos": [
            {"file": file, "name": photo.name, "class": photo.class_name, "split": photo.split}
            for file, photo in photos.items()
        ],
    }
    files = [*((file, photo.path) for file, photo in photos.items()), *job_files, *_base_files(project)]
    # Photos and models are packed already: to pack them again costs time and saves nothing.
    with atomic_path(out) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(CARD, json.dumps(card, indent=1, ensure_ascii=False), zipfile.ZIP_DEFLATED)
        for done, (name, path) in enumerate(files):
            if cancelled():
                raise DataError("Packing was stopped, so there is no zip.")
            progress(done, len(files), name)
            packing = zipfile.ZIP_DEFLATED if path.suffix in (".json", ".jsonl") else zipfile.ZIP_STORED
            try:
                archive.write(path, name, packing)
            except FileNotFoundError as error:
                raise DataError(
                    "{name} is gone from {path}. Put it back or remove it from the project, then try again.",
                    name=name,
                    path=path,
                ) from error
        progress(len(files), len(files), "")
    return out


def _names(photos: list[Photo]) -> dict[str, Photo]:
    """A name in the zip for each photo: its class folder, and its own name, told apart where two have one."""
    named: dict[str, Photo] = {}
    for photo in photos:
        own = PurePosixPath(photo.name).name
        name = f"{PHOTOS}/{photo.class_name}/{own}"
        if name in named:
            stem, dot, ending = own.rpartition(".")
            name = f"{PHOTOS}/{photo.class_name}/{stem or ending} {photo.sha256[:12]}{dot}{ending if stem else ''}"
        named[name] = photo
    return named


def _job_files(project: Project) -> Iterator[tuple[str, Path]]:
    """(name in the zip, path) of every file of a run or an experiment that has ended."""
    for part, folder in folders(project).items():
        for job in list_runs(folder):
            if is_active(job):
                continue
            for name in sorted(JOBS[part]):
                if (job.path / name).is_file():
                    yield f"{part}/{job.id}/{name}", job.path / name


def _base_files(project: Project) -> Iterator[tuple[str, Path]]:
    """(name in the zip, path) of each network that somebody brought and that the project needs."""
    names = {(project.choices.get("base") or {}).get("name", "")}
    for run in list_runs(project.runs_dir):
        with suppress(TransferError):  # a damaged run is packed as it is
            names.add(run.config().base.name)
    for name in sorted(names):
        path = own_folder(project.workspace, name) / BASE_FILE
        if own_base(name) and path.is_file():
            yield f"{BASES}/{name}/{BASE_FILE}", path
