"""The choice among a project's trained classifiers, for labs that are about one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.jobs.trained_runs import chosen_run, run_names, trained_runs
from transfer_core.errors import ConfigError
from transfer_core.text import t

if TYPE_CHECKING:
    from pages.jobs.trained_runs import Trained
    from transfer_core.disk.workspace import Project

__all__ = ["pick_run"]


def pick_run(project: Project, key: str) -> Trained:
    """Draw the choice; the run that stands for the project is taken until another is chosen.

    Raises:
        ConfigError: nothing has been trained yet.
    """
    runs = trained_runs(project)
    chosen = chosen_run(project, runs)
    if chosen is None:
        raise ConfigError("There is no trained classifier in this project yet. Train one first.")
    names = run_names(runs)
    state = st.session_state
    known = [run for run in (state.get(key), state.get(f"{key}_last"), chosen.run.id) if run in names]
    if state.get(f"{key}_names") != names or state.get(key) not in names:
        state[key] = known[0]  # anew: the browser would go on showing the name from before a run was measured
    state[f"{key}_names"] = names
    picked = st.selectbox(
        t("Trained classifier"),
        list(names),
        key=key,
        format_func=lambda run: names.get(run, run),
    )
    state[f"{key}_last"] = picked
    return next((one for one in runs if one.run.id == picked), chosen)
