"""Keys of widgets that both the person and Thaw set: a new one whenever Thaw does.

With one key for all time, a click that comes before the browser has drawn what was set carries the old value, and that
would count as the person's own.
"""

from __future__ import annotations

import streamlit as st

__all__ = ["renew", "widget_key"]


def widget_key(name: str) -> str:
    """The key of the widget `name` now: the name itself until `renew`."""
    turn = st.session_state.get(_turn(name), 0)
    return f"{name}_{turn}" if turn else name


def renew(name: str) -> None:
    """Give the widget a new key, under which nothing stands yet."""
    st.session_state[_turn(name)] = st.session_state.get(_turn(name), 0) + 1


def _turn(name: str) -> str:
    return f"turn_of_{name}"
