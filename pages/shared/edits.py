"""Edits of photos and classes from buttons: a refusal is kept for the next drawing of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.shared.drawn import sentence
from transfer_core.errors import TransferError

__all__ = ["edit", "show_refusal", "typed"]

_REFUSAL = "edit_refusal"


def edit(change: Callable[..., Any], *values: Any) -> None:
    """Do `change(*values)`; made for `on_click`, which runs before the page is drawn."""
    try:
        change(*values)
    except TransferError as error:
        st.session_state[_REFUSAL] = str(error)


def typed(key: str) -> Any:
    """What stands in the widget `key` at the moment of the click."""
    return st.session_state[key]


def show_refusal() -> None:
    """Show why the last edit was refused, once."""
    if refusal := st.session_state.pop(_REFUSAL, None):
        st.error(sentence(refusal), icon=":material/error:")
