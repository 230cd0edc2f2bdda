"""Edits of photos and classes from buttons: a refusal is kept for the next drawing of the page."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.ui.html import sentence
from transfer_core.errors import TransferError

__all__ = ["Form", "edit", "edit_field", "form", "show_refusal", "typed"]

_REFUSAL = "edit_refusal"
_DONE = "edits_done"
_DOUBLE_CLICK = 3.0  # seconds in which the same field sent again is the second click of a pair, or one after Enter


@dataclass
class _Done:
    """What forms have done in this session.

    It is taken from the session state before an edit and changed in place right after it: each access of the session
    state is a point where a second click may stop the run, and an edit that was made would not be remembered.
    """

    turns: Counter[str] = field(default_factory=Counter)
    """How often each form has done its work."""
    sent: str = ""
    """The key of the text field that was sent last."""
    text: str = ""
    """What stood in it."""
    when: float = 0.0
    """In seconds of the monotonic clock."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Streamlit may run the callbacks of two clicks at once, each in a thread of its own: the second waits."""


def _done() -> _Done:
    done: _Done = st.session_state.setdefault(_DONE, _Done())
    return done


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


@dataclass(frozen=True)
class Form:
    """A form that is another one once it has done its work: empty, and closed with the popover that has its key.

    So a click that was meant for the old one does nothing, and what stands in the new one was never agreed to.
    """

    name: str
    turn: int
    """How often a form of this name had done its work when this one was drawn."""

    def key(self, name: str) -> str:
        """The key of the widget `name` of this form."""
        return f"{name}_{self.turn}" if self.turn else name

    def edit(self, change: Callable[..., Any], *fields: str) -> None:
        """Do `change` with what stands in the widgets `fields`, unless this form has done its work."""
        done = _done()
        if done.turns[self.name] != self.turn:
            return  # its fields are gone
        values = [typed(self.key(field)) for field in fields]
        with done.lock:
            if done.turns[self.name] == self.turn and edit(change, *values, at=self.name):
                done.turns[self.name] += 1

    def edit_with(self, change: Callable[..., Any], *values: Any) -> None:
        """Do `change(*values)` unless this has done its work; a refusal is the page's.

        For a button by itself, whose name says all that its edit depends on: the second click of a pair does nothing.
        """
        done = _done()
        with done.lock:
            if done.turns[self.name] == self.turn and edit(change, *values):
                done.turns[self.name] += 1


def form(name: str) -> Form:
    """The form of this name as it is to be drawn now."""
    return Form(name, _done().turns[name])


def edit_field(change: Callable[[str], Any], key: str) -> None:
    """Do `change` with what stands in the text field `key` of a form, then empty it: the form stays for the next.

    Streamlit's own clear_on_submit loses the text to a double click: the second click sends the empty field, and its
    values replace those of the first, which has not been looked at yet.
    """
    done, text = _done(), typed(key)
    with done.lock:
        again = done.sent == key and time.monotonic() - done.when < _DOUBLE_CLICK and text in ("", done.text)
        if not again:
            if not edit(change, text, at=key):
                return
            done.sent, done.text, done.when = key, text, time.monotonic()
    st.session_state[key] = ""  # also again: the first click may have been stopped here


def typed(key: str) -> Any:
    """What stands in the widget `key` at the moment of the click."""
    return st.session_state[key]


def show_refusal(at: str = "") -> None:
    """Show why the last edit was refused, once, if that belongs here: to the form or the field `at`, or to the page."""
    place, refusal = st.session_state.get(_REFUSAL, ("", None))
    if refusal is not None and place == at:
        del st.session_state[_REFUSAL]
        st.error(sentence(refusal), icon=":material/error:")
