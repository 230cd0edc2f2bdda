"""One run, live: what it does, how it learns, Stop, and in the end what it can do."""

from __future__ import annotations

import streamlit as st

from pages.components.live_curves import live_curves
from pages.jobs.describe import config_words
from pages.jobs.figure_words import figure_sentence, figure_title
from pages.jobs.live import continue_button, ended, log, messages, problem, stop_button
from pages.labs.every_photo import offer_every_photo
from pages.labs.what_changed import open_what_changed
from pages.train import curves, run_view
from pages.train.lr_finder import found_rates
from pages.train.run_view import RunView
from pages.ui import format as figures
from pages.ui.frame import go, guard
from pages.ui.html import sentence
from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project
from transfer_core.runs.figure import run_figure
from transfer_core.runs.folder import Run, State
from transfer_core.runs.hints import kept_epoch, read_run
from transfer_core.runs.outcome import UNTUNED
from transfer_core.text import Sentence, joined, plural, t

__all__ = ["live_run"]

_MARKS = {
    "done": ":material/check_circle: {}",
    "now": ":blue[:material/radio_button_checked: **{}**]",
    "ahead": ":gray[:material/radio_button_unchecked: {}]",
    "skipped": ":gray[:material/block: ~~{}~~]",
}


def live_run(run: Run, project: Project) -> None:
    """Show `run` and follow it while it is active; everything is read from disk, so every tab sees the same."""
    with guard():
        view = run_view.read(run)
        st.fragment(_live, run_every=view.poll)(run, project, (view.poll, view.status.state))


def _live(run: Run, project: Project, drawn: tuple[float | None, State]) -> None:
    if not run.path.is_dir():
        st.rerun()  # deleted in another tab: the whole page knows what is left to show
    with guard():
        view = run_view.read(run)
        if (view.poll, view.status.state) != drawn:
            st.rerun()  # one run of the whole page: it starts, slows or ends the following, and redraws the rest
        with st.container(border=True, key="live"):
            _headline(view, project)
            # A container of its own for what comes and goes: charts that changed their place would lose their zoom.
            with st.container():
                if view.status.active:
                    _progress(view)
                    messages(view.messages)
                else:
                    _ending(view, project)
            if view.status.active or view.epochs:
                _curves(view)


def _headline(view: RunView, project: Project) -> None:
    started = figures.when(view.status.created)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{config_words(view.config)}** · {started}", width="stretch")
        st.page_link(
            page_path("projector"),
            label=t("For the whole room"),
            icon=":material/open_in_full:",
            query_params={"project": project.id, "run": view.run.id},
            width="content",
        )
        if view.status.active:
            stop_button(view.run, "stop", t("Stops after the current step and keeps the best weights so far."))


def _progress(view: RunView) -> None:
    st.markdown(" :gray[→] ".join(_MARKS[state].format(name) for name, state in view.steps_done()))
    text = " · ".join(part for part in (view.doing, view.left) if part)
    st.progress(view.fraction, text=sentence(text))
    if view.stopping:
        st.caption(
            t("It stops after the current step. The best weights so far are kept.")
            if view.epochs
            else t("It stops after the current step.")
        )
    if view.silence:
        st.caption(
            t(
                ":material/hourglass_empty: No sign of life for {span}. A very large step can take "
                "that long; if it goes on, stop and choose a smaller base or batch.",
                span=figures.span(view.silence),
            )
        )
    problem()
    if epochs := view.epochs:
        last = epochs[-1]
        with st.container(horizontal=True):
            st.metric(t("Validation accuracy"), f"{last.metrics['val_accuracy']:.0%}", width="content")
            st.metric(t("Training accuracy"), f"{last.metrics['accuracy']:.0%}", width="content")
            if last.phase == view.progress.phase:
                st.metric(t("Time an epoch"), figures.span(last.seconds), width="content")


