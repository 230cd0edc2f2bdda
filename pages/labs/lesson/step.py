"""One step of the lesson, open: the guess, the experiment, and the sentence that explains it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.labs.cards import LABS
from pages.labs.lesson.outcome import POLL, beside, follow, lab_link
from pages.labs.lesson.running import asked, begin_step, experiment_of, in_the_way, photos_of, seconds_of, until_it_ends
from pages.labs.lesson.state import change
from pages.labs.lesson.words import written
from pages.ui import format as figures
from pages.ui.frame import guard
from pages.ui.html import sentence
from transfer_core.errors import TransferError
from transfer_core.lessons.progress import MOST_WORDS, Progress
from transfer_core.text import t

if TYPE_CHECKING:
    from pages.labs.lesson.state import Opened
    from transfer_core.disk.workspace import Project
    from transfer_core.lessons.lesson import Text

__all__ = ["apply", "draw_step"]

_PROBLEM = "lesson_problem"


def apply(project: Project, how: Callable[[Progress], Progress]) -> None:
    """Change the progress; a refusal is shown with the step."""
    try:
        change(project, how)
    except TransferError as error:
        st.session_state[_PROBLEM] = str(error)


def draw_step(project: Project, opened: Opened, number: int) -> None:
    """Draw the step `number`, counted from 0."""
    step, state = opened.lesson.steps[number], opened.progress.steps[number]
    _predict(project, opened, number)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(sentence(problem), icon=":material/error:")
    st.subheader(t("Observe"), anchor=False)
    run = experiment_of(project, state)
    outcome = False
    if state.shown and step.lab is None:
        beside(step, state, None)
        outcome = True
    elif state.shown and run is not None:
        with guard():
            outcome = follow(project, step, state, run)
            if not run.status().active and run.status().state == "FAILED":
                _start(project, opened, number, t("Try it again"))
    elif state.shown:
        st.warning(
            t("The experiment of this step was deleted. Run it again to see what comes out."), icon=":material/delete:"
        )
        _start(project, opened, number, t("Run it again"))
    else:
        _start(project, opened, number, t("Start the experiment") if step.lab else t("Show what comes next"))
    if state.shown:
        st.markdown(written(step.look_for))
        if run is not None and step.lab is not None:
            lab_link(project, step.lab, run)
    if outcome or state.sentence:
        _explain(project, opened, number)


def _predict(project: Project, opened: Opened, number: int) -> None:
    step, state = opened.lesson.steps[number], opened.progress.steps[number]
    st.subheader(t("Predict"), anchor=False)
    st.markdown(written(step.ask))
    if state.shown:  # no radio that can't be used: it would be too faint to read
        _guessed(step.choices, state.guess)
        return
    key = f"lesson_guess_{project.id}_{number}"
    if st.session_state.get(key) != state.guess or key not in st.session_state:
        st.session_state[key] = state.guess  # what is kept counts: another tab may have guessed
    st.radio(
        t("Your guess"),
        range(len(step.choices)),
        key=key,
        index=None,
        format_func=lambda choice: written(step.choices[choice]),
        on_change=_guess,
        args=(project, number, key),
    )


def _guessed(choices: Sequence[Text], guess: int | None) -> None:
    lines = [
        t("- **{choice}** (your guess)", choice=written(choice)) if at == guess else f"- {written(choice)}"
        for at, choice in enumerate(choices)
    ]
    with st.container(key="lesson_guessed"):
        st.markdown("\n".join(lines))
    st.caption(t("The guess stands, so that you can hold it against what comes out."))


def _guess(project: Project, number: int, key: str) -> None:
    choice = st.session_state[key]
    apply(project, lambda progress: progress.guessed(number, choice))


def _start(project: Project, opened: Opened, number: int, label: str) -> None:
    step, state = opened.lesson.steps[number], opened.progress.steps[number]
    busy, reason, seconds = in_the_way(project, step), None, None
    if step.lab is not None:
        try:
            photos = photos_of(project)
            asked(step, photos)
            seconds = seconds_of(project, step, photos)
        except TransferError as error:
            reason = str(error)
    if state.guess is None:
        reason = reason or t("Guess first: choose one of the answers above.")
    if busy is not None:
        reason = reason or t("This lab is at work on something else. When that has ended, start this again.")
    if step.lab is not None:
        _which_lab(step.lab, seconds)
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(
            label,
            key="start_step",
            type="primary",
            icon=":material/science:" if step.lab else ":material/visibility:",
            disabled=reason is not None,
        )
        if reason:
            st.markdown(sentence(reason), width="stretch")
    if busy is not None:
        lab_link(project, str(step.lab), busy)
        st.fragment(until_it_ends, run_every=POLL)(busy)
    if clicked and reason is None:
        try:
            begin_step(project, number, step)
        except TransferError as error:
            st.error(sentence(str(error)), icon=":material/error:")
        else:
            st.rerun()


def _which_lab(kind: str, seconds: float | None) -> None:
    title = next(card.title for card in LABS if card.kind == kind)
    if seconds is None:
        st.caption(t("The lab *{title}* answers it.", title=title))
    else:
        span = figures.span(seconds)
        st.caption(t("The lab *{title}* answers it. Takes about {span} here, if nothing else is running.",
                     title=title, span=span))  # fmt: skip


def _explain(project: Project, opened: Opened, number: int) -> None:
    step, state = opened.lesson.steps[number], opened.progress.steps[number]
    st.subheader(t("Explain"), anchor=False)
    st.markdown(written(step.explain))
    key = f"lesson_sentence_{project.id}_{number}"
    if st.session_state.get(key) != state.sentence:
        st.session_state[key] = state.sentence
    st.text_area(
        t("One sentence, in your own words"),
        key=key,
        max_chars=MOST_WORDS,
        height=90,
        on_change=_say,
        args=(project, number, key),
    )
    last = number == len(opened.lesson.steps) - 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            t("Finish") if last else t("Next step"),
            key="next_step",
            type="primary",
            icon=":material/check:" if last else ":material/arrow_forward:",
            on_click=_go_on,
            args=(project, number, key),
        )
        if note := st.session_state.pop("lesson_note", None):
            st.markdown(note, width="stretch")
        elif state.done:
            st.caption(t(":material/check: Kept. You can still change it."))


def _say(project: Project, number: int, key: str) -> None:
    words = st.session_state[key]
    apply(project, lambda progress: progress.said(number, words))


def _go_on(project: Project, number: int, key: str) -> None:
    words = st.session_state[key]
    if not words.strip():
        st.session_state["lesson_note"] = t("Write your sentence first; it need not be perfect.")
        return
    apply(project, lambda progress: progress.said(number, words).opened(number + 1))
