"""A list of jobs, a project's runs or its experiments of one lab: which one is shown, delete with undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.ui.html import sentence
from transfer_core.disk.workspace import Project
from transfer_core.errors import RunError, TransferError
from transfer_core.runs.folder import Run, Status, is_active
from transfer_core.text import t

__all__ = ["JobList", "job_list", "remember", "shown_job"]


@dataclass(frozen=True)
class JobList:
    """What a list needs to know of the kind of job it lists."""

    kind: str
    """`run`, or the lab's."""
    parameter: str
    """Of the URL: it names the job that is shown."""
    title: str
    delete_help: str
    """Of the button that deletes one."""
    deleted: str
    """What is said once one was deleted."""
    undo_key: str
    """Of the button that brings it back."""
    find: Callable[[Project], list[Run]]
    """The jobs there are, newest first."""
    row: Callable[[Run, Status], str]
    """Markdown of a job: its state, what it achieved, and when, in small print."""
    kept: Callable[[Project], str | None] = lambda project: None
    """Which job was shown last in any tab, where that is kept."""
    keep: Callable[[Project, str | None], object] = lambda project, job_id: None
    """Keeps that."""


def shown_job(jobs: JobList, project: Project) -> Run | None:
    """The job on screen: the one in the URL, else the one shown last, else the newest.

    Only jobs in the list count, whatever the URL says: one that names another is rewritten. One that names none stays
    as it is: the browser would take the same page for another, and Back would lead to it.
    """
    runs = {run.id: run for run in jobs.find(project)}
    named = st.query_params.get(jobs.parameter)
    for wanted in (named, jobs.kept(project), next(iter(runs), None)):
        if wanted in runs:
            if named is not None and named != wanted:
                st.query_params[jobs.parameter] = wanted
            return runs[wanted]
    st.query_params.pop(jobs.parameter, None)
    return None


def remember(jobs: JobList, project: Project, run: Run) -> None:
    """Make `run` the one on screen."""
    st.query_params[jobs.parameter] = run.id
    try:
        jobs.keep(project, run.id)
    except TransferError as error:
        st.session_state[_problem(jobs)] = str(error)


def job_list(jobs: JobList, project: Project, shown: Run | None) -> None:
    """List the jobs, newest first, with what each achieved."""
    with st.container():
        if problem := st.session_state.pop(_problem(jobs), None):
            st.error(sentence(problem), icon=":material/error:")
        if st.session_state.get(_deleted(jobs)):
            with st.container(horizontal=True, vertical_alignment="center", key=f"deleted_{jobs.parameter}"):
                st.markdown(f":material/delete: {jobs.deleted}", width="content")
                st.button(t("Undo"), key=jobs.undo_key, icon=":material/undo:", on_click=_restore, args=(jobs, project))
    runs = jobs.find(project)
    if not runs:
        return
    st.header(jobs.title, anchor=False)
    for run in runs:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"{jobs.parameter}_{run.id}"):
            _row(jobs, project, run, run == shown)


def _problem(jobs: JobList) -> str:
    return f"problem_of_{jobs.kind}"


def _deleted(jobs: JobList) -> str:
    return f"deleted_of_{jobs.kind}"


def _row(jobs: JobList, project: Project, run: Run, shown: bool) -> None:
    try:
        status = run.status()
        words = jobs.row(run, status)
    except TransferError as error:
        st.markdown(f":red[:material/error:] {sentence(str(error))}", width="stretch")
        _delete_button(jobs, project, run)
        return
    st.markdown(words, width="stretch")
    with st.container(horizontal=True, width="content"):  # one beside the other on a narrow page too
        st.button(
            t("Shown") if shown else t("Show"),
            key=f"show_{run.id}",
            disabled=shown,
            on_click=remember,
            args=(jobs, project, run),
        )
        if not status.active:
            _delete_button(jobs, project, run)


def _delete_button(jobs: JobList, project: Project, run: Run) -> None:
    st.button(
        "",
        key=f"delete_{run.id}",
        icon=":material/delete:",
        type="tertiary",
        help=jobs.delete_help,
        on_click=_delete,
        args=(jobs, project, run),
    )


def _delete(jobs: JobList, project: Project, run: Run) -> None:
    try:
        if is_active(run):
            raise RunError("This is still going on. Stop it first, then delete it.")
        project.delete_job(run.path)
        if jobs.kept(project) == run.id:
            jobs.keep(project, None)
    except TransferError as error:
        st.session_state[_problem(jobs)] = str(error)
        return
    if st.query_params.get(jobs.parameter) == run.id:
        st.query_params.pop(jobs.parameter)
    st.session_state.setdefault(_deleted(jobs), []).append(run)


def _restore(jobs: JobList, project: Project) -> None:
    run = st.session_state[_deleted(jobs)].pop()
    try:
        project.restore_job(run.path)
    except TransferError as error:
        st.session_state[_problem(jobs)] = str(error)
        return
    remember(jobs, project, run)
