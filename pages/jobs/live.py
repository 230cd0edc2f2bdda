"""Following a job that is going on, a run or an experiment: Stop, its end, Continue, what its worker printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress

import streamlit as st

from pages.ui import format as figures
from pages.ui.html import sentence
from pages.ui.services import engine, guest, workspace
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import is_experiment
from transfer_core.runs.events import Message
from transfer_core.runs.folder import Run, State, Status
from transfer_core.text import Sentence, joined, plural, t

__all__ = [
    "continue_button",
    "ended",
    "experiment_ending",
    "experiment_progress",
    "log",
    "messages",
    "problem",
    "stop_button",
    "waiting",
]


def waiting(run: Run) -> str:
    """What is said of a job that has not begun: what it waits for, and how long that will take."""
    worker = engine()
    position = worker.position(run)
    if not position:
        return t("Starting")
    said = [_waits_for(worker.running())]
    if position > 1:
        said.append(plural("{n} more is before this one.", "{n} more are before this one.", position - 1))
    return t(joined(said))


def _waits_for(running: Iterable[Run]) -> Sentence:
    """The job that will probably end first, and when."""
    known: list[tuple[float, Run]] = []
    for run in running:
        with suppress(TransferError):  # it has just been deleted
            status = run.status()
            known.append((math.inf if status.eta is None else status.eta, run))
    if not known:
        return Sentence("Waiting for a free place.")
    eta, first = min(known, key=lambda pair: pair[0])
    values = {"project": _project_name(first)}
    lab = is_experiment(first)
    if not 1 <= eta < math.inf:
        return (
            Sentence("Waiting for an experiment in {project} to end.", **values)
            if lab
            else Sentence("Waiting for a training in {project} to end.", **values)
        )
    values["span"] = figures.span(eta)
    return (
        Sentence("Waiting for an experiment in {project} to end, which takes about {span} more.", **values)
        if lab
        else Sentence("Waiting for a training in {project} to end, which takes about {span} more.", **values)
    )


def _project_name(run: Run) -> str:
    """Of the project that a job belongs to; the name of its folder where it belongs to none."""
    folder = run.path.parent.parent
    if guest() and not run.path.is_relative_to(workspace().root):
        return t("somebody else's project")
    with suppress(TransferError):
        return workspace().open_project(folder.name).name
    return run.path.parent.name


def experiment_progress(run: Run, status: Status, key: str, lead: str = "") -> None:
    """How far an experiment is, with the time left and Stop.

    Args:
        run: the experiment.
        status: as it is now.
        key: of the button.
        lead: said before what it does.
    """
    doing = waiting(run) if status.state == "QUEUED" else t(status.step) or t("Starting")
    text = f"{lead} {doing}" if lead else doing
    if status.eta is not None and status.eta >= 1 and not run.stop_requested:
        text += t(" · about {span} left", span=figures.span(status.eta))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(min(1.0, status.done / status.total) if status.total else 0.0, text=sentence(text))
        stop_button(run, key, t("Stops after the current step. What was found so far stays."))
    problem()


def experiment_ending(run: Run, status: Status, key: str) -> None:
    """How an experiment ended, with the way to go on where it was broken off.

    Args:
        run: the experiment.
        status: as it ended.
        key: of the button.
    """
    ended(
        status.state,
        status.message,
        failed=t("This failed."),
        interrupted=t("This was interrupted."),
        stopped=t("Stopped on request."),
    )
    if status.state in ("INTERRUPTED", "STOPPED"):
        continue_button(run, key)
    problem()


def stop_button(run: Run, key: str, help: str) -> None:
    """Stop, or the badge that says it was asked for."""
    if run.stop_requested:
        st.markdown(t(":orange-badge[:material/hourglass_top: Stopping…]"))
    else:
        st.button(
            t("Stop"), key=key, icon=":material/stop_circle:", on_click=_try, args=(engine().cancel, run), help=help
        )


def continue_button(run: Run, key: str, help: str | None = None) -> None:
    """Let a job that was stopped or interrupted go on."""
    st.button(t("Continue"), key=key, icon=":material/resume:", on_click=_try, args=(engine().start, run), help=help)


def problem() -> None:
    """Why Stop or Continue did not work, once."""
    if why := st.session_state.pop("job_problem", None):
        st.error(sentence(why), icon=":material/error:")


def ended(state: State, why: str | Sentence, *, failed: str, interrupted: str, stopped: str) -> None:
    """How a job ended that did not finish: `why`, or else what is given for its state."""
    words = {"FAILED": failed, "INTERRUPTED": interrupted, "STOPPED": stopped}
    icons = {"FAILED": "error", "INTERRUPTED": "power_off", "STOPPED": "stop_circle"}
    show = {"FAILED": st.error, "INTERRUPTED": st.warning, "STOPPED": st.info}
    if state in words:
        show[state](sentence(why or words[state]), icon=f":material/{icons[state]}:")


def log(run: Run, status: Status, key: str) -> None:
    """What the worker printed, for whoever looks for the cause of a failure."""
    if status.state in ("FAILED", "INTERRUPTED"):
        with st.expander(t("What the worker printed"), key=key):
            st.code(run.log_tail() or t("nothing"), language=None)


def messages(found: Iterable[Message], told: Sentence | None = None) -> None:
    """What the job wants the person to know, but for what is `told` already."""
    for message in found:
        if message.text == told:
            continue
        if message.level == "warning":
            st.warning(sentence(message.text), icon=":material/warning:")
        else:
            st.caption(f":material/info: {sentence(message.text)}")


def _try(change: Callable[[Run], None], run: Run) -> None:
    try:
        change(run)
    except TransferError as error:
        st.session_state["job_problem"] = str(error)
