"""What app.py does in a classroom before it draws a page: nobody looks who is not in, and the teacher sees who does."""

from __future__ import annotations

import streamlit as st

from pages.classroom.present import has_left, note_here, room, seat
from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project
from transfer_core.text import t

__all__ = ["classroom_pages", "come_in", "note_visit"]


def come_in() -> None:
    """End the run where somebody looks who was put out of the room, or left it, since this page was opened."""
    opened = room()
    if opened is None or seat() is not None:
        return
    st.title(t("You have left the room") if has_left() else t("You are not in this room any more"), anchor=False)
    if opened.ended is not None:
        st.markdown(t("This lesson is over. Ask your teacher."))
    else:
        st.markdown(t("Nothing is lost: what you made waits for you. Come in again by your code; your teacher has it."))
    # A link of the browser's own, that leaves this page: the door is no page of the app.
    st.html(f'<a class="thaw-door" href="/join" target="_self">{t("To the door")}</a>')
    st.stop()


def classroom_pages() -> list[st.Page]:
    """The pages that only a classroom has; the teacher's only for the teacher, so that it isn't there for others."""
    here = seat()
    if here is None:
        return []
    pages = [st.Page(page_path("board"), title=t("The class's board"), url_path="board")]
    if here.teaches:
        pages.append(st.Page(page_path("classroom"), title=t("The class"), url_path="classroom"))
    return pages


def note_visit(title: str, project: Project | None) -> None:
    """Remember for the teacher's page where this person is."""
    here = seat()
    if here is not None:
        note_here(here, title, project.name if project else "")