def _ending(view: RunView, project: Project) -> None:
    status, why = view.status, view.status.message
    if status.state == "STOPPED" and view.report:
        untuned = any(message.text == UNTUNED for message in view.messages)
        why = UNTUNED if untuned else Sentence("Stopped on request. The best weights up to then are kept.")
    ended(
        status.state,
        why,
        failed=t("Training failed."),
        interrupted=t("Training was interrupted."),
        stopped=t("Stopped before the first epoch had ended, so there is nothing to test yet."),
    )
    if status.state != "FINISHED" and view.run.checkpoint_path.exists():
        continue_button(view.run, "continue", t("Goes on where it was, to the same result as without the break."))
    problem()
    log(view.run, status, "log")
    if view.report:
        if status.state == "FINISHED":
            open_what_changed(project, view.run)
        _result(view, project, view.report)
    _hints(view, project)
    messages(view.messages, told=why)


def _hints(view: RunView, project: Project) -> None:
    """What the curves show, now that they are complete."""
    hints = read_run(view.run, view.epochs, view.report, found_rates(project, view.config))
    if hints:
        with st.container(key="hints"):
            for hint in hints:
                icon = ":orange[:material/warning:]" if hint.level == "warning" else ":material/lightbulb:"
                st.markdown(f"{icon} **{hint.title}.** {hint.sentence} *{hint.advice}*")


def _result(view: RunView, project: Project, report: dict) -> None:
    figure = run_figure(view.run, report)
    if figure is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="result"):
        st.metric(t(figure_title(figure)), f"{figure.share:.0%}", width="content")
        with st.container(width="stretch", key="result_words"):
            st.markdown(t(figure_sentence(figure)))
            took = t("Training took {span}.", span=figures.span(sum(report["seconds"].values())))
            st.caption(t(joined([_kept(view), _proof(report), took])))
        if st.button(t("Test it on new photos"), key="test_it", type="primary", icon=":material/image_search:"):
            project.choose(to_test=view.run.id)
            go("test")
    if not figure.honest:
        offer_every_photo(project, view.run)


def _kept(view: RunView) -> str:
    """Which epoch's weights these are, where they are not the last: the curve may end elsewhere."""
    kept, epochs = kept_epoch(view.report), view.epochs
    last = kept is None or not epochs or kept == epochs[-1].epoch  # or, on the way there, said by the run
    if more := _more_right(view):
        return more if last else t("Kept: the weights of epoch {epoch}. {more}", epoch=kept, more=more)
    if last:
        return ""
    return t(
        "Kept: the weights of epoch {epoch}, which did best on the validation photos. The loss in the chart also "
        "counts how sure each answer was.",
        epoch=kept,
    )


def _more_right(view: RunView) -> str:
    """What to say where an epoch on the chart got more validation photos right than the weights that were kept."""
    photos = sum(view.run.manifest().counts().get("validation", {}).values())
    report = view.report or {}
    kept = round(report["val_accuracy"] * photos)
    right = [round(epoch.metrics["val_accuracy"] * photos) for epoch in view.epochs]
    better = [count for count in right if count > kept]
    if not better or max(better) / photos > report["val_interval"][1]:
        return ""  # none, or so many that it was no luck
    return t(
        plural(
            "{n} epoch got up to {more} more of the validation photos right. So few can be luck, so what is kept is "
            "chosen by how sure the right answers were, too.",
            "{n} epochs got up to {more} more of the validation photos right. So few can be luck, so what is kept is "
            "chosen by how sure the right answers were, too.",
            len(better),
            more=max(better) - kept,
        )
    )


def _proof(report: dict) -> str:
    proof = report.get("freeze_proof") or {}
    if proof.get("frozen_unchanged") is False:
        return t(":red[:material/error: Some frozen weights changed. This should never happen: please report it.]")
    if "frozen_arrays" in proof:
        return t(
            ":material/verified: Checked: all {frozen_arrays:,} frozen weight arrays of the base are, "
            "bit for bit, as they were.",
            frozen_arrays=proof["frozen_arrays"],
        )
    return t(":material/verified: Checked: the frozen weights are, bit for bit, as they were.")


def _curves(view: RunView) -> None:
    epochs = view.epochs
    figure = curves.figure(
        epochs, run=view.run.id, smoothing=st.session_state.get("smoothing", 0.0), waiting=view.waiting
    )
    live_curves(figure, key="curves", label=curves.alternative(epochs))
    st.slider(
        t("Smoothing"),
        0.0,
        0.95,
        step=0.05,
        key="smoothing",
        help=t(
            "Each point becomes a mean of itself and those before it, so that the trend stands out. The measured "
            "points stay visible behind. Drag in a chart to zoom, double click to see all."
        ),
    )
