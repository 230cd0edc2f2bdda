"""Taking the trained classifier away: in a format of one's choice, compared with the app before it is offered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.test.making import made, make
from pages.ui import tasks
from pages.ui.html import sentence
from transfer_core.errors import ConfigError
from transfer_core.exports.formats import FORMATS, Format
from transfer_core.exports.parity import apart
from transfer_core.text import Sentence, plural, t

if TYPE_CHECKING:
    from pages.jobs.trained_runs import Trained
    from transfer_core.disk.workspace import Project

__all__ = ["buttons"]

_PATIENCE = 600.0  # seconds for a large base; with EfficientNet-Lite0 it takes about 12


def buttons(project: Project, chosen: Trained) -> None:
    """Choose a format, have it made, and take it away; or the bare files of the run."""
    st.markdown(t("**Take it with you**"))
    st.caption(
        t(
            "The trained classifier, for use in other programs. Before you get it, it is asked about your own photos: "
            "it must answer as it does here."
        )
    )
    row = st.selectbox(t("For which programs?"), FORMATS, format_func=lambda one: t(one.title), key="export_format")
    st.caption(t(row.about))
    with_photos = st.checkbox(
        t("Put two of my photos in, to try it with"),
        key="export_photos",
        help=t("As they are, with the place and time that a camera may have written into them."),
    )
    key = _key(chosen, row, with_photos)
    if tasks.find(key) is None:
        _make_button(project, chosen, row, with_photos, key)
    elif (result := made(key)) is not None:
        _made(project, row, result)
    _side_by_side(chosen)
    with st.container(horizontal=True):
        st.download_button(
            t("Model"),
            chosen.run.model_path.read_bytes,
            file_name="model.keras",
            mime="application/octet-stream",
            key="download_model",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            help=t(
                "The file that Thaw itself uses, for Keras, with nothing beside it: opened elsewhere it can't say "
                "*none of these*, which the zip can."
            ),
        )
        st.download_button(
            t("Labels"),
            chosen.run.labels_path.read_bytes,
            file_name="labels.json",
            mime="application/json",
            key="download_labels",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def _key(chosen: Trained, row: Format, with_photos: bool) -> str:
    """Of the task that makes it."""
    changed = chosen.run.model_path.stat().st_mtime_ns  # it may train on
    return f"export:{chosen.run.path}:{changed}:{row.name}{':photos' * with_photos}"


def _side_by_side(chosen: Trained) -> None:
    """The formats that were made so far, in one table, once there is something to compare."""
    found = [
        (row, task.result)
        for row in FORMATS
        if (task := tasks.find(_key(chosen, row, True)) or tasks.find(_key(chosen, row, False)))
        and task.ended
        and task.error is None
    ]
    if len(found) < 2:
        return
    heads = [t("Format"), t("MB"), t("ms"), t("same"), t("apart")]
    lines = ["| " + " | ".join(heads) + " |", "| --- | ---: | ---: | ---: | ---: |"]
    for row, result in found:
        parity = result["parity"]
        cells = [
            t(row.title),
            f"{result['bytes'] / 1e6:,.1f}",
            f"{parity['milliseconds']:.0f}",
            f"{parity['photos'] - parity['changed']}/{parity['photos']}",
            f"{100 * parity['max_difference']:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    with st.container(key="export_table"):
        st.markdown("\n".join(lines))
        st.caption(
            t(
                "ms: milliseconds a photo. Same: how many answers are those of the app. Apart: by how many percentage "
                "points a probability differs from the app's at most."
            )
        )


def _make_button(project: Project, chosen: Trained, row: Format, with_photos: bool, key: str) -> None:
    missing = None
    try:
        row.check_installed()
    except ConfigError as error:
        missing = error
        st.info(sentence(str(error)), icon=":material/extension:")
    question = {"run": str(chosen.run.path), "format": row.name, "title": project.name, "with_photos": with_photos}
    st.button(
        t("Make the zip"),
        key="export_make",
        icon=":material/folder_zip:",
        width="stretch",
        disabled=missing is not None,
        on_click=make,
        args=(key, t("Writing it and asking it about your photos"), "export", f"{row.name}.zip", _PATIENCE, question),
    )


def _made(project: Project, row: Format, result: Mapping[str, Any]) -> None:
    """How it compares, and the file."""
    parity = result["parity"]
    with st.container(border=True, key="export_made"):
        same = parity["changed"] == 0
        st.markdown(f"{':material/task_alt:' if same else ':material/info:'} {t(_compared(parity))}")
        st.caption(
            t(
                "{megabytes:,.1f} MB · {milliseconds:.0f} ms a photo on this computer · probabilities differ by "
                "{apart}",
                megabytes=result["bytes"] / 1e6,
                milliseconds=parity["milliseconds"],
                apart=apart(parity["max_difference"]),
            )
        )
        if missing := result.get("missing"):
            st.warning(sentence(missing), icon=":material/cloud_off:")
        st.download_button(
            t("Download"),
            Path(result["path"]).read_bytes,
            file_name=f"{project.stem}-{row.name}.zip",
            mime="application/zip",
            key="download_zip",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )
        st.caption(
            t("With a program that asks it, what it takes to run, and a page that says what it can and can't do.")
        )


def _compared(parity: Mapping[str, Any]) -> Sentence:
    """In words, what of its answers are those of the app."""
    if not parity["changed"]:
        return plural(
            "It answers your photo as the app does.",
            "**All {n:,} answers are those of the app**; both were given the same files.",
            parity["photos"],
        )
    low, high = parity["changed_interval"]
    return plural(
        "It answers **{n:,} of {photos:,}** photos otherwise than the app: of 100 new ones, expect {low:.0f} to "
        "{high:.0f}. Right are {right:,} of these photos; in the app it is {right_here:,}.",
        "It answers **{n:,} of {photos:,}** photos otherwise than the app: of 100 new ones, expect {low:.0f} to "
        "{high:.0f}. Right are {right:,} of these photos; in the app it is {right_here:,}.",
        parity["changed"],
        photos=parity["photos"],
        low=100 * low,
        high=100 * high,
        right=parity["right"],
        right_here=parity["right_here"],
    )
