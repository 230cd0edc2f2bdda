"""Starting an experiment from a page; a double click or a second tab makes no second one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs.launch import active_job, launch_once
from pages.ui.services import workspace
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.weights import find_weights
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import ExperimentConfig, create_experiment, list_experiments, needs_weights
from transfer_core.runs.config import BaseConfig, DataConfig

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest
    from transfer_core.runs.folder import Run

__all__ = ["active_experiment", "begin", "lab_base", "start_experiment"]


def active_experiment(project: Project, kind: str) -> Run | None:
    """The project's experiment of this lab that waits or runs, or None."""
    return active_job(list_experiments(project.experiments_dir, kind))


def begin(project: Project, kind: str, settings: Any, manifest: Manifest | None) -> None:
    """Start an experiment and show it; what goes wrong is told by the page."""
    try:
        run = start_experiment(project, kind, settings, manifest)
    except TransferError as error:
        st.session_state["lab_problem"] = str(error)
    else:
        st.query_params["experiment"] = run.id


def lab_base(project: Project) -> BaseConfig:
    """The base of the project; until one is chosen, the usual one, which needs no fetching."""
    return BaseConfig(**project.choices.get("base", {}))


def start_experiment(project: Project, kind: str, settings: Any, manifest: Manifest | None) -> Run:
    """Start an experiment, or give the one of this lab that is going on. The project is read anew.

    Raises:
        TransferError: its base or its weights are not there, or the disk can't be written.
    """
    project = workspace().open_project(project.id)
    base = BaseConfig()
    if manifest is not None:
        base = lab_base(project)
        if needs_weights(kind):
            find_weights(project.workspace, get_base(base.name), base.weights)
    data = DataConfig(project.id) if manifest is not None else DataConfig()
    config = ExperimentConfig(kind, settings, data, base)
    return launch_once(
        list_experiments(project.experiments_dir, kind),
        lambda: create_experiment(project.new_experiment_dir(kind), config, manifest),
    )
