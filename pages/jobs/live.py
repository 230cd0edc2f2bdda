"""Following a job that is going on, a run or an experiment: Stop, its end, Continue, what its worker printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from pages.ui.html import sentence
from pages.ui.services import engine
from transfer_core.errors import TransferError
from transfer_core.runs.events import Message
from transfer_core.runs.folder import Run, State, Status
from transfer_core.text import Sentence, t

__all__ = ["continue_button", "ended", "log", "messages", "problem", "stop_button", "waiting"]


def waiting(position: int) -> str:
    """What is said of a job that has not begun: its place among those that wait, from 1; 0: it is about to begin."""
    if position > 1:
        return t("Waiting: {position} before this one", position=position - 1)
    return t("Waiting for a free place") if position else t("Starting")


def stop_button(run: Run, key: str, help: str) -> None:
    """Stop, or the badge that says it was asked for."""
    if run.stop_requested:
        st.markdown(t(":orange-badge[:material/hourglass_top: Stopping…]"))
    else:
        st.button(
            t("Stop"), key=key, icon=":material/stop_circle:", on_click=_try, args=(engine().cancel, run), help=help
        )


def continue_button(run: Run, key: str, help: str | None = None) -> None:
    """Let a job that was stopped or interrupted go on."""
    st.button(t("Continue"), key=key, icon=":material/resume:", on_click=_try, args=(engine().start, run), help=help)


def problem() -> None:
    """Why Stop or Continue did not work, once."""
    if why := st.session_state.pop("job_problem", None):
        st.error(sentence(why), icon=":material/error:")


def ended(state: State, why: str | Sentence, *, failed: str, interrupted: str, stopped: str) -> None:
    """How a job ended that did not finish: `why`, or else what is given for its state."""
    words = {"FAILED": failed, "INTERRUPTED": interrupted, "STOPPED": stopped}
    icons = {"FAILED": "error", "INTERRUPTED": "power_off", "STOPPED": "stop_circle"}
    show = {"FAILED": st.error, "INTERRUPTED": st.warning, "STOPPED": st.info}
    if state in words:
        show[state](sentence(why or words[state]), icon=f":material/{icons[state]}:")


def log(run: Run, status: Status, key: str) -> None:
    """What the worker printed, for whoever looks for the cause of a failure."""
    if status.state in ("FAILED", "INTERRUPTED"):
        with st.expander(t("What the worker printed"), key=key):
            st.code(run.log_tail() or t("nothing"), language=None)


def messages(found: Iterable[Message], told: Sentence | None = None) -> None:
    """What the job wants the person to know, but for what is `told` already."""
    for message in found:
        if message.text == told:
            continue
        if message.level == "warning":
            st.warning(sentence(message.text), icon=":material/warning:")
        else:
            st.caption(f":material/info: {sentence(message.text)}")


def _try(change: Callable[[Run], None], run: Run) -> None:
    try:
        change(run)
    except TransferError as error:
        st.session_state["job_problem"] = str(error)
