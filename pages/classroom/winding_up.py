"""The end of a lesson: nobody trains on, everything in one zip, and everything deleted."""

from __future__ import annotations

import streamlit as st

from pages.classroom.going import seat_of
from pages.photos.edits import edit
from pages.ui import format as figures
from pages.ui import tasks
from pages.ui.services import engine
from transfer_core.classroom.room import Room
from transfer_core.classroom.winding_up import collect, collected_path, delete_all
from transfer_core.text import Sentence, t

__all__ = ["area"]

_TASK = "collect"
_SURE = "sure_to_delete"


def area(room: Room) -> None:
    """End the lesson or go on, take everything along, delete everything."""
    if room.ended is None:
        st.button(
            t("End the lesson"),
            key="end_lesson",
            icon=":material/logout:",
            on_click=edit,
            args=(_end, room),
            help=t(
                "Everybody but you is put out, and what still trains is stopped. Nothing is deleted; you can undo it."
            ),
        )
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            words = t("The lesson ended {when}: nobody but you is let in.", when=figures.when(room.ended))
            st.markdown(f":material/lock: {words}", width="content")
            st.button(
                t("Go on with the lesson"), key="go_on", icon=":material/undo:", on_click=edit, args=(room.go_on,)
            )
    _collect(room)
    _delete(room)


def _stop_all(room: Room) -> None:
    worker = engine()
    for run in [*worker.waiting(), *worker.running()]:
        seat = seat_of(room, run)
        if seat is not None and not seat.teaches:
            worker.cancel(run)


def _end(room: Room) -> None:
    room.end()
    _stop_all(room)


def _collect(room: Room) -> None:
    st.markdown(
        t(
            "**Take everything along:** one zip with a folder for each person, and in it a zip of each project, which "
            "any Thaw opens."
        )
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            t("Put it together"),
            key="collect",
            icon=":material/folder_zip:",
            disabled=tasks.running(_TASK),
            on_click=_begin,
            args=(room,),
        )
        made = collected_path(room)
        if made.is_file() and not tasks.running(_TASK):
            state = made.stat()
            words = t(
                "Download ({size}, of {when})", size=figures.size(state.st_size), when=figures.when(state.st_mtime)
            )
            # From the door, which sends it from the disk: it may be larger than the memory.
            st.link_button(words, "/collected", icon=":material/download:")
    if tasks.show(_TASK) is not None:
        tasks.dismiss(_TASK)
        st.rerun()


def _begin(room: Room) -> None:
    tasks.dismiss(_TASK)
    tasks.start(
        _TASK,
        t("Putting everything together"),
        lambda task: collect(room, task.progress, task.cancelled),
        Sentence("{done} of {total} projects"),
    )


def _delete(room: Room) -> None:
    st.markdown(t("**Delete everything** that the others made: photos, trainings and classifiers. It can't be undone."))
    sure = st.checkbox(
        t("I have taken along what is still needed."), key=_SURE, disabled=room.ended is None or tasks.running(_TASK)
    )
    st.button(
        t("Delete everything"),
        key="delete_all",
        icon=":material/delete_forever:",
        disabled=not sure or room.ended is None,
        on_click=_delete_all,
        args=(room,),
        help=t("End the lesson first.") if room.ended is None else None,
    )
    if st.session_state.pop("all_deleted", False):
        st.success(t("Everything is deleted. The codes stay, for the next lesson."), icon=":material/check:")


def _delete_all(room: Room) -> None:
    _stop_all(room)
    if edit(delete_all, room):
        st.session_state["all_deleted"] = True
    st.session_state[_SURE] = False
