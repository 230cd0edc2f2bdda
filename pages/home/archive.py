"""A project as a zip: packed in the background and downloaded, or opened from one."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path

import streamlit as st

from pages.ui import tasks
from pages.ui.frame import go, open_in_tab
from pages.ui.html import plain
from pages.ui.services import workspace
from transfer_core.disk.workspace import Project
from transfer_core.text import Sentence, t

__all__ = ["banner", "open_zip", "pack_button", "packings"]

_PACKED = "packed_project"
_PACKINGS = "packings"
_UNPACKING = "unpacking"


def pack_button(project: Project) -> None:
    """In the menu of a project."""
    st.button(
        t("Save as a zip"),
        key=f"pack_{project.id}",
        icon=":material/folder_zip:",
        on_click=_pack,
        args=(project,),
        help=t("Photos, labels, settings and trained classifiers in one file, to keep or to open elsewhere."),
    )


def _pack(project: Project) -> None:
    from transfer_core.archive.pack import pack

    def work(task: tasks.Task) -> Path:
        out = Path(tempfile.mkdtemp(prefix="thaw-project-")) / f"{project.stem}.zip"
        try:
            return pack(project, out, task.progress, task.cancelled)
        except BaseException:
            shutil.rmtree(out.parent, ignore_errors=True)
            raise

    _forget()
    tasks.start(_key(project.id), t("Packing {name}", name=project.name), work, Sentence("{done} of {total} files"))
    st.session_state[_PACKED] = project.id
    st.session_state[_PACKINGS] = packings() + 1


def packings() -> int:
    """How often a project was packed in this window: a menu named by it is another one, and closed, after each."""
    return int(st.session_state.get(_PACKINGS, 0))


def banner() -> None:
    """How far the packing is, and the zip once it is there."""
    if (packed := st.session_state.get(_PACKED)) is None:
        return
    ended = tasks.show(_key(packed))
    if ended is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="packed"):
        size = ended.result.stat().st_size / 1e6
        st.markdown(t("{name} is ready ({size:,.1f} MB).", name=plain(ended.result.name), size=size), width="content")
        st.download_button(
            t("Download"),
            ended.result.read_bytes,
            file_name=ended.result.name,
            mime="application/zip",
            key="download_project",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(t("OK"), key="forget_zip", on_click=_forget)


def _forget() -> None:
    packed = st.session_state.pop(_PACKED, None)
    task = tasks.find(_key(packed)) if packed else None
    if task is not None and task.ended:
        if isinstance(task.result, Path):
            shutil.rmtree(task.result.parent, ignore_errors=True)
        tasks.dismiss(task.key)


def _key(project_id: str) -> str:
    return f"pack-{project_id}"


def open_zip() -> None:
    """Take the zip of a project and open it."""
    key = f"project_zip_{st.session_state.get('project_zips', 0)}"
    unpacking = st.session_state.setdefault(_UNPACKING, f"unpack-{secrets.token_hex(4)}")  # one a window
    with st.expander(t("Open a project from a zip"), icon=":material/folder_zip:", key="open_zip"):
        st.caption(t("One that was saved with *Save as a zip*, here or on another computer."))
        with st.container(key="project_zip"):
            upload = st.file_uploader(
                t("The zip of a project"),
                type=["zip"],
                key=key,
                disabled=tasks.running(unpacking),
                label_visibility="collapsed",
            )
    if upload is not None:
        _unpack(unpacking, upload.getvalue())
        st.session_state["project_zips"] = st.session_state.get("project_zips", 0) + 1
        st.rerun()
    if (ended := tasks.show(unpacking)) is not None:
        tasks.dismiss(unpacking)
        open_in_tab(workspace().open_project(ended.result))
        go("photos")


def _unpack(key: str, data: bytes) -> None:
    from transfer_core.archive.unpack import unpack

    place = workspace()
    tasks.dismiss(key)
    tasks.start(
        key,
        t("Opening the project"),
        lambda task: unpack(place, data, task.progress, task.cancelled).id,
        Sentence("{done} of {total} photos"),
    )
