"""Deleting a project, and bringing it back: the banner on the home page."""

from __future__ import annotations

import streamlit as st

from pages.ui import html as drawn
from pages.ui.frame import close_project
from pages.ui.services import workspace
from transfer_core.disk.workspace import Project
from transfer_core.errors import RunError, TransferError
from transfer_core.text import t

__all__ = ["damaged_project", "delete", "refuse", "undo_banner"]

_DELETED = "deleted_projects"  # id and name of what this tab deleted, the last one at the end


def undo_banner() -> None:
    """Say what was just deleted and offer to bring it back."""
    deleted = st.session_state.get(_DELETED, [])
    if refusal := st.session_state.pop("card_error", None):
        st.error(drawn.sentence(refusal), icon=":material/error:")
    if not deleted:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="undo_banner"):
        st.markdown(t("Deleted **{deleted}**.", deleted=drawn.plain(deleted[-1][1])), width="stretch")
        st.button(t("Undo"), key="undo_delete", type="primary", icon=":material/undo:", on_click=_restore)
        st.button(t("Dismiss"), key="dismiss_delete", type="tertiary", on_click=deleted.clear)


def delete(project: Project) -> None:
    """Move a project to the trash; not under a run or lab that is going on, whose worker would write into nothing."""
    # These load NumPy, which the first page can do without.
    from pages.jobs.launch import active_job, active_run
    from transfer_core.labs.experiment import list_experiments

    try:
        if active_run(project):
            raise RunError(
                "{name} is being trained, or waits for it. Stop the training first, then delete the project.",
                name=project.name,
            )
        if active_job(list_experiments(project.experiments_dir)):
            raise RunError(
                "{name} has a lab going on. Stop the experiment first, then delete the project.", name=project.name
            )
    except TransferError as error:
        refuse(error)
        return
    _delete(project.id, project.name)


def damaged_project(project_id: str, why: str) -> None:
    """Show a project whose file can't be read: what is wrong, and a button that deletes it."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"damaged_{project_id}"):
        st.markdown(f":red[:material/error:] {drawn.sentence(why)}", width="stretch")
        st.button(
            t("Delete"),
            key=f"delete_{project_id}",
            icon=":material/delete:",
            help=t("Delete this project. You can undo it."),
            on_click=_delete,
            args=(project_id, project_id),
        )


def _delete(project_id: str, name: str) -> None:
    try:
        workspace().delete_project(project_id)
    except TransferError as error:
        refuse(error)
        return
    st.session_state.setdefault(_DELETED, []).append((project_id, name))
    close_project()


def refuse(error: TransferError) -> None:
    """Show a refusal on the next drawing of the home page."""
    st.session_state["card_error"] = str(error)


def _restore() -> None:
    project_id, _ = st.session_state[_DELETED].pop()
    try:
        workspace().restore_project(project_id)
    except TransferError as error:
        refuse(error)
