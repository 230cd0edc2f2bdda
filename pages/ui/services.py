"""What this server keeps for all pages: its engine, the photo stores and the layer trees."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import streamlit as st

from pages.classroom.present import room, seat
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, StorageError
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.backbones.tree import LayerTree
    from transfer_core.disk.workspace import Project
    from transfer_core.jobs.engine import Engine, Likely
    from transfer_core.photos.store import PhotoStore
    from transfer_core.runs.events import Event, EventLog
    from transfer_core.runs.folder import Run

__all__ = ["check_disk", "engine", "events", "guest", "known_tree", "store", "tree", "warm", "workspace"]

_log = logging.getLogger(__name__)
_MANY = 256  # of what is kept for projects and runs that are looked at: those of a whole class


def workspace() -> Workspace:
    """Where everything of whoever looks is kept: in a classroom of that person alone, else of this server.

    Raises:
        ConfigError: nobody in the classroom looks; the door lets nobody through who could meet this.
    """
    opened = room()
    if opened is None:
        found = Workspace.from_environment()
    elif (here := seat()) is not None:
        found = opened.workspace(here)
    else:
        raise ConfigError("You are not in this room any more. Come in again by your code.")
    _keep_private(_home(found))
    return found


def guest() -> bool:
    """Whether somebody looks who is a guest on this computer: a person in a classroom, but for the teacher.

    A guest names no files of this computer, and changes nothing that all have in common.
    """
    return workspace().shared is not None


def check_disk() -> None:
    """Let something new begin that takes disk space.

    Raises:
        StorageError: in a classroom each person may take so much, and this one has.
    """
    if (opened := room()) is not None and guest():
        from transfer_core.classroom.limits import check_disk

        check_disk(workspace(), opened.limits)


def engine() -> Engine:
    """The server's one engine, reconciled with the disk when it starts."""
    return _engine(_home(workspace()))


def warm(likely: Likely | None = None) -> None:
    """Have a worker ready, so that Train starts at once; with what the next run is likely to need, if that is known."""
    engine().warm(likely=likely)


def events(run: Run) -> list[Event]:
    """Everything a run has said so far; a second look reads only what was added since the first."""
    return _event_log(str(run.events_path)).read()


def store(opened: Project) -> PhotoStore:
    """The photos of a project."""
    return _store(str(opened.photos_dir))


def known_tree(base_name: str) -> LayerTree | None:
    """The layer tree of a base if it is on disk; naming a run is no reason to build one."""
    try:
        return _tree(_home(workspace()), base_name)
    except _NotStoredError:
        return None


def tree(base_name: str) -> LayerTree:
    """The layer tree of a base: from disk, or built by the query worker while a spinner turns.

    Raises:
        TransferError: the worker can't build it.
    """
    found = known_tree(base_name)
    if found is None:
        with st.spinner(t("Reading the layers of the base…")):
            engine().ask("tree", {"base": base_name})
        found = known_tree(base_name)
    if found is None:
        raise ConfigError(
            "The layer tree of {base_name} was built but could not be read back. Reload the page.", base_name=base_name
        )
    return found


def _home(of: Workspace) -> str:
    """The folder that the server's one engine works in."""
    return str(of.shared or of.root)


# The home is part of each key: a server has one, tests have many. Imports wait until they are needed, so that
# the first page comes up before PIL and NumPy have loaded.
@st.cache_resource(show_spinner=False)
def _keep_private(home: str) -> None:
    from pathlib import Path

    from transfer_core.disk.private import keep_private

    keep_private(Path(home))


@st.cache_resource(show_spinner=False)
def _engine(home: str) -> Engine:
    from transfer_core.jobs.engine import start_engine
    from transfer_core.jobs.limits import JobLimits

    opened = room()
    if opened is None:
        people = [workspace()]
        started = start_engine(people[0])
    else:
        people, most = opened.workspaces(), opened.limits
        limits = JobLimits(most.waiting, most.minutes * 60, round(most.memory_gb * 1e9))
        started = start_engine(Workspace(opened.folder), opened.workspaces, limits)
    started.reconcile()
    for person in people:
        try:
            person.empty_trash()
        except StorageError as error:  # no reason to keep anybody from working
            _log.warning("The trash could not be emptied: %s", error)
    return started


@st.cache_resource(show_spinner=False, max_entries=_MANY)
def _store(folder: str) -> PhotoStore:
    from pathlib import Path

    from transfer_core.photos.store import PhotoStore

    opened = PhotoStore(Path(folder), here.limits.photos if (here := room()) else None)
    opened.purge()  # once a server: what was removed long ago leaves the disk
    return opened


@st.cache_resource(show_spinner=False, max_entries=_MANY)
def _event_log(path: str) -> EventLog:
    from pathlib import Path

    from transfer_core.runs.events import EventLog

    return EventLog(Path(path))


class _NotStoredError(Exception):
    """No tree yet: an answer that must not be remembered, because the tree may be there in a moment."""


@st.cache_resource(show_spinner=False, max_entries=32)
def _tree(home: str, base_name: str) -> LayerTree:
    from transfer_core.backbones.stored_trees import stored_tree

    found = stored_tree(workspace(), base_name)
    if found is None:
        raise _NotStoredError(base_name)
    return found
