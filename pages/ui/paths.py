"""Paths: where the file of a page lies, which this place alone knows, and those that people type."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from transfer_core.labs import KINDS

__all__ = ["given_path", "load_again", "page_path", "taken_for_missing"]


def page_path(name: str) -> str:
    """The path below app.py of the page of a step, a lab, the lesson or `home`, as Streamlit's navigation takes it."""
    return f"pages/labs/{name}/page.py" if name in ("lesson", *KINDS) else f"pages/{name}/page.py"


def given_path(text: str) -> str:
    """A path as a person gave it, without the spaces and the quotes around it: Windows copies paths in quotes."""
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1].strip() if quoted else text


def taken_for_missing() -> bool:
    """Whether the browser was just told that the page it asks for does not exist; ask before `st.navigation`.

    So it is at the first visit to a new server by the link of a page, as of a tab that is refreshed after a restart:
    until a router has run once, Streamlit takes the folder `pages` for an app of its old kind, looks in it for
    `layers.py` when `/layers` is asked for, and shows a dialog over the right page.
    """
    context = get_script_run_ctx()
    if not PagesManager.uses_pages_directory or context is None:
        return False
    manager = context.pages_manager
    return bool(manager.intended_page_name) and not manager.intended_page_script_hash


def load_again() -> None:
    """Have the browser load the page once more, and do nothing else in this run."""
    st.html("<script>window.location.reload()</script>", unsafe_allow_javascript=True)
    st.stop()
