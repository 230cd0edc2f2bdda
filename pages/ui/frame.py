"""What every page shares: the project in the URL, the services of this server, the heading and how refusals show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.ui import steps
from pages.ui.html import sentence
from pages.ui.paths import page_path
from pages.ui.services import workspace
from transfer_core.disk.workspace import Project
from transfer_core.errors import ConfigError, TransferError
from transfer_core.text import t

__all__ = [
    "HELP_BACK",
    "HELP_PART",
    "close_project",
    "drawn_last",
    "go",
    "guard",
    "heading",
    "help_link",
    "open_in_tab",
    "page_title",
    "project",
    "require_project",
]

PAGE = "page"  # where app.py notes which step is open
HELP_PART, HELP_BACK = "part", "back"  # in the URL of the help: what it shows, and the page that it leads back to
_FOCUSED = "focused_page"
# The title may be drawn later than this script, hence another look with each frame, for two seconds.
_FOCUS = """<script>
(function look(left) {
  const title = [...document.querySelectorAll("h1")].find((found) => found.textContent.trim() === TITLE);
  if (title) { title.tabIndex = -1; title.focus({ preventScroll: true }); }
  else if (left) requestAnimationFrame(() => look(left - 1));
})(120);
</script>"""
_PROJECT = "project"  # the name in the URL and, for a page opened without it, in the session


def project() -> Project | None:
    """The open project, or None. The URL decides; without one, what this tab had open last.

    The URL is rewritten each run, so that a refresh, the back button and a copied link all find the same project.
    """
    if PAGE not in st.session_state:
        # Until app.py has run once, Streamlit takes a folder called pages/ for its older kind of app and runs a linked
        # page by itself. A refresh after a restart of the server is such a visit; there is no public way to say so.
        PagesManager.uses_pages_directory = False
        st.rerun()
    named = st.query_params.get(_PROJECT) or st.session_state.get(_PROJECT)
    if not named:
        return None
    try:
        found = workspace().open_project(named)
    except ConfigError:
        st.session_state.pop(_PROJECT, None)
        return None
    st.session_state[_PROJECT] = found.id
    if st.query_params.get(_PROJECT) != found.id:
        st.query_params[_PROJECT] = found.id
    return found


def close_project() -> None:
    """Forget the open project in this tab, e.g. because it was deleted."""
    st.session_state.pop(_PROJECT, None)
    st.query_params.pop(_PROJECT, None)


def open_in_tab(opened: Project) -> None:
    """Make `opened` the project of this tab."""
    st.session_state[_PROJECT] = opened.id
    st.query_params[_PROJECT] = opened.id


def require_project() -> Project:
    """The open project; without one, say so, offer the way home and end the page."""
    named = st.query_params.get(_PROJECT)
    found = None
    with guard():
        found = project()
    if found is None:
        _no_project(named)
        st.stop()
    return found


def _no_project(named: str | None) -> None:
    st.title(t("No project is open"), anchor=False)
    if named:
        st.warning(
            t("This link names a project that does not exist, or that was deleted."), icon=":material/search_off:"
        )
    else:
        st.markdown(t("Each classifier lives in a project of its own. Open one, or start one, on the home page."))
    if st.button(t("Go to the home page"), key="go_home", type="primary", icon=":material/home:"):
        close_project()
        go("home")


def go(step: str) -> None:
    """Switch to the page of `step` (home, photos, base, layers, train, test), keeping the project in the URL."""
    found = st.session_state.get(_PROJECT)
    st.switch_page(page_path(step), query_params={_PROJECT: found} if found else None)


def heading(title: str, sentence: str) -> None:
    """The page's title, one sentence on what to do here, and where this step stands among the five."""
    found = project()
    if found is not None:
        steps.stepper(found, st.session_state.get(PAGE, ""))
    page_title(title)
    st.markdown(sentence)


def page_title(title: str) -> None:
    """The page's title. After a change of page the keyboard's focus goes there: what was clicked is gone with its page,
    and the next Tab should not begin at the very top."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="title"):
        st.title(title, anchor=False, width="content")
        help_link(t("Help with this page"), about_page=True)
    here, before = st.session_state.get(PAGE, ""), st.session_state.get(_FOCUSED)
    st.session_state[_FOCUSED] = here
    with st.container(key="focus", gap=None):  # always there, so that nothing below changes its place
        if before not in (None, here):
            st.html(_FOCUS.replace("TITLE", json.dumps(title)), unsafe_allow_javascript=True)


def drawn_last() -> bool:
    """Whether this page was also the one drawn last in this tab; to be asked before its title is drawn."""
    return bool(st.session_state.get(_FOCUSED) == st.session_state.get(PAGE, ""))


def help_link(label: str, *, about_page: bool = False) -> None:
    """A link to the help, or to its part on this page; from there it leads back to the page as it is now."""
    here = st.session_state.get(PAGE, "") or "home"
    kept = dict(st.query_params)
    if here == "help":
        if about_page:
            return
        kept.pop(HELP_PART, None)
    else:
        kept |= {HELP_BACK: here} | ({HELP_PART: here} if about_page else {})
    st.page_link(page_path("help"), label=label, icon=":material/help:", query_params=kept, width="content")


@contextmanager
def guard() -> Iterator[None]:
    """Show a refusal as one sentence and go on below. Nothing else is caught: a bug shows as a bug."""
    try:
        yield
    except TransferError as error:
        st.error(sentence(str(error)), icon=":material/error:")
