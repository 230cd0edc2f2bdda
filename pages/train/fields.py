"""What the widgets of the settings have in common: where their values start, and what a change does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui.widget_keys import widget_key

__all__ = ["Fields"]


@dataclass(frozen=True)
class Fields:
    """The widgets of the settings, by name.

    Each is told its value by the widget's own parameter, not through the session state: a browser that draws one anew
    falls back on what the parameter says, and would take 0 for a number without.
    """

    stored: Mapping[str, Any]
    """The value that each widget starts with."""
    changed: Callable[[], None]
    """Called when the person changed one."""

    def value(self, name: str) -> Any:
        """What stands in the widget now, drawn or not."""
        return st.session_state.get(widget_key(name), self.stored[name])

    def at(self, name: str) -> dict[str, Any]:
        """Arguments of a widget with a `value`."""
        return {"key": widget_key(name), "value": self.stored[name], "on_change": self.changed}

    def among(self, name: str, options: Sequence[Any]) -> dict[str, Any]:
        """Arguments of a widget with `options` and an `index`; a value that is none of them stands for the first."""
        start = self.stored[name]
        index = options.index(start) if start in options else 0
        return {"options": options, "key": widget_key(name), "index": index, "on_change": self.changed}
