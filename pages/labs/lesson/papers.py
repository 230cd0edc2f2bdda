"""What goes with a lesson: the two sheets to print, the lesson as a file, and opening one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.labs.lesson.state import Opened, open_lesson, put_back
from pages.ui.html import sentence
from pages.ui.widget_keys import renew, widget_key
from transfer_core.errors import TransferError
from transfer_core.lessons.lesson import Lesson, lesson_text
from transfer_core.lessons.reading import parse_lesson
from transfer_core.lessons.sheets import pupil_sheet, teacher_sheet
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project

__all__ = ["again", "begin", "own_lesson", "papers", "undo"]

_UPLOAD = "lesson_file"
_UNDO = "lesson_undo"
_REFUSED = "lesson_refused"


def papers(lesson: Lesson) -> None:
    """The buttons that give the sheets."""
    _download(t("Pupil's sheet"), pupil_sheet(lesson), "lesson-pupils.html", "text/html", "pupil_sheet")
    _download(t("Teacher's sheet"), teacher_sheet(lesson), "lesson-teacher.html", "text/html", "teacher_sheet")


def own_lesson(project: Project, opened: Opened) -> None:
    """The lesson as a file, to begin one's own from; and the field that opens one."""
    with st.popover(t("Your own lesson"), icon=":material/edit_note:", key="own_lesson"):
        st.markdown(
            t(
                "A lesson is a text file. Save this one, change its questions, labs and settings in any editor, and "
                "open it here. What does not fit is named by its step and field."
            )
        )
        _download(t("Save this lesson as a file"), lesson_text(opened.lesson), "lesson.json", "application/json",
                  "save_lesson")  # fmt: skip
        key = widget_key(_UPLOAD)
        st.file_uploader(
            t("Open a lesson of your own"), key=key, on_change=_upload, args=(project, key), max_upload_size=1
        )
        if opened.own:
            st.button(
                t("Back to Thaw's own lesson"),
                key="thaws_lesson",
                icon=":material/undo:",
                on_click=begin,
                args=(project, None),
            )
    if refused := st.session_state.pop(_REFUSED, None):
        st.error(sentence(refused), icon=":material/error:")


def undo(project: Project) -> None:
    """What was left behind, and the button that brings it back."""
    if not st.session_state.get(_UNDO):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_begun"):
        st.markdown(t(":material/restart_alt: The lesson begins anew."), width="content")
        st.button(t("Undo"), key="undo_lesson", icon=":material/undo:", on_click=_undo, args=(project,))


def again(project: Project, opened: Opened) -> None:
    """The button that begins the lesson anew; experiments stay in their labs."""
    st.button(
        t("Start the lesson again"),
        key="lesson_again",
        icon=":material/restart_alt:",
        type="tertiary",
        disabled=opened.progress.untouched,
        help=t("Forgets guesses and sentences. The experiments stay in their labs. You can undo it."),
        on_click=begin,
        args=(project, opened.lesson if opened.own else None),
    )


def begin(project: Project, lesson: Lesson | None) -> None:
    """Begin a lesson, and remember what was there."""
    try:
        before = open_lesson(project, lesson)
    except TransferError as error:
        st.session_state[_REFUSED] = str(error)
        return
    st.session_state[_UNDO] = [*st.session_state.get(_UNDO, []), (project.id, before)]


def _undo(project: Project) -> None:
    kept = st.session_state.get(_UNDO) or []
    if not kept or kept[-1][0] != project.id:
        return
    try:
        put_back(project, kept[-1][1])
    except TransferError as error:
        st.session_state[_REFUSED] = str(error)
    else:
        st.session_state[_UNDO] = kept[:-1]


def _upload(project: Project, key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    try:
        lesson = parse_lesson(file.getvalue())
    except TransferError as error:
        st.session_state[_REFUSED] = str(error)
    else:
        begin(project, lesson)
    renew(_UPLOAD)  # an empty field for the next one


def _download(label: str, text: str, name: str, mime: str, key: str) -> None:
    st.download_button(
        label,
        text.encode(),
        file_name=name,
        mime=mime,
        key=key,
        icon=":material/print:" if mime == "text/html" else ":material/download:",
        on_click="ignore",
    )
