"""The jobs of all people: those that run, and those that wait for a free place."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.photos.edits import edit, show_refusal
from pages.ui import format as figures
from pages.ui.format import state_badge
from pages.ui.html import plain
from pages.ui.services import engine
from transfer_core.classroom.room import Room, Seat
from transfer_core.errors import TransferError
from transfer_core.jobs.queue import owner
from transfer_core.labs.experiment import is_experiment
from transfer_core.runs.folder import Run
from transfer_core.text import t

__all__ = ["jobs", "seat_of"]

_SECONDS = 3
_HERE = "jobs"  # where a refusal shows: a fragment draws itself only


def seat_of(room: Room, run: Run) -> Seat | None:
    """Whose job it is; None where it is nobody's who has a seat."""
    return next((seat for seat in room.seats if owner(run) == room.workspace(seat).root), None)


@st.fragment(run_every=_SECONDS)
def jobs(room: Room) -> None:
    """Draw them with a button that stops each, and again every few seconds."""
    with st.container(key="live_jobs"):
        _list(room)


def _list(room: Room) -> None:
    show_refusal(_HERE)
    worker = engine()
    found = [*worker.running(), *worker.waiting()]
    if not found:
        st.caption(t("Nobody trains anything now."))
    for place, run in enumerate(found):
        try:
            status = run.status()
        except TransferError:  # it has just been deleted
            continue
        seat = seat_of(room, run)
        who = "" if seat is None else (plain(seat.name) or t("Number {number}", number=seat.number))
        if seat is not None and seat.teaches:
            who = t("The teacher")
        what = t("Experiment") if is_experiment(run) else t("Training")
        left = "" if status.eta is None else t(" · about {span} left", span=figures.span(max(1.0, status.eta)))
        with st.container(horizontal=True, vertical_alignment="center", key=f"job_{place}"):
            st.markdown(f"{state_badge(status.state)} **{who}** · {what}{left}", width="stretch")
            st.button(
                t("Stop"),
                key=f"stop_{run.id}",
                icon=":material/stop_circle:",
                disabled=run.stop_requested,
                on_click=partial(edit, at=_HERE),
                args=(worker.cancel, run),
            )
