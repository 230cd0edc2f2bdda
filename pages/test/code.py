"""The code of a run, to look at and to take along: what training does, in plain Keras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.test.making import made, make
from pages.ui import tasks
from transfer_core.exports.code import base_name
from transfer_core.exports.code_files import CODE, code_files
from transfer_core.text import t

if TYPE_CHECKING:
    from pages.jobs.trained_runs import Trained
    from transfer_core.disk.workspace import Project

__all__ = ["area"]

_PATIENCE = 300.0  # seconds; loading TensorFlow takes most of them


def area(project: Project, chosen: Trained) -> None:
    """A button that shows the code, and one that packs it with all it reads."""
    st.markdown(t("**The code**"))
    st.caption(t("What was trained here, as a short Keras program that you can run without Thaw and learn from."))
    if st.button(t("Show me the code"), key="show_code", icon=":material/code:", width="stretch"):
        st.dialog(t("The code"), width="large")(_show)(chosen, project.stem)
    _zip(chosen, project.stem)


def _show(chosen: Trained, stem: str) -> None:
    texts = code_files(chosen.run, stem)
    program, notebook, table = texts
    st.markdown(
        t(
            "It trains the same again, from the same photos, with Keras alone. It reads the list of photos, `{table}`, "
            "and the pretrained base, `{base}`, which Keras does not have: the zip on the page holds both.",
            table=table,
            base=base,
        )
        if (base := base_name(chosen.run, stem))
        else t(
            "It trains the same again, from the same photos, with Keras alone. It reads the list of photos, `{table}`, "
            "which must lie beside it.",
            table=table,
        )
    )
    with st.container(horizontal=True):
        _download(t("Script"), program, texts[program], "text/x-python", "code_script")
        _download(t("Notebook"), notebook, texts[notebook], "application/x-ipynb+json", "code_notebook")
        _download(t("List of photos"), table, texts[table], "text/csv", "code_table")
    st.code(texts[program], language="python")


def _download(label: str, name: str, data: str | bytes, mime: str, key: str) -> None:
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    st.download_button(label, data, file_name=name, mime=mime, key=key, icon=":material/download:", on_click="ignore")


def _zip(chosen: Trained, stem: str) -> None:
    """Have the worker write it, for the base takes TensorFlow; then offer it."""
    key = f"code:{chosen.run.path}:{chosen.run.model_path.stat().st_mtime_ns}"
    if tasks.find(key) is None:
        st.button(
            t("Make a zip of it, with all it reads"),
            key="code_make",
            icon=":material/folder_zip:",
            width="stretch",
            on_click=make,
            args=(
                key,
                t("Writing the code and what it reads"),
                CODE,
                f"{stem}.zip",
                _PATIENCE,
                {"run": str(chosen.run.path)},
            ),
        )
    elif (result := made(key)) is not None:
        path = Path(result["path"])
        _download(t("Download the code"), path.name, path.read_bytes(), "application/zip", "code_zip")
