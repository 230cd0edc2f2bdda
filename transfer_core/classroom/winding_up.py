"""The end of a lesson: everything in one zip, and everything deleted."""

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from transfer_core.archive.pack import pack
from transfer_core.classroom.room import Room
from transfer_core.disk.cache import clear
from transfer_core.disk.files import atomic_path, disk_errors
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import DataError

__all__ = ["collect", "collected_path", "delete_all"]


def collected_path(room: Room) -> Path:
    """Where `collect` puts its zip."""
    return room.folder / "collected" / "everything.zip"


def collect(
    room: Room,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Put every project of everybody but the teacher into one zip: a folder a person, a zip a project in it.

    Each of those can be opened in any Thaw (Open a project from a zip).

    Args:
        room: whose.
        progress: called as progress(done, total, name) before each project.
        cancelled: asked between files; True stops.

    Returns:
        The zip, as in `collected_path`.

    Raises:
        DataError: `cancelled` said stop, or a project lacks a photo; the zip of before is untouched.
        StorageError: the disk is full or can't be written.
    """
    projects = [
        (seat, project) for seat in room.seats if not seat.teaches for project in room.workspace(seat).list_projects()
    ]
    out = collected_path(room)
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=out.parent) as scratch,
            atomic_path(out) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
        ):
            for done, (seat, project) in enumerate(projects):
                if cancelled():
                    raise DataError("Packing was stopped, so there is no zip.")
                progress(done, len(projects), project.name)
                packed = pack(project, Path(scratch) / "project.zip", cancelled=cancelled)
                archive.write(packed, f"{seat.number:03d}/{project.id}.zip")
            listed = [f"{seat.number:03d}\t{seat.name}" for seat in room.seats if not seat.teaches]
            archive.writestr("people.txt", "\n".join(listed) + "\n")
    progress(len(projects), len(projects), "")
    return out


def delete_all(room: Room) -> None:
    """Delete for good what everybody but the teacher made, the zip of it, and all caches. Stop their jobs before.

    Raises:
        StorageError: something can't be removed; asked again, it goes on.
    """
    for folder in (room.folder / "seats", room.folder / "collected"):
        with disk_errors(folder):
            if folder.is_dir():
                shutil.rmtree(folder)
    clear(Workspace(room.folder))
