"""Edits of photos and classes from buttons: a refusal is kept for the next drawing of the page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.ui.html import sentence
from transfer_core.errors import TransferError

__all__ = ["edit", "edit_form", "show_refusal", "typed"]

_REFUSAL = "edit_refusal"
_LAST = "edit_last"
_DOUBLE_CLICK = 1.0  # seconds in which the same form sent again is the second click of a pair


def edit(change: Callable[..., Any], *values: Any, at: str = "") -> bool:
    """Do `change(*values)`; made for `on_click`, which runs before the page is drawn.

    A refusal is kept for where it belongs: `at` names a form, none the page.

    Returns:
        Whether it was done.
    """
    try:
        change(*values)
    except TransferError as error:
        st.session_state[_REFUSAL] = (at, str(error))
        return False
    return True


def edit_form(change: Callable[..., Any], fields: Sequence[str], emptied: str) -> None:
    """Do `change` with what stands in the `fields` of a form, then empty the field `emptied`.

    Streamlit's own clear_on_submit loses the text to a double click: the second click sends the empty field, and its
    values replace those of the first, which has not been looked at yet.
    """
    values = [typed(field) for field in fields]
    form, sent, when = st.session_state.get(_LAST, (None, None, 0.0))
    if form == fields and time.monotonic() - when < _DOUBLE_CLICK and (values == sent or not typed(emptied)):
        return
    edit(change, *values, at=emptied)
    if _REFUSAL not in st.session_state:
        st.session_state[_LAST] = (fields, values, time.monotonic())
        st.session_state[emptied] = ""


def typed(key: str) -> Any:
    """What stands in the widget `key` at the moment of the click."""
    return st.session_state[key]


def show_refusal(at: str = "") -> None:
    """Show why the last edit was refused, once, if that belongs here: to the form that `at` is the emptied field of."""
    place, refusal = st.session_state.get(_REFUSAL, ("", None))
    if refusal is not None and place == at:
        del st.session_state[_REFUSAL]
        st.error(sentence(refusal), icon=":material/error:")
