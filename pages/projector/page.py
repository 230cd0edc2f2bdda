"""Projector: a run in large letters, with one photo on which the answers can be watched as they move."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.components.live_curves import live_curves
from pages.jobs.job_list import shown_job
from pages.jobs.run_list import runs
from pages.train import curves, run_view
from pages.train.run_view import RunView
from pages.ui import html as drawn
from pages.ui.frame import go, guard, page_title, require_project
from transfer_core.disk.workspace import Project
from transfer_core.errors import PhotoError
from transfer_core.photos.decode import thumbnail
from transfer_core.runs.folder import Run
from transfer_core.text import t

_PICTURE = 480  # pixels
_HEIGHT = 520  # pixels of the curves
_MOST = 6  # classes with a bar


def show(run: Run, project: Project) -> None:
    """Draw the run, and again while it goes on."""
    with guard():
        view = run_view.read(run)
        st.fragment(_live, run_every=view.poll)(run, (view.poll, view.status.state))


def _live(run: Run, drawn_as: tuple[float | None, str]) -> None:
    if not run.path.is_dir():
        st.rerun()
    with guard():
        view = run_view.read(run)
        if (view.poll, view.status.state) != drawn_as:
            st.rerun()
        left, right = st.columns([2, 3], gap="large")
        with left:
            _watched(view)
        with right:
            _progress(view)


def _watched(view: RunView) -> None:
    """The photo, and what the network says of it after the last epoch."""
    told = next((epoch for epoch in reversed(view.epochs) if epoch.watched), None)
    if told is None:
        st.markdown(t("As soon as the first epoch has ended, one photo shows here, and what the network says of it."))
        return
    manifest = view.run.manifest()
    photo = next((one for one in manifest.photos if one.sha256 == told.watched), None)
    if photo is None:
        return
    right = manifest.classes[photo.label]
    try:
        st.image(thumbnail(Path(photo.path), _PICTURE), width="stretch", alt=photo.name)
    except PhotoError:
        st.caption(t("The photo is not there any more."))
    st.markdown(t("It never learns from this photo (**{name}**). What it says now:", name=drawn.plain(right)))
    likely = sorted(range(len(told.shares)), key=lambda at: (at != photo.label, -_largest(view, at)))[:_MOST]
    drawn.share_bars({manifest.classes[at]: told.shares[at] for at in sorted(likely)}, right)


def _largest(view: RunView, label: int) -> float:
    """How sure it ever was of a class: the same bars stay, however the answers move."""
    return max(epoch.shares[label] for epoch in view.epochs if epoch.shares)


def _progress(view: RunView) -> None:
    """How far it is, what it can do, and the curves."""
    epochs = view.epochs
    if view.status.active:
        st.markdown(drawn.sentence(view.doing))
        st.progress(view.fraction)
    if epochs:
        last = epochs[-1]
        with st.container(horizontal=True, key="projector_figures"):
            st.metric(t("Validation accuracy"), f"{last.metrics['val_accuracy']:.0%}", width="content")
            st.metric(t("Training accuracy"), f"{last.metrics['accuracy']:.0%}", width="content")
            st.metric(t("Epoch"), last.epoch, width="content")
    figure = curves.figure(epochs, run=f"projector {view.run.id}", smoothing=0.0, waiting=view.waiting)
    figure["layout"] |= {"height": _HEIGHT, "font": {"size": 18}}
    live_curves(figure, key="projector_curves", label=curves.alternative(epochs))


project = require_project()
with st.container(key="projector"):
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        page_title(t("How it learns"))
        if st.button(t("Back to Train"), key="leave_projector", icon=":material/close_fullscreen:"):
            go("train")
    with guard():
        shown = shown_job(runs(), project)
        if shown is None:
            st.markdown(t("Nothing has been trained here yet. Start a training on the page Train; it then shows here."))
        else:
            show(shown, project)
