"""The end of a lesson: everything in one zip, and everything deleted."""

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from transfer_core.archive.pack import pack
from transfer_core.classroom.room import Room, Seat
from transfer_core.disk.cache import clear
from transfer_core.disk.files import atomic_path, disk_errors
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import DataError

__all__ = ["collect", "collected_path", "delete_all", "expire", "note_visit"]

_SEEN = "seen"  # a file in a person's workspace: its time is when they were last here


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


def note_visit(workspace: Workspace) -> None:
    """Note that a person was here just now.

    Raises:
        StorageError: the disk can't be written.
    """
    path = workspace.root / _SEEN
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def expire(room: Room, now: float) -> list[Seat]:
    """Delete for good what people made who were not here for `ClassLimits.keep_days`; the teacher's stays.

    Args:
        room: whose.
        now: the time, in seconds since the epoch.

    Returns:
        Whose it was.

    Raises:
        StorageError: something can't be removed.
    """
    gone = []
    for seat in room.seats:
        folder = room.workspace(seat).root
        if seat.teaches or not folder.is_dir():
            continue
        seen = folder / _SEEN
        with disk_errors(folder):
            last = (seen if seen.exists() else folder).stat().st_mtime
            if now - last > room.limits.keep_days * 86_400:
                shutil.rmtree(folder)
                gone.append(seat)
    return gone
