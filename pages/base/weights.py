"""Getting the weights of a base: fetch them, or name or upload a file. And how fast a base is here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from pages.photos.edits import edit, show_refusal, typed
from pages.ui import tasks
from pages.ui.paths import given_path
from pages.ui.services import engine, guest, workspace
from transfer_core.backbones.catalog import BASES, Base
from transfer_core.backbones.cost import machine_speed
from transfer_core.backbones.weights import fetch_weights, find_weights, import_weights
from transfer_core.disk.files import write_bytes
from transfer_core.disk.workspace import Project
from transfer_core.errors import WeightsError
from transfer_core.text import Sentence, t

__all__ = ["SPEED_HELP", "fetch", "get", "refusals", "speed"]

_PATIENCE = 300.0  # seconds to build the largest base and read its weights on a small machine
SPEED_HELP = Sentence("How long this computer needs to look at 100 photos. With ~ it is estimated, until you train.")


def get(project: Project, base: Base, choose: Callable[[str], None]) -> None:
    """What a card of `project` offers while the weights are not here: fetch with progress and cancel, the line that
    installs them, or a file."""
    key = _task(base)
    if tasks.running(key):
        tasks.show(key)
        return
    if base.weights.install:
        st.caption(t("Run this line where you installed Thaw, then reload this page:"))
        st.code(base.weights.install, language=None, wrap_lines=True)
    with st.container(horizontal=True):
        if base.weights.kind == "download":
            st.button(
                t("Fetch weights"),
                key=f"fetch_{base.name}",
                icon=":material/download:",
                width="stretch",
                on_click=fetch,
                args=(project, base),
            )
        if not guest():  # what is taken in here is everybody's
            with st.popover(
                t("File"), icon=":material/description:", help=t("Use a weights file you have"), key=f"file_{base.name}"
            ):
                _file(base, choose)
    task = tasks.find(key)
    if task is not None and task.error is not None and project.id in task.asked_by:
        st.markdown(t(":small[:red[Not fetched:] the reason stands at the top of the page.]"))


def refusals(project: Project) -> None:
    """Say at the top of the page, where there is room, why weights that `project` asked for could not be fetched."""
    for base in BASES:
        key = _task(base)
        task = tasks.find(key)
        if task is None or not task.ended or project.id not in task.asked_by:
            continue
        if tasks.show(key) is not None:
            tasks.dismiss(key)  # fetched: its card offers it now


def _task(base: Base) -> str:
    """The key of the task that fetches the weights of `base`: one for all projects."""
    return f"weights-{base.name}"


def fetch(project: Project, base: Base) -> tasks.Task:
    """Begin to fetch the weights of `base` for `project`, or give the task that is at it for any project."""
    space = workspace()  # here, because a thread of its own has no page
    task = tasks.start(
        _task(base),
        t("Fetching {title}", title=base.title),
        lambda task: fetch_weights(space, base, task.progress, task.cancelled),
        Sentence("{done_mb:.0f} of {total_mb:.0f} MB"),
    )
    task.asked_by.add(project.id)
    return task


def _file(base: Base, choose: Callable[[str], None]) -> None:
    st.markdown(t("The file is called `{filename}`.", filename=base.weights.filename))
    if base.weights.url:
        st.markdown(t("[Where it is published]({url})", url=base.weights.url))
    here = f"path_{base.name}"
    with st.form(f"file_form_{base.name}", border=False):
        st.text_input(t("Its path on this computer"), key=here, placeholder="/home/me/Downloads/…")
        # Of any type: of a wrong one the browser would show a red mark and no reason.
        st.file_uploader(t("Or drop it here"), key=f"weights_upload_{base.name}")
        st.form_submit_button(
            t("Use this file"), key=f"use_file_{base.name}", on_click=partial(edit, at=here), args=(_name_file, base)
        )
    named = st.session_state.get(_named(base))
    if named is not None:
        # Forgotten only afterwards: a click in the meantime draws the page anew, and this is begun again.
        title = Path(named).name
        with st.spinner(t("Looking whether {file} fits {title}…", file=title, title=base.title), show_time=True):
            taken = edit(lambda: choose(_taken_in(base, Path(named))), at=here)
        del st.session_state[_named(base)]
        if taken:
            st.rerun()
        elif Path(named).is_relative_to(_uploads(base)):
            Path(named).unlink(missing_ok=True)  # refused: nobody needs the copy
    show_refusal(here)


def _named(base: Base) -> str:
    """Where the path of a file for `base` waits until it has been looked at."""
    return f"weights_named_{base.name}"


def _uploads(base: Base) -> Path:
    return workspace().weights_dir / "uploaded" / base.name


def _name_file(base: Base) -> None:
    path, upload = given_path(typed(f"path_{base.name}")), typed(f"weights_upload_{base.name}")
    if upload is not None:
        kept = _uploads(base) / Path(upload.name).name
        write_bytes(kept, upload.getvalue())
        st.session_state[_named(base)] = str(kept)
    elif path:
        st.session_state[_named(base)] = path
    else:
        raise WeightsError(
            "No file was given for {title}: type the path of one, or drop it into the field.", title=base.title
        )


def _taken_in(base: Base, path: Path) -> str:
    """The choice that stands for the file: `imagenet` when it is the published one, else its path.

    Raises:
        WeightsError: it is missing or empty.
        TransferError: the worker can't fill the base from it.
    """
    find_weights(workspace(), base, str(path))  # refuses a file that is missing or empty, in words of its own
    try:
        import_weights(workspace(), base, path)
    except WeightsError:
        # Not the published file: still the person's to use, under its own name, if it fits.
        path = path.expanduser().absolute()
        engine().ask("weights", {"base": base.name, "path": str(path)}, _PATIENCE)
        return str(path)
    return "imagenet"


def speed(base: Base) -> str:
    """Seconds for 100 photos here, from runs on this machine or as of a like one."""
    if not base.gflops:
        return ""
    found = machine_speed(workspace(), base.title)
    seconds = 100 * base.gflops * 1e9 / found.forward_flops_per_s
    figure = f"{seconds:.1f}" if seconds < 9.95 else f"{seconds:.0f}"
    return t("{about}{seconds} s for 100 photos", about="" if found.measured else "~", seconds=figure)
