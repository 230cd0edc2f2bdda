"""The lesson: predict, observe, explain, step by step, on the project's photos."""

from contextlib import suppress

import streamlit as st

from pages.labs.cards import lab_links
from pages.labs.lesson.papers import again, begin, own_lesson, papers, undo
from pages.labs.lesson.running import photos_of, seconds_of
from pages.labs.lesson.state import Opened, kept
from pages.labs.lesson.step import apply, draw_step
from pages.labs.lesson.words import written
from pages.ui import format as figures
from pages.ui.frame import heading, require_project
from pages.ui.html import sentence
from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.lessons.progress import StepState
from transfer_core.photos.manifest import Manifest
from transfer_core.text import Sentence, joined, plural, t


def time_left(opened_lesson: Opened, photos: Manifest) -> Sentence:
    """How long the lesson takes, and its experiments on this computer."""
    words = [
        plural("Takes about {n} minute in class.", "Takes about {n} minutes in class.", opened_lesson.lesson.minutes)
    ]
    pairs = zip(opened_lesson.lesson.steps, opened_lesson.progress.steps, strict=True)
    seconds = [seconds_of(project, step, photos) for step, state in pairs if not state.shown]
    known = [one for one in seconds if one is not None]
    if known and sum(known) >= 1 and len(known) == len(seconds):
        words.append(Sentence("The experiments that are left take about {span} here.", span=figures.span(sum(known))))
    return joined(words)


def mark(state: StepState, here: bool) -> str:
    """Where a step of the list stands."""
    if state.done:
        return t(":green-badge[:material/check: done]")
    if here:
        return t(":blue-badge[:material/edit: open]")
    return t(":gray-badge[:material/hourglass_empty: begun]") if state.guess is not None else ""


def no_photos(opened_project: Project, reason: str) -> None:
    """The empty state: why nothing can be tried yet, and the two ways to photos."""
    with st.container(border=True, key="lesson_needs_photos"):
        st.markdown(t("**The experiments of this lesson need photos.** {reason}", reason=sentence(reason)))
        with st.container(horizontal=True):
            st.page_link(
                page_path("photos"),
                label=t("Add photos to this project"),
                icon=":material/add_photo_alternate:",
                query_params={"project": opened_project.id},
            )
            st.page_link(page_path("home"), label=t("Or start with a sample"), icon=":material/play_arrow:")


def listed(opened_lesson: Opened) -> None:
    """All steps, one of them open."""
    at = opened_lesson.progress.at
    for number, step in enumerate(opened_lesson.lesson.steps):
        state = opened_lesson.progress.steps[number]
        with st.container(border=True, key=f"lesson_step_{number}"):
            with st.container(horizontal=True, vertical_alignment="center"):
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.header(f"{number + 1}. {written(step.title)}", anchor=False, width="content")
                    st.markdown(mark(state, number == at), width="content")
                if number != at:
                    st.button(
                        t("Open"),
                        key=f"open_step_{number}",
                        on_click=apply,
                        args=(project, lambda progress, number=number: progress.opened(number)),
                        help=t("Open step {number}", number=number + 1),
                    )
            if number == at:
                draw_step(project, opened_lesson, number)


project = require_project()
opened = None
try:
    opened = kept(project)
except TransferError as error:
    heading(t("The lesson"), t("Predict, observe, explain."))
    lab_links(project, "lesson")
    st.error(sentence(str(error)), icon=":material/error:")
    st.button(t("Back to Thaw's own lesson"), key="thaws_lesson", icon=":material/undo:",
              on_click=begin, args=(project, None))  # fmt: skip
if opened is not None:
    heading(written(opened.lesson.title), written(opened.lesson.about))
    lab_links(project, "lesson")
    manifest, why = None, ""
    try:
        manifest = photos_of(project)
    except TransferError as error:
        why = str(error)
    if manifest is not None:
        with suppress(TransferError):
            st.caption(f":material/schedule: {sentence(time_left(opened, manifest))}")
    with st.container(horizontal=True, key="lesson_papers"):
        papers(opened.lesson)
        own_lesson(project, opened)
    undo(project)
    if manifest is None:
        no_photos(project, why)
    count, done = len(opened.lesson.steps), opened.progress.done
    st.progress(done / count, text=t("{done} of {count} steps done", done=done, count=count))
    listed(opened)
    if done == count:
        st.success(
            t("All steps are done. Your guesses and sentences stay here; compare them with those of the others."),
            icon=":material/celebration:",
        )
    again(project, opened)
