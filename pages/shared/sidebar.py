"""The sidebar: the open project, its five steps with their state, the words, and where Thaw keeps things."""

from __future__ import annotations

import streamlit as st

from pages.shared import steps
from pages.shared.disk_space import disk_space
from pages.shared.drawn import plain
from pages.shared.word_list import word_list
from transfer_core.projects import Project

__all__ = ["sidebar"]


def sidebar(project: Project | None) -> None:
    """Draw the sidebar for `project`, or without one just the way home."""
    with st.sidebar:
        st.page_link("pages/home.py", label="**Thaw**", icon=":material/ac_unit:")
        if project is None:
            st.caption("Open a project, or start with a sample.")
        else:
            _project(project)
        st.space("medium")
        word_list()
        disk_space()
        st.caption("Everything stays on this computer: photos, training and the trained classifier.")


def _project(project: Project) -> None:
    done = steps.done_steps(project)
    upcoming = steps.next_step(done)
    st.subheader(plain(project.name), anchor=False)
    for step in steps.STEPS:
        if step.name in done:
            icon, state = ":material/check_circle:", "done"
        elif step == upcoming:
            icon, state = ":material/radio_button_checked:", "next"
        else:
            icon, state = ":material/radio_button_unchecked:", "not yet"
        st.page_link(
            f"pages/{step.name}.py",
            label=f"{step.title} :small[:gray[{state}]]",
            icon=icon,
            query_params={"project": project.id},
            help=f"{step.purpose}: {state}",
        )
    st.page_link(
        "pages/labs.py",
        label="Labs",
        icon=":material/science:",
        query_params={"project": project.id},
        help="Experiments: how deep to fine-tune, and what goes wrong when it is done wrong",
    )
