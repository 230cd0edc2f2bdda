"""How long what people made stays: counted from when each was last here."""

import shutil

from transfer_core.classroom.room import Room, Seat
from transfer_core.disk.files import disk_errors
from transfer_core.disk.workspace import Workspace

__all__ = ["expire", "note_visit"]

_SEEN = "seen"  # a file in a person's workspace: its time is when they were last here


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
