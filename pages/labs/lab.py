"""The frame every lab shares: settings, Start, progress with the time left, Stop, the conclusion, and earlier ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs import live
from pages.jobs.experiment_list import experiments
from pages.jobs.job_list import job_list, shown_job
from pages.jobs.launch import split_photos
from pages.labs.card import LabCard
from pages.labs.cards import lab_links
from pages.labs.start import active_experiment, begin
from pages.labs.time_needed import time_needed
from pages.ui.frame import guard, heading, require_project
from pages.ui.html import sentence, sketch
from pages.ui.services import events, store
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import read_result
from transfer_core.runs.events import Message
from transfer_core.runs.folder import Run, Status
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

__all__ = ["Lab", "lab_page"]

_POLL = 0.7  # seconds between looks at an experiment that is going on


@dataclass(frozen=True)
class Lab:
    """One lab as a page shows it."""

    card: LabCard
    """Its title and question."""
    about: str
    """Markdown: what it does and how to read it, for those who want to know."""
    form: Callable[[Project, Manifest | None], Any]
    """Draws the settings and gives the lab's `Settings`; raises `TransferError` with what is missing."""
    draw: Callable[[Run, dict[str, Any]], None]
    """Draws a result, complete or not, below its conclusion."""
    photos: bool = True
    """Whether it works on the project's photos and base; otherwise on what the settings name."""
    start: str = ""
    """What the button says; empty: Start."""
    tool: Callable[[Project], None] | None = None
    """Draws what else the page offers, above the settings."""
    worries: Callable[[dict[str, Any]], bool] = lambda result: False
    """Whether a result says that something should be done."""


def lab_page(lab: Lab) -> None:
    """The whole page of a lab."""
    project = require_project()
    heading(t(lab.card.title), t(lab.card.question))
    lab_links(project, lab.card.kind)
    with st.popover(t("How does this work?"), icon=":material/help:"):
        st.markdown(lab.about)
    if lab.tool is not None:
        lab.tool(project)
    active = run = None
    with guard():
        active = active_experiment(project, lab.card.kind)
        run = shown_job(experiments(lab.card.kind), project)
    _starting(lab, project, active, shown=run is not None and active is not None and run.path == active.path)
    if active is not None and (run is None or run.path != active.path):
        st.fragment(_until_it_ends, run_every=_POLL)(active)
    with guard():
        with guard():  # a damaged one is no reason to hide the others
            _shown(lab, run)
        job_list(experiments(lab.card.kind), project, run)


def _shown(lab: Lab, run: Run | None) -> None:
    if run is None:
        st.caption(t("Nothing has been tried here yet."))
        sketch(lab.card.kind)
        return
    active = run.status().active
    st.fragment(_live, run_every=_POLL if active else None)(lab, run, active)


def _until_it_ends(active: Run) -> None:
    """Draw the page anew when an experiment that is not the one on screen ends: it frees the button."""
    if not active.path.is_dir() or not active.status().active:
        st.rerun()


def _starting(lab: Lab, project: Project, active: Run | None, *, shown: bool) -> None:
    manifest, settings, reason = None, None, None
    try:
        if lab.photos:
            manifest = split_photos(project, store(project))
    except TransferError as error:
        reason = str(error)
    with st.container(border=True, key="lab_settings"):
        try:
            settings = lab.form(project, manifest)
            time_needed(lab.card.kind, project, manifest, settings)
        except TransferError as error:
            reason = reason or str(error)
        if active is not None:
            reason = (
                t("This is going on below. When it has ended, you can start again.")
                if shown
                else t("Another one is going on: see the list below. When it has ended, you can start again.")
            )
        with st.container(horizontal=True, vertical_alignment="center"):
            clicked = st.button(
                lab.start or t("Start"),
                key="start_lab",
                type="primary",
                icon=":material/science:",
                disabled=reason is not None,
            )
            if reason:
                st.markdown(sentence(reason), width="stretch")
    # Not by a callback: its arguments are those of the run before, and what was typed just before the click is lost.
    if clicked and reason is None:
        begin(project, lab.card.kind, settings, manifest)
        if "lab_problem" not in st.session_state:
            st.rerun()
    if problem := st.session_state.pop("lab_problem", None):
        st.error(sentence(problem), icon=":material/error:")


def _live(lab: Lab, run: Run, was_active: bool) -> None:
    if not run.path.is_dir():
        st.rerun()  # deleted in another tab: the whole page knows what is left to show
    with guard():
        status = run.status()
        if status.active != was_active:
            st.rerun()  # one run of the whole page: it starts or ends the following and frees the button
        with st.container(border=True, key="lab_result"):
            with st.container():
                if status.active:
                    live.experiment_progress(run, status, "stop_lab")
                else:
                    _ending(run, status)
            result = read_result(run)
            if result is not None:
                if words := result.get("conclusion"):
                    with st.container(key="conclusion"):
                        if status.active:
                            st.info(t("So far: **{words}**", words=sentence(words)), icon=":material/lightbulb:")
                        else:
                            said = st.warning if lab.worries(result) else st.success
                            said(f"**{sentence(words)}**", icon=":material/lightbulb:")
                if words := result.get("how_sure"):
                    with st.container(key="how_sure"):
                        st.markdown(t("**How sure is that?** {figures}", figures=sentence(words)))
                lab.draw(run, result)
            live.messages(event for event in events(run) if isinstance(event, Message))


def _ending(run: Run, status: Status) -> None:
    live.experiment_ending(run, status, "continue_lab")
    live.log(run, status, "lab_log")
