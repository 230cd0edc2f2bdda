"""The sidebar: the way home, the open project, the words, and where Thaw keeps things."""

from __future__ import annotations

import streamlit as st

from pages.classroom.sidebar import classroom_part
from pages.components.streamlit_words import say_streamlits_words
from pages.ui import format as figures
from pages.ui import steps
from pages.ui.frame import PAGE, guard, help_link
from pages.ui.glossary import word_list
from pages.ui.html import plain
from pages.ui.language import choose_language
from pages.ui.paths import page_path
from pages.ui.services import guest, workspace
from transfer_core.disk import cache as cache_limit
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.text import t

__all__ = ["disk_space", "sidebar"]


def sidebar(project: Project | None) -> None:
    """Draw the sidebar for `project`, or without one just the way home."""
    with st.sidebar:
        st.page_link(page_path("home"), label=t("**Thaw**"), icon=":material/ac_unit:")
        if project is None:
            st.caption(t("Open a project, or start with a sample."))
        else:
            _project(project)
        st.space("medium")
        help_link(t("Help"))
        word_list()
        if not guest():
            disk_space()
        choose_language()
        say_streamlits_words()
        classroom_part()


def _project(project: Project) -> None:
    """Which project is open; from the home page, which has no way through it, the way back into it."""
    st.markdown(f"**{plain(project.name)}**")
    if st.session_state.get(PAGE) == "":
        step = steps.next_step(steps.done_steps(project))
        st.page_link(
            page_path(step.name),
            label=t("Go on: {title}", title=step.title),
            icon=":material/arrow_forward:",
            query_params={"project": project.id},
        )


_LEAST, _MOST = 0.5, 500.0  # gigabytes a person may set; the variable takes any


def disk_space() -> None:
    """A popover with the caches' size, their limit and Empty."""
    with st.popover(t("Disk space"), icon=":material/hard_drive:", type="tertiary", key="disk_space"):
        st.markdown(
            t(
                "Thaw keeps what it has computed from your photos, so that the next training starts at once. All of it "
                "can be computed again; your photos and trained classifiers are not part of it."
            )
        )
        with guard():
            used, limit = cache_limit.usage(workspace()), cache_limit.limit_bytes(workspace())
            share = min(1.0, used / limit) if limit else 1.0
            st.progress(share, text=t("{used} of {limit} used", used=figures.size(used), limit=figures.size(limit)))
            _limit(limit)
            st.button(
                t("Empty it now"), key="empty_cache", icon=":material/delete_sweep:", disabled=not used, on_click=_empty
            )
        if emptied := st.session_state.pop("cache_emptied", None):
            st.success(emptied, icon=":material/check:")
        if problem := st.session_state.pop("cache_problem", None):
            st.error(problem, icon=":material/error:")
        st.caption(t("Everything Thaw keeps lies in `{home}`.", home=workspace().root))


def _limit(limit: int) -> None:
    if workspace().cache_gb is not None:
        st.caption(t("The limit comes from the environment variable THAW_CACHE_GB."))
        return
    st.session_state["cache_limit"] = min(max(limit / 1e9, _LEAST), _MOST)  # another tab may have changed it
    st.number_input(
        t("Keep it below (GB)"),
        _LEAST,
        _MOST,
        step=0.5,
        key="cache_limit",
        on_change=_set,
        help=t("What was not used for longest goes first."),
    )


def _set() -> None:
    try:
        cache_limit.set_limit(workspace(), st.session_state["cache_limit"])
    except TransferError as error:
        st.session_state["cache_problem"] = str(error)


def _empty() -> None:
    try:
        st.session_state["cache_emptied"] = t("{size} made free.", size=figures.size(cache_limit.clear(workspace())))
    except TransferError as error:
        st.session_state["cache_problem"] = str(error)
