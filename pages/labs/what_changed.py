"""After photos were corrected and a classifier was trained anew: what changed opens by itself."""

from __future__ import annotations

import streamlit as st

from pages.labs.start import start_experiment
from pages.ui.html import sentence
from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.labs.compare.settings import Settings, check
from transfer_core.runs.folder import Run
from transfer_core.text import t

__all__ = ["open_what_changed", "remember_to_compare"]

_CHOICE = "what_changed"


def remember_to_compare(project: Project, before: Run, after: Run) -> None:
    """Have two runs compared once the second has ended."""
    project.choose(**{_CHOICE: {"before": before.id, "after": after.id}})


def open_what_changed(project: Project, run: Run) -> None:
    """Where `run` has just ended and was to be compared with the one before the corrections, do that and show it."""
    project = project.workspace.open_project(project.id)
    wanted = project.choices.get(_CHOICE)
    if not wanted or wanted["after"] != run.id:
        return
    project.choose(**{_CHOICE: None})  # once, whatever comes of it
    try:
        settings = Settings(str(project.runs_dir / wanted["before"]), str(run.path))
        check(settings)
        found = start_experiment(project, "compare", settings, None)
    except TransferError as error:
        st.info(
            t("What the corrections changed can't be shown. {reason}", reason=sentence(str(error))),
            icon=":material/compare:",
        )
    else:
        st.switch_page(page_path("compare"), query_params={"project": project.id, "experiment": found.id})
