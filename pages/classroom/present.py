"""The room that this server is for, and who is in it."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from transfer_core.classroom.room import Room, Seat
from transfer_core.classroom.staying import note_visit
from transfer_core.errors import StorageError

__all__ = ["Visit", "has_left", "leave", "note_here", "room", "seat", "visits"]

_visits: dict[int, Visit] = {}
_lock = threading.Lock()
_LEFT = "left_room"
_HOUR = 3600.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visit:
    """Where somebody was when they last clicked."""

    when: float
    """In seconds since the epoch."""
    page: str
    project: str
    """Its name; empty where none was open."""


def room() -> Room | None:
    """The room; None where the app serves one person, as it usually does."""
    folder = os.environ.get("THAW_CLASSROOM")
    return _room(folder) if folder else None


def seat() -> Seat | None:
    """Who is looking: by the pass that their browser showed as it connected, if it still holds."""
    opened = room()
    if opened is None or get_script_run_ctx(suppress_warning=True) is None:
        return None
    return opened.seat_of(_pass(opened))


def leave() -> None:
    """Forget the pass of this browser; its next run shows the way back in."""
    opened = room()
    if opened is not None and (shown := _pass(opened)):
        opened.leave(shown)
        st.session_state[_LEFT] = True


def has_left() -> bool:
    """Whether this tab is out because its person left."""
    return _LEFT in st.session_state


def note_here(of: Seat, page: str, project: str) -> None:
    """Remember where somebody is; on disk, once an hour, that they were here."""
    opened, now = room(), time.time()
    with _lock:
        before = _visits.get(of.number)
        _visits[of.number] = Visit(now, page, project)
        stale = before is None or int(before.when / _HOUR) != int(now / _HOUR)
    if opened is not None and stale:
        try:
            note_visit(opened.workspace(of))
        except StorageError as error:  # whatever is kept next says so to the person
            _log.warning("%s", error)


def visits() -> dict[int, Visit]:
    """Where each was last seen since this server began, by the number of the seat."""
    with _lock:
        return dict(_visits)


def _pass(opened: Room) -> str | None:
    return st.context.cookies.get(opened.cookie)


@lru_cache(maxsize=1)
def _room(folder: str) -> Room:
    """One object for the door and the pages, which are threads of one process."""
    return Room.read(Path(folder))
