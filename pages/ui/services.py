"""What this server keeps for all pages: its engine, its query worker, the photo stores and the layer trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.backbones.tree import LayerTree
    from transfer_core.disk.workspace import Project
    from transfer_core.jobs.local import LocalEngine
    from transfer_core.jobs.query import Lane
    from transfer_core.photos.store import PhotoStore

__all__ = ["engine", "known_tree", "lane", "store", "tree", "warm", "workspace"]


def workspace() -> Workspace:
    """Where this server keeps everything: the one place in the pages that asks the environment."""
    return Workspace.from_environment()


def engine() -> LocalEngine:
    """The server's one engine for training runs, reconciled with the disk when it starts."""
    return _engine(str(workspace().root))


def warm() -> None:
    """Have a worker ready, so that Train starts at once."""
    engine().warm()


def lane() -> Lane:
    """The server's one interactive worker, for answers a page waits for."""
    return _lane(str(workspace().root))


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
    """The layer tree of a base: from disk, or built by the interactive worker while a spinner turns.

    Raises:
        TransferError: the worker can't build it.
    """
    found = known_tree(base_name)
    if found is None:
        with st.spinner(t("Reading the layers of the base…")):
            lane().ask("tree", {"base": base_name})
        found = known_tree(base_name)
    if found is None:
        raise ConfigError(
            "The layer tree of {base_name} was built but could not be read back. Reload the page.", base_name=base_name
        )
    return found


# The home is part of each key: a server has one, tests have many. Imports wait until they are needed, so that
# the first page comes up before PIL and NumPy have loaded.
@st.cache_resource(show_spinner=False)
def _engine(home: str) -> LocalEngine:
    from transfer_core.jobs.local import LocalEngine

    started = LocalEngine(workspace())
    started.reconcile()
    return started


@st.cache_resource(show_spinner=False)
def _lane(home: str) -> Lane:
    from transfer_core.jobs.query import Lane

    return Lane(workspace())


@st.cache_resource(show_spinner=False, max_entries=32)
def _store(folder: str) -> PhotoStore:
    from pathlib import Path

    from transfer_core.photos.store import PhotoStore

    return PhotoStore(Path(folder))


class _NotStoredError(Exception):
    """No tree yet: an answer that must not be remembered, because the tree may be there in a moment."""


@st.cache_resource(show_spinner=False, max_entries=32)
def _tree(home: str, base_name: str) -> LayerTree:
    from transfer_core.backbones.stored_trees import stored_tree

    found = stored_tree(workspace(), base_name)
    if found is None:
        raise _NotStoredError(base_name)
    return found
