"""The runs of a project: which one is shown, the others with their figures, delete with undo."""

from __future__ import annotations

import streamlit as st

from pages.jobs.describe import config_words
from pages.ui import format as figures
from pages.ui.format import state_badge
from pages.ui.services import workspace
from transfer_core.disk.workspace import Project
from transfer_core.errors import RunError, TransferError
from transfer_core.runs.folder import Run, is_active, list_runs
from transfer_core.text import t

__all__ = ["run_list", "show", "shown_run"]

_DELETED = "deleted_runs"
_PROBLEM = "run_list_problem"


def shown_run(project: Project) -> Run | None:
    """The run on screen: the one in the URL, else the one the person chose last, else the newest.

    Only runs of this project count, whatever the URL says; it is rewritten, so that a refresh finds the same run.
    """
    runs = {run.id: run for run in list_runs(project.runs_dir)}
    for wanted in (st.query_params.get("run"), project.choices.get("run"), next(iter(runs), None)):
        if wanted in runs:
            if st.query_params.get("run") != wanted:
                st.query_params["run"] = wanted
            return runs[wanted]
    st.query_params.pop("run", None)
    return None


def show(project: Project, run: Run) -> None:
    """Make `run` the one on screen and the one to test."""
    st.query_params["run"] = run.id
    try:
        project.choose(run=run.id)
    except TransferError as error:
        st.session_state[_PROBLEM] = str(error)


def run_list(project: Project, shown: Run | None) -> None:
    """List the runs, newest first, with what each achieved."""
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(problem, icon=":material/error:")
    _undo(project)
    runs = list_runs(project.runs_dir)
    if not runs:
        return
    st.subheader(t("Runs of this project"), anchor=False)
    for run in runs:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"run_{run.id}"):
            _row(project, run, run == shown)


def _row(project: Project, run: Run, shown: bool) -> None:
    try:
        status, report, config = run.status(), run.report(), run.config()
    except TransferError as error:
        st.markdown(f":red[:material/error:] {error}", width="stretch")
        _delete_button(project, run)
        return
    mark = state_badge(status.state)
    details = [figures.when(status.created)]
    if report:
        low, high = report["val_interval"]
        mark = f"**{report['val_accuracy']:.0%}** {mark}"
        details += [
            t("between {low:.0f} and {high:.0f} of 100 photos right", low=low * 100, high=high * 100),
            f"took {figures.span(sum(report['seconds'].values()))}",
        ]
    st.markdown(
        f"{mark} {config_words(config)}  \n:small[:gray[{' · '.join(details)}]]",
        width="stretch",
    )
    st.button(
        t("Shown") if shown else t("Show"), key=f"show_{run.id}", disabled=shown, on_click=show, args=(project, run)
    )
    if not status.active:
        _delete_button(project, run)


def _delete_button(project: Project, run: Run) -> None:
    st.button(
        "",
        key=f"delete_{run.id}",
        icon=":material/delete:",
        type="tertiary",
        help=t("Delete this run. You can undo it."),
        on_click=_delete,
        args=(project, run),
    )


def _delete(project: Project, run: Run) -> None:
    try:
        if is_active(run):
            raise RunError("This run is still going. Stop it first, then delete it.")
        project.delete_run(run.id)
        if workspace().open_project(project.id).choices.get("run") == run.id:
            project.choose(run=None)
    except TransferError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    if st.query_params.get("run") == run.id:
        st.query_params.pop("run")
    st.session_state.setdefault(_DELETED, []).append(run.id)


def _restore(project: Project) -> None:
    run_id = st.session_state[_DELETED].pop()
    try:
        restored = Run(project.restore_run(run_id))
    except TransferError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    show(project, restored)


def _undo(project: Project) -> None:
    if st.session_state.get(_DELETED):
        with st.container(horizontal=True, vertical_alignment="center", key="deleted_run"):
            st.markdown(t(":material/delete: Run deleted."), width="content")
            st.button(t("Undo"), key="undo_delete", icon=":material/undo:", on_click=_restore, args=(project,))
