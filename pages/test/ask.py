"""Which trained run is asked, and the ways photos come to it: dropped, pasted, or drawn anew for a sample."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import streamlit as st

from pages.jobs.trained_runs import Trained, best_run, run_names
from pages.test import answers
from pages.ui.format import photo_count
from pages.ui.html import file_name
from pages.ui.services import engine
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.text import t

__all__ = ["MOVED", "ask_about", "ask_quietly", "choose_run", "drawings", "drop", "warm"]

MOVED = "test_run_moved"
"""Of the session: that another classifier was made the one to ask than the list shows."""
DRAWN = 6  # new drawings at a click


def warm() -> None:
    """Have the query worker ready by the time a photo is dropped."""
    engine().warm("question")


def choose_run(project: Project, runs: Sequence[Trained], chosen: Trained) -> Trained:
    """Pick among the trained runs; the best is taken until another is chosen."""
    names = run_names(runs)
    best = best_run(runs)
    if best and len(runs) > 1:
        names[best.run.id] += t(" · best so far")

    def keep() -> None:
        project.choose(to_test=st.session_state["test_run"])

    if st.session_state.pop(MOVED, False) or st.session_state.get("test_run") not in names:
        st.session_state["test_run"] = chosen.run.id  # or the browser's list would go on showing what it showed
    picked = st.selectbox(
        t("Trained classifier"),
        list(names),
        key="test_run",
        format_func=lambda run: names.get(run, run),
        on_change=keep,
        help=t("Each time you train, a classifier is kept. The best one answers, until you choose another."),
    )
    found = next((trained for trained in runs if trained.run.id == picked), chosen)
    if found.random:
        st.warning(
            t("This one started from random weights: its base had never seen a photo."), icon=":material/casino:"
        )
    return found


def drop(project: Project, chosen: Trained) -> None:
    """Take photos in and have them answered."""
    key = f"test_images_{st.session_state.get('test_images_taken', 0)}"
    with st.container(key="test_images"):
        uploads = st.file_uploader(
            t("Drop photos here"),
            accept_multiple_files=True,
            key=key,
            help=t("Several at once are fine. To paste a picture, click here first, then press Ctrl+V (⌘V on a Mac)."),
        )
    st.caption(t("Drop several at once, or click the field and paste a copied picture."))
    if uploads:
        st.session_state["test_images_taken"] = st.session_state.get("test_images_taken", 0) + 1
        _ask(project, chosen, [(file_name(upload), upload.getvalue()) for upload in uploads])
    sample = project.choices.get("sample")
    if sample and st.button(
        t("Try {drawn} new drawings", drawn=DRAWN), key="try_samples", type="primary", icon=":material/brush:"
    ):
        _ask(project, chosen, drawings(sample))


def drawings(sample: str) -> list[tuple[str, bytes]]:
    """New pictures of a sample, each named after what it shows; classes in turn, from a seed no training used."""
    from transfer_core.samples.sets import draw_picture, get_sample

    classes, seed = get_sample(sample).classes, 1 + secrets.randbelow(10**6)
    pictures = []
    for number in range(DRAWN):
        name, buffer = classes[(seed + number) % len(classes)], BytesIO()
        draw_picture(sample, name, number, seed).save(buffer, "JPEG", quality=90)
        pictures.append((f"{name} {number + 1}.jpg", buffer.getvalue()))
    return pictures


def ask_about(kind: str, files: Sequence[tuple[str, bytes]], **args: str) -> list[dict[str, Any]]:
    """What the query worker says of photos, one answer a file, in their order.

    Args:
        kind: the question, such as `predict`.
        files: names and bytes.
        args: what else the question takes.

    Raises:
        TransferError: it can't answer.
    """
    with st.spinner(t("Looking at {photos}…", photos=photo_count(len(files))), show_time=True):
        return ask_quietly(kind, files, **args)


def ask_quietly(kind: str, files: Sequence[tuple[str, bytes]], **args: str) -> list[dict[str, Any]]:
    """As `ask_about`, without a word on the page."""
    with tempfile.TemporaryDirectory(prefix="thaw-test-") as folder:
        paths = []
        for number, (name, data) in enumerate(files):
            # The worker sees the bytes, never the person's file name, which may be anything.
            path = Path(folder) / f"{number}{Path(name).suffix[:8]}"
            path.write_bytes(data)
            paths.append(str(path))
        said: list[dict[str, Any]] = engine().ask(kind, {**args, "images": paths}, timeout=180)["predictions"]
        return said


def _ask(project: Project, chosen: Trained, files: Sequence[tuple[str, bytes]]) -> None:
    """Have the query worker answer, keep what it says, and draw the page anew."""
    try:
        said = ask_about("predict", files, run=str(chosen.run.path))
    except TransferError as error:
        st.session_state["test_refusal"] = str(error)
    else:
        answers.keep(project, chosen, files, said)
    st.rerun()
