"""Projects that the teacher hands out: each person starts from a copy of their own."""

import re
import secrets
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transfer_core.archive.pack import pack
from transfer_core.archive.unpack import unpack
from transfer_core.classroom.room import Room
from transfer_core.disk.files import disk_errors, read_json, write_json
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.errors import ConfigError, StorageError

__all__ = ["Handout", "hand_out", "handouts", "start_from", "take_back"]

_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Handout:
    """A project that anybody in the room may start from."""

    id: str
    name: str
    photos: int
    made: float
    """When it was handed out, in seconds since the epoch."""


def hand_out(
    room: Room,
    project: Project,
    photos: int,
    when: float,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Handout:
    """Offer everybody a copy of a project as it is now: its photos and choices, not what was trained.

    Args:
        room: where.
        project: the teacher's.
        photos: how many it has.
        when: the time, in seconds since the epoch.
        progress, cancelled: as in `archive.pack`.

    Raises:
        DataError, StorageError: as `archive.pack`.
    """
    made = Handout(secrets.token_hex(6), project.name, photos, when)
    pack(project, _zip(room, made.id), progress, cancelled, jobs=False)
    write_json(_card(room, made.id), {"name": made.name, "photos": made.photos, "made": made.made})
    return made


def handouts(room: Room) -> list[Handout]:
    """What is offered, newest first; what can't be read is left out."""
    found = []
    for path in _folder(room).glob("*.json") if _folder(room).is_dir() else ():
        try:
            value = read_json(path)
            if _ID.fullmatch(path.stem):
                found.append(Handout(path.stem, str(value["name"]), int(value["photos"]), float(value["made"])))
        except (StorageError, KeyError, TypeError, ValueError):
            continue  # being written, or damaged: the teacher hands it out again
    return sorted(found, key=lambda one: one.made, reverse=True)


def start_from(
    room: Room,
    handout_id: str,
    workspace: Workspace,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Project:
    """Make a project of one's own from what the teacher handed out.

    Raises:
        ConfigError: it is offered no longer.
        DataError, StorageError: as `archive.unpack`.
    """
    if not _ID.fullmatch(handout_id) or not zipfile.is_zipfile(_zip(room, handout_id)):
        raise ConfigError("Your teacher offers this project no longer. Reload the page.")
    return unpack(workspace, _zip(room, handout_id), progress, cancelled)


def take_back(room: Room, handout_id: str) -> None:
    """Offer it no longer; copies that were made stay.

    Raises:
        StorageError: it can't be removed.
    """
    if _ID.fullmatch(handout_id):
        with disk_errors(_card(room, handout_id)):
            _card(room, handout_id).unlink(missing_ok=True)
            _zip(room, handout_id).unlink(missing_ok=True)


def _folder(room: Room) -> Path:
    return room.folder / "handouts"


def _zip(room: Room, handout_id: str) -> Path:
    return _folder(room) / f"{handout_id}.zip"


def _card(room: Room, handout_id: str) -> Path:
    return _folder(room) / f"{handout_id}.json"
