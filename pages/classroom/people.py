"""Who is in the room, where each is, and what is done about a code."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st

from pages.classroom.present import Visit, visits
from pages.photos.edits import edit, show_refusal
from pages.ui import format as figures
from pages.ui.html import page_of, plain
from transfer_core.classroom.room import Room, Seat
from transfer_core.classroom.sheet import join_sheet
from transfer_core.text import t

__all__ = ["listed", "sheet"]

_SECONDS = 5
_PER_PAGE = 30
_HERE = "people"  # where a refusal shows: a fragment draws itself only
_AWAY = 600.0  # seconds without a click after which somebody is shown as away


def sheet(room: Room) -> None:
    """The codes, to print once more, and all of them opened for the next lesson."""
    with st.container(horizontal=True):
        st.download_button(
            t("The sheet with the codes"),
            lambda: join_sheet(room, st.context.url.partition("/classroom")[0]).encode(),
            file_name="codes.html",
            mime="text/html",
            key="sheet",
            icon=":material/print:",
            on_click="ignore",
        )
        used = [seat.number for seat in room.seats if seat.used and not seat.teaches]
        st.button(
            t("Open all codes again"),
            key="reopen_all",
            icon=":material/key:",
            disabled=not used,
            on_click=edit,
            args=(room.reopen, used),
            help=t(
                "A code lets in one browser. For the next lesson, on other computers, open them again: each lets in "
                "once more, and whoever is in stays in."
            ),
        )


@st.fragment(run_every=_SECONDS)
def listed(room: Room) -> None:
    """Everybody, by number; drawn again every few seconds."""
    with st.container(key="live_people"):
        _list(room)


def _list(room: Room) -> None:
    show_refusal(_HERE)
    seats, seen = [seat for seat in room.seats if not seat.teaches], visits()
    if not any(seat.passes for seat in seats):
        st.info(
            t("Nobody has come in yet. Hand out the sheet: each person opens the address on it and types the code."),
            icon=":material/groups:",
        )
    for seat in page_of(seats, _PER_PAGE, "people_page"):
        _row(room, seat, seen.get(seat.number))


def _row(room: Room, seat: Seat, visit: Visit | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"person_{seat.number}"):
        name = f" · {plain(seat.name)}" if seat.name else ""
        st.markdown(f"**{seat.number}**{name}  \n:small[{_where(seat, visit)}]", width="stretch")
        with st.popover(
            "", icon=":material/more_vert:", key=f"about_{seat.number}_{seat.code}", help=t("This person's code")
        ):
            st.markdown(t("The code is `{code}`.", code=seat.code))
            st.button(
                t("Open it again"),
                key=f"reopen_{seat.number}",
                disabled=not seat.used,
                on_click=partial(edit, at=_HERE),
                args=(room.reopen, [seat.number]),
                help=t("It lets in one more browser; whoever is in stays in."),
            )
            st.button(
                t("Give a new code"),
                key=f"renew_{seat.number}",
                on_click=partial(edit, at=_HERE),
                args=(room.renew, seat.number),
                help=t("Puts out whoever came in by the old one. What was made stays, and waits behind the new code."),
            )


def _where(seat: Seat, visit: Visit | None) -> str:
    if not seat.passes:
        return t("Not come in yet")
    if visit is None:
        return t("In the room")
    place = f"{plain(visit.page)} · {plain(visit.project)}" if visit.project else plain(visit.page)
    ago = time.time() - visit.when
    if ago < _AWAY:
        return place
    return t("{place} · no click for {span}", place=place, span=figures.span(ago))
