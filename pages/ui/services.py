"""What this server keeps for all pages: its engine, the photo stores and the layer trees."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import streamlit as st

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

__all__ = ["engine", "events", "known_tree", "store", "tree", "warm", "workspace"]

_log = logging.getLogger(__name__)


def workspace() -> Workspace:
    """Where this server keeps everything: the one place in the pages that asks the environment."""
    found = Workspace.from_environment()
    _keep_private(str(found.root))
    return found


def engine() -> Engine:
    """The server's one engine, reconciled with the disk when it starts."""
    return _engine(str(workspace().root))


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
        return _tree(str(workspace().root), base_name)
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

    started = start_engine(workspace())
    started.reconcile()
    try:
        workspace().empty_trash()
    except StorageError as error:  # no reason to keep anybody from working
        _log.warning("The trash could not be emptied: %s", error)
    return started


@st.cache_resource(show_spinner=False, max_entries=32)
def _store(folder: str) -> PhotoStore:
    from pathlib import Path

    from transfer_core.photos.store import PhotoStore

    opened = PhotoStore(Path(folder))
    opened.purge()  # once a server: what was removed long ago leaves the disk
    return opened


@st.cache_resource(show_spinner=False, max_entries=32)
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
