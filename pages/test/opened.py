"""A classifier from a file: open one to ask it, beside those that were trained here; remove it with undo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs.open_file import Opening, open_form
from pages.jobs.trained_runs import Trained
from pages.photos.edits import edit, show_refusal
from pages.test.ask import MOVED
from pages.ui import html as drawn
from pages.ui import tasks
from transfer_core.disk.workspace import Project
from transfer_core.runs.folder import Run
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.backbones.base import Scaling

__all__ = ["area", "told", "undo"]

_REMOVED = "opened_removed"
_TURN = "opened_turn"
_CLASSES = "opened_classes"


def area(project: Project) -> None:
    """The form, closed until it is wanted."""
    key, turn = f"opened-{project.id}", st.session_state.get(_TURN, 0)
    with (
        st.container(key="opened_area"),
        st.expander(
            t("Ask a classifier from a file"),
            icon=":material/upload_file:",
            key=f"opened_expander_{turn}",  # another one, closed, once it has done its work
            expanded=tasks.find(key) is not None,
        ),
    ):
        st.markdown(
            t(
                "One that was trained with Keras, here or elsewhere: a `.keras` file, or the zip that you took away "
                "from this page. It is looked through first: one that brings program code with it is refused."
            )
        )
        run: Run | None = open_form(
            "opened", t("Looking through the classifier"), _opener(project), key, _fields, t("`.keras` or `.zip`")
        )
    if run is not None:
        project.choose(to_test=run.id)
        st.session_state[_TURN] = turn + 1
        st.session_state[MOVED] = True
        st.rerun()


def told(project: Project, chosen: Trained) -> None:
    """Say what is not known of it, and offer to remove it."""
    with st.container(horizontal=True, vertical_alignment="center", key="opened_told"):
        st.markdown(
            t(
                ":material/upload_file: Opened from **{file}**: nobody here knows how good it is, or which photos it "
                "learned from.",
                file=drawn.plain(chosen.base),
            ),
            width="stretch",
        )
        st.button(
            t("Remove"),
            key="opened_remove",
            icon=":material/delete:",
            type="tertiary",
            help=t("Remove this classifier. You can undo it."),
            on_click=_remove,
            args=(project, chosen.run),
        )


def undo(project: Project) -> None:
    """Offer to bring back what was removed last."""
    show_refusal()
    if not st.session_state.get(_REMOVED):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="opened_undo"):
        st.markdown(f":material/delete: {t('Removed the classifier from a file.')}", width="content")
        st.button(t("Undo"), key="undo_opened", icon=":material/undo:", on_click=_restore, args=(project,))


def _fields() -> list[str]:
    st.text_area(
        t("Names of its classes, one a line"),
        key=_CLASSES,
        height=100,
        placeholder=t("cat\ndog"),
        help=t("In the order of its outputs. Files that Thaw made name them; leave this empty for those."),
    )
    return [_CLASSES]


def _opener(project: Project) -> Opening:
    folder = project.new_opened_dir()

    def work(file: Path, scaling: Scaling | None, task: tasks.Task, values: dict[str, Any]) -> Run:
        from transfer_core.opening.open import open_classifier

        names = [line.strip() for line in values[_CLASSES].splitlines() if line.strip()]
        return open_classifier(project.workspace, file, folder, names or None, scaling, cancelled=task.cancelled)

    return work


def _remove(project: Project, run: Run) -> None:
    if edit(project.delete_job, run.path):
        st.session_state.setdefault(_REMOVED, []).append((project.id, run))
        if project.choices.get("to_test") == run.id:
            edit(lambda: project.choose(to_test=None))
            st.session_state[MOVED] = True


def _restore(project: Project) -> None:
    project_id, run = st.session_state[_REMOVED].pop()
    if edit(project.workspace.open_project(project_id).restore_job, run.path):
        edit(lambda: project.choose(to_test=run.id))
        st.session_state[MOVED] = True
