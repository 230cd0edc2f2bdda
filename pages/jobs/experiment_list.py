"""The experiments of one lab: which one is shown, the others with their conclusions, delete with undo."""

from __future__ import annotations

import streamlit as st

from pages.ui import format as figures
from pages.ui.format import state_badge
from pages.ui.html import sentence
from transfer_core.backbones.catalog import get_base
from transfer_core.disk.workspace import Project
from transfer_core.errors import RunError, TransferError
from transfer_core.labs.experiment import experiment_config, list_experiments, read_result
from transfer_core.runs.folder import Run, is_active
from transfer_core.text import t

__all__ = ["lab_list", "shown_experiment"]

_DELETED = "deleted_experiments"


def shown_experiment(project: Project, kind: str) -> Run | None:
    """The experiment on screen: the one in the URL, else the newest; the URL is rewritten, so a refresh finds it."""
    runs = {run.id: run for run in list_experiments(project.experiments_dir, kind)}
    for wanted in (st.query_params.get("experiment"), next(iter(runs), None)):
        if wanted in runs:
            if st.query_params.get("experiment") != wanted:
                st.query_params["experiment"] = wanted
            return runs[wanted]
    st.query_params.pop("experiment", None)
    return None


def lab_list(project: Project, kind: str, shown: Run | None) -> None:
    """List the experiments of the lab, newest first, when there is more than the one shown."""
    with st.container():
        if problem := st.session_state.pop("lab_list_problem", None):
            st.error(sentence(problem), icon=":material/error:")
        deleted = st.session_state.get(_DELETED, [])
        if deleted and deleted[-1][0] == kind:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(t("Deleted."))
                st.button(t("Undo"), key="undo_delete_lab", icon=":material/undo:", on_click=_restore, args=(project,))
    runs = list_experiments(project.experiments_dir, kind)
    if not runs:
        return
    st.subheader(t("Tried so far"), anchor=False)
    for run in runs:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"experiment_{run.id}"):
            _row(project, kind, run, run == shown)


def _row(project: Project, kind: str, run: Run, shown: bool) -> None:
    try:
        status, config, result = run.status(), experiment_config(run), read_result(run) or {}
    except TransferError as error:
        st.markdown(f":red[:material/error:] {sentence(str(error))}", width="stretch")
        _delete_button(project, kind, run)
        return
    words = sentence(result.get("conclusion") or t("No conclusion yet."))
    details = figures.when(status.created)
    if config.data.source:
        details = f"{get_base(config.base.name).title} · {details}"
    st.markdown(
        f"{state_badge(status.state)} {words}  \n:small[:gray[{details}]]",
        width="stretch",
    )
    st.button(t("Shown") if shown else t("Show"), key=f"show_{run.id}", disabled=shown, on_click=_show, args=(run,))
    if not status.active:
        _delete_button(project, kind, run)


def _show(run: Run) -> None:
    st.query_params["experiment"] = run.id


def _delete_button(project: Project, kind: str, run: Run) -> None:
    st.button(
        "",
        key=f"delete_{run.id}",
        icon=":material/delete:",
        type="tertiary",
        help=t("Delete this experiment. You can undo it."),
        on_click=_delete,
        args=(project, kind, run),
    )


def _delete(project: Project, kind: str, run: Run) -> None:
    try:
        if is_active(run):
            raise RunError("This is still going on. Stop it first, then delete it.")
        project.delete_experiment(run.id)
    except TransferError as error:
        st.session_state["lab_list_problem"] = str(error)
        return
    st.session_state.setdefault(_DELETED, []).append((kind, run.id))


def _restore(project: Project) -> None:
    _, experiment = st.session_state[_DELETED].pop()
    try:
        project.restore_experiment(experiment)
    except TransferError as error:
        st.session_state["lab_list_problem"] = str(error)
        return
    st.query_params["experiment"] = experiment
