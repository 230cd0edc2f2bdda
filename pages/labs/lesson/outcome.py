"""What came of a step: how far its experiment is, and then the guess beside the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs import live
from pages.labs.lesson.words import written
from pages.ui.frame import guard
from pages.ui.html import cells, sentence
from pages.ui.paths import page_path
from transfer_core.labs.experiment import read_result
from transfer_core.lessons.outcomes import right_choice
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.lessons.lesson import Step
    from transfer_core.lessons.progress import StepState
    from transfer_core.runs.folder import Run

__all__ = ["beside", "follow", "lab_link"]

POLL = 0.7  # seconds between looks at an experiment that is going on


def follow(project: Project, step: Step, state: StepState, run: Run) -> bool:
    """Draw an experiment, going on or ended.

    Returns:
        Whether there is an outcome to explain.
    """
    active = run.status().active
    st.fragment(_drawn, run_every=POLL if active else None)(project, step, state, run, active)
    return not active and bool((read_result(run) or {}).get("conclusion"))


def _drawn(project: Project, step: Step, state: StepState, run: Run, was_active: bool) -> None:
    if not run.path.is_dir():
        st.rerun()  # deleted in another tab
    with guard():
        status = run.status()
        if status.active != was_active:
            st.rerun()  # the whole page: what comes next is drawn, or the following begins
        if status.active:
            live.experiment_progress(run, status, "stop_lesson")
            return
        live.experiment_ending(run, status, "continue_lesson")
        result = read_result(run) or {}
        if result.get("conclusion"):
            beside(step, state, result)


def beside(step: Step, state: StepState, result: dict[str, Any] | None) -> None:
    """The guess beside the outcome, and whether it came true where that can be told."""
    right = right_choice(step, result)
    came = (result or {}).get("conclusion") or ("" if right is None else step.choices[right])
    with cells("lesson_outcome", least=230, most=2):
        with st.container(border=True):
            st.caption(t(":material/psychology_alt: Your guess"))
            st.markdown(f"**{written(step.choices[state.guess or 0])}**")
        if came:
            with st.container(border=True, key="conclusion"):
                st.caption(t(":material/lightbulb: What came out"))
                st.markdown(f"**{sentence(str(came))}**")
    if right is None:
        st.markdown(t("Does that fit your guess? Decide together."))
    elif right == state.guess:
        st.success(t("Your guess came true."), icon=":material/check_circle:")
    else:
        said = written(step.choices[right])
        st.info(t("It came out otherwise: {choice}", choice=said), icon=":material/compare_arrows:")


def lab_link(project: Project, kind: str, run: Run) -> None:
    """The way to the curves and figures of an experiment, on its lab's own page."""
    st.page_link(
        page_path(kind),
        label=t("See its curves and figures in the lab"),
        icon=":material/show_chart:",
        query_params={"project": project.id, "experiment": run.id},
    )
