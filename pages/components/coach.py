"""What a first visit is told: one hint on three of the pages, each shown to a person once and never again."""

from __future__ import annotations

import logging

import streamlit as st

from pages.ui.services import workspace
from transfer_core.disk.settings import keep_setting, read_setting
from transfer_core.errors import TransferError
from transfer_core.text import Sentence, t

__all__ = ["coach"]

_log = logging.getLogger(__name__)
_SETTING = "coached"
_HINTS = {
    "home": Sentence(
        "**New here?** Start with a sample: five pages, a click on each, and a minute later you have a classifier of "
        "your own."
    ),
    "layers": Sentence(
        "**This is the heart of it.** Each row is a part of the network. A closed lock keeps what it knows; open one, "
        "and that part learns from your photos. In doubt, change nothing and go on."
    ),
    "test": Sentence(
        "**Try to fool it.** Show it odd photos, and things of no class; then switch on *Show where it looked*."
    ),
}


def coach(page: str) -> None:
    """Draw the hint of `page` (home, layers or test), if this person has not seen it before.

    It stays until it is dismissed or the tab is closed. Where the settings can't be kept there is no hint: it would
    come back for ever.
    """
    showing = f"coach_{page}"
    if showing not in st.session_state:
        try:
            seen = read_setting(workspace(), _SETTING, [])
            st.session_state[showing] = page not in seen
            if page not in seen:
                keep_setting(workspace(), _SETTING, [*seen, page])
        except TransferError as error:
            _log.warning("no hints: %s", error)
            st.session_state[showing] = False
    with st.container(key=f"coach_place_{page}"):  # always there, so that what stands below keeps its place
        if st.session_state[showing]:
            with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"coach_{page}_hint"):
                st.markdown(f":material/tips_and_updates: {t(_HINTS[page])}", width="stretch")
                st.button(t("Got it"), key=f"coach_{page}_done", on_click=_dismiss, args=(showing,))


def _dismiss(showing: str) -> None:
    st.session_state[showing] = False
