"""Starting an experiment from a page; a double click or a second tab makes no second one."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.ui.services import engine, workspace
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.weights import find_weights
from transfer_core.errors import StorageError, TransferError
from transfer_core.labs.experiment import ExperimentConfig, create_experiment, list_experiments, needs_weights
from transfer_core.runs.config import BaseConfig, DataConfig
from transfer_core.runs.folder import is_active

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest
    from transfer_core.runs.folder import Run

__all__ = ["active_experiment", "begin"]

_DOUBLE_CLICK = 1.0  # seconds; an experiment as young as this is what the second click of a pair meant
_lock = threading.Lock()


def active_experiment(project: Project, kind: str) -> Run | None:
    """The project's experiment of this lab that waits or runs, or None."""
    return next((run for run in list_experiments(project.experiments_dir, kind) if is_active(run)), None)


def begin(project: Project, kind: str, settings: Any, manifest: Manifest | None) -> None:
    """Start an experiment and show it; what goes wrong is told by the page. The project is read anew."""
    try:
        run = _launch(workspace().open_project(project.id), kind, settings, manifest)
    except TransferError as error:
        st.session_state["lab_problem"] = str(error)
    else:
        st.query_params["experiment"] = run.id


def _launch(project: Project, kind: str, settings: Any, manifest: Manifest | None) -> Run:
    base = BaseConfig()
    if manifest is not None:
        base = BaseConfig(**project.choices["base"])
        if needs_weights(kind):
            find_weights(project.workspace, get_base(base.name), base.weights)
    data = DataConfig(project.id) if manifest is not None else DataConfig()
    config = ExperimentConfig(kind, settings, data, base)
    with _lock:
        for run in list_experiments(project.experiments_dir, kind):
            with suppress(StorageError):
                status = run.status()
                if status.active or time.time() - status.created < _DOUBLE_CLICK:
                    return run
        run = create_experiment(project.new_experiment_dir(kind), config, manifest)
        engine().start(run)
    return run
