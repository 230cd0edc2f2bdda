"""The language of the pages: that of the browser, or the one that the person chose, which is kept with them."""

from __future__ import annotations

import json

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.services import workspace
from transfer_core.disk.settings import keep_setting, read_setting
from transfer_core.errors import TransferError
from transfer_core.text import catalog_of, languages, read_by, spoken, t

__all__ = ["choose_language", "follow_reader"]

_SETTING = "language"
_WIDGET = "language"
_NAMES = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
"""In their own words, for whoever can't read the language of the page."""
_chosen: dict[str, str] = {}
"""What was chosen, by the id of the session. Not in its state: a look into that may end the run of a callback half-way
(a later click waits for it), and this is asked for every sentence."""


def follow_reader() -> None:
    """Speak the language of whoever looks, from here on; once a run, from app.py, before anything is said."""
    try:
        chosen = read_setting(workspace(), _SETTING, "")
    except TransferError:  # Disk space, which reads the same file, says so
        chosen = ""
    _choose(chosen)
    read_by(_reader)


def _choose(language: str) -> None:
    if (session := _session()) is not None:
        _chosen[session] = language


def _session() -> str | None:
    """Its id; None in a thread, which nobody reads."""
    context = get_script_run_ctx(suppress_warning=True)
    return None if context is None else context.session_id


def _reader() -> str | None:
    session = _session()
    return None if session is None else _chosen.get(session) or st.context.locale


def choose_language() -> None:
    """A list of the languages there are; the choice holds for all projects, and in every tab from its next click on."""
    names = ["", "en", *languages()]
    chosen = _chosen.get(_session() or "", "")
    st.session_state[_WIDGET] = chosen if chosen in names else ""  # another tab may have changed it
    theirs = catalog_of(st.context.locale or "")
    st.selectbox(
        f":material/translate: {t('Language')}",
        names,
        key=_WIDGET,
        format_func=lambda name: (
            _NAMES.get(name, name) if name else t("As the browser: {language}", language=_NAMES.get(theirs, theirs))
        ),
        on_change=_keep,
    )
    if problem := st.session_state.pop("language_problem", None):
        st.error(problem, icon=":material/error:")
    # For screen readers, which else pronounce the page as English, and for the shapes of Chinese letters.
    tag = spoken().replace("_", "-")
    st.html(f"<script>document.documentElement.lang = {json.dumps(tag)}</script>", unsafe_allow_javascript=True)


def _keep() -> None:
    chosen = st.session_state[_WIDGET]
    try:
        keep_setting(workspace(), _SETTING, chosen)
        _choose(chosen)
    except TransferError as error:
        st.session_state["language_problem"] = str(error)
