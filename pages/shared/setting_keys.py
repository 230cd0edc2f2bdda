"""The keys of the widgets that hold the settings of training: new ones whenever Thaw, not the person, sets them.

With one key for all time, a click that comes before the browser has drawn what was set carries the old values, and they
would count as typed anew.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

__all__ = ["renew", "setting", "setting_key"]

_TURN = "settings_turn"


def setting_key(name: str) -> str:
    """The key of the widget for `name`: the name itself until `renew`."""
    turn = st.session_state.get(_TURN, 0)
    return f"{name}_{turn}" if turn else name


def setting(name: str) -> Any:
    """What stands in the widget for `name` now."""
    return st.session_state[setting_key(name)]


def renew(values: dict[str, Any]) -> None:
    """Give every widget a new key, and those of `values` these values."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    for name, value in values.items():
        st.session_state[setting_key(name)] = value
