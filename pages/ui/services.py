"""What this server keeps for all pages: its engine, its query worker, the photo stores and the layer trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from transfer_core.disk import workspace as projects
from transfer_core.disk.workspace import Project
from transfer_core.errors import ConfigError

if TYPE_CHECKING:
    from transfer_core.backbones.tree import LayerTree
    from transfer_core.jobs.local import LocalEngine
    from transfer_core.jobs.query import Lane
    from transfer_core.photos.store import PhotoStore

__all__ = ["engine", "lane", "store", "tree", "warm"]


def engine() -> LocalEngine:
    """The server's one engine for training runs, reconciled with the disk when it starts."""
    return _engine(str(projects.home()))


def warm() -> None:
    """Have a worker ready, so that Train starts at once."""
    engine().warm()


def lane() -> Lane:
    """The server's one interactive worker, for answers a page waits for."""
    return _lane(str(projects.home()))


def store(opened: Project) -> PhotoStore:
    """The photos of a project."""
    return _store(str(opened.photos_dir))


def tree(base_name: str) -> LayerTree:
    """The layer tree of a base: from disk, or built by the interactive worker while a spinner turns.

    Raises:
        TransferError: the worker can't build it.
    """
    return _tree(str(projects.home()), base_name)


# The home is part of each key: a server has one, tests have many. Imports wait until they are needed, so that
# the first page comes up before PIL and NumPy have loaded.
@st.cache_resource(show_spinner=False)
def _engine(home: str) -> LocalEngine:
    from transfer_core.jobs.local import LocalEngine

    started = LocalEngine()
    started.reconcile()
    return started


@st.cache_resource(show_spinner=False)
def _lane(home: str) -> Lane:
    from transfer_core.jobs.query import Lane

    return Lane()


@st.cache_resource(show_spinner=False, max_entries=32)
def _store(folder: str) -> PhotoStore:
    from pathlib import Path

    from transfer_core.photos.store import PhotoStore

    return PhotoStore(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=32)
def _tree(home: str, base_name: str) -> LayerTree:
    from transfer_core.backbones.stored_trees import stored_tree

    found = stored_tree(base_name)
    if found is None:
        lane().ask("tree", {"base": base_name})
        found = stored_tree(base_name)
    if found is None:
        raise ConfigError(
            "The layer tree of {base_name} was built but could not be read back. Reload the page.", base_name=base_name
        )
    return found
