"""Getting the weights of a base: fetch them, or name or upload a file. And how fast a base is here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from pages.photos.edits import edit, typed
from pages.ui import tasks
from pages.ui.services import workspace
from transfer_core.backbones.catalog import BASES, Base
from transfer_core.backbones.cost import machine_speed
from transfer_core.backbones.weights import fetch_weights, find_weights, import_weights
from transfer_core.disk.files import write_bytes
from transfer_core.errors import WeightsError
from transfer_core.text import Sentence, t

__all__ = ["SPEED_HELP", "fetch", "get", "refusals", "speed"]

SPEED_HELP = Sentence("How long this computer needs to look at 100 photos. With ~ it is estimated, until you train.")


def get(base: Base, choose: Callable[[str], None]) -> None:
    """What a card offers while the weights are not here: fetch with progress and cancel, or a file."""
    key = f"weights-{base.name}"
    if tasks.running(key):
        tasks.show(key)
        return
    with st.container(horizontal=True):
        if base.weights.kind == "download":
            st.button(
                t("Fetch weights"),
                key=f"fetch_{base.name}",
                icon=":material/download:",
                width="stretch",
                on_click=fetch,
                args=(key, base),
            )
        with st.popover(
            t("File"), icon=":material/description:", help=t("Use a weights file you have"), key=f"file_{base.name}"
        ):
            _file(base, choose)
    task = tasks.find(key)
    if task is not None and task.error is not None:
        st.caption(t(":red[Not fetched:] the reason stands at the top of the page."))


def refusals() -> None:
    """Say at the top of the page, where there is room, why weights could not be fetched."""
    for base in BASES:
        key = f"weights-{base.name}"
        if not tasks.running(key) and tasks.show(key) is not None:
            tasks.dismiss(key)  # fetched: its card offers it now


def fetch(key: str, base: Base) -> tasks.Task:
    """Begin to fetch the weights of `base` as the task `key`, or give the task that is at it."""
    space = workspace()  # here, because a thread of its own has no page
    return tasks.start(
        key,
        t("Fetching {title}", title=base.title),
        lambda task: fetch_weights(space, base, task.progress, task.cancelled),
        Sentence("{done_mb:.0f} of {total_mb:.0f} MB"),
    )


def _file(base: Base, choose: Callable[[str], None]) -> None:
    st.markdown(t("The file is called `{filename}`.", filename=base.weights.filename))
    if base.weights.url:
        st.markdown(t("[Where it is published]({url})", url=base.weights.url))
    with st.form(f"file_form_{base.name}", border=False):
        st.text_input(t("Its path on this computer"), key=f"path_{base.name}", placeholder="/home/me/Downloads/…")
        st.file_uploader(t("Or drop it here"), type=["h5", "pth", "keras"], key=f"weights_upload_{base.name}")
        st.form_submit_button(
            t("Use this file"), key=f"use_file_{base.name}", on_click=edit, args=(_use_file, base, choose)
        )


def _use_file(base: Base, choose: Callable[[str], None]) -> None:
    path, upload = typed(f"path_{base.name}").strip(), typed(f"weights_upload_{base.name}")
    if upload is not None:
        choose(_uploaded(base, upload.name, upload.getvalue()))
    elif path:
        choose(_taken_in(base, Path(path)))
    else:
        raise WeightsError(
            "No file was given for {title}: type the path of one, or drop it into the field.", title=base.title
        )


def _uploaded(base: Base, name: str, data: bytes) -> str:
    path = workspace().weights_dir / "uploaded" / base.name / Path(name).name
    write_bytes(path, data)
    return _taken_in(base, path)


def _taken_in(base: Base, path: Path) -> str:
    """The choice that stands for the file: `imagenet` when it is the published one, else its path."""
    find_weights(workspace(), base, str(path))  # refuses a file that is missing or empty, in words of its own
    try:
        import_weights(workspace(), base, path)
    except WeightsError:
        # Not the published file: still the person's to use, under its own name.
        return str(path.expanduser().absolute())
    return "imagenet"


def speed(base: Base) -> str:
    """Seconds for 100 photos here, from runs on this machine or as of a like one."""
    if not base.gflops:
        return ""
    found = machine_speed(workspace(), base.title)
    seconds = 100 * base.gflops * 1e9 / found.forward_flops_per_s
    figure = f"{seconds:.1f}" if seconds < 9.95 else f"{seconds:.0f}"
    return f"{'' if found.measured else '~'}{figure} s for 100 photos"
