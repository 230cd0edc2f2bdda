"""The ways photos come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.components.camera import Shot, camera, shots
from pages.home import new_project as starting
from pages.ui import tasks
from pages.ui.glossary import explain
from pages.ui.html import file_name, plain, sentence
from pages.ui.paths import given_path
from pages.ui.services import check_disk, guest
from transfer_core.disk.workspace import Project
from transfer_core.errors import DataError
from transfer_core.photos.sources.class_names import clean_class_name
from transfer_core.runs.hints import GOOD_START
from transfer_core.text import Sentence, plural, t, visible

if TYPE_CHECKING:
    from transfer_core.photos.store import PhotoStore

__all__ = ["area", "first_words"]


def first_words(project: Project) -> None:
    """What to do in a project without photos."""
    st.info(
        t(
            "Make a folder for each class, such as *cat* and *dog*, and put its photos inside. "
            "{enough} photos of each are a good start; more, and more varied ones, are better.",
            enough=GOOD_START,
        ),
        icon=":material/lightbulb:",
    )
    if "sample" in project.choices and st.button(t("Draw the sample photos"), key="draw_sample", type="primary"):
        starting.draw_photos(project)
        st.rerun()
    if "photo_set" in project.choices and st.button(t("Fetch the photos"), key="fetch_photo_set", type="primary"):
        starting.fetch_photos(project)
        st.rerun()


def area(project: Project, photos: PhotoStore, classes: Sequence[str], folded: bool) -> None:
    """The tabs through which photos come in."""
    # Another key folds it anew once there are photos; a person who opens it again keeps it open, and nobody is cut off
    # who goes on taking photos.
    folded = folded and not (st.session_state.get("use_camera") and st.session_state.get("add_photos_open"))
    st.session_state["add_photos_open"] = not folded
    key = f"add_photos_{'more' if folded else 'first'}"
    with st.expander(t("Add photos"), expanded=not folded, icon=":material/add_photo_alternate:", key=key):
        ways = [t("Folder"), t("Zip file"), t("Single photos"), t("Camera")]
        if not guest():
            ways.insert(3, t("Folder on this computer"))
        tabs = st.tabs(ways, key="ways_in")
        folder, archive, files, taken = *tabs[:3], tabs[-1]
        importer = _Importer(project, photos)
        importer.add_shots()
        with folder:
            _folder(importer)
        with archive:
            _zip(importer)
        with files:
            _files(importer, classes)
        if not guest():
            with tabs[3]:
                _path(importer)
        with taken:
            _camera(importer, classes)


class _Importer:
    """Starts the imports of one project, and gives each uploader a fresh key once its files were taken."""

    def __init__(self, project: Project, photos: PhotoStore) -> None:
        self.photos = photos
        self.task = starting.photos_task(project)
        self.busy = tasks.running(self.task)
        # What the camera took while other photos were being added; of this project, whatever is opened meanwhile.
        self._shots: list[tuple[str, list[Shot]]] = st.session_state.setdefault(f"camera_shots_{project.id}", [])

    def key(self, name: str) -> str:
        return f"{name}_{st.session_state.get(f'{name}_taken', 0)}"

    def start(self, title: str, work: Callable[[tasks.Task], Any], emptied: str | None = None) -> None:
        """Run `work` as the project's import and empty the uploader named `emptied`."""
        check_disk()
        tasks.start(self.task, title, work, Sentence("{done} of {total} photos"))
        if emptied:
            # A fresh key empties the uploader; its files would otherwise stay in memory and look unsent.
            st.session_state[f"{emptied}_taken"] = st.session_state.get(f"{emptied}_taken", 0) + 1
        st.rerun()

    def keep_shots(self, class_name: str, message: dict[str, Any]) -> None:
        """Let what the camera took wait until what is just being added is in."""
        self._shots.append((class_name, shots(message)))

    def add_shots(self) -> None:
        """Add what the camera took."""
        if not self._shots or self.busy:
            return
        class_name, taken = self._shots.pop(0)
        pairs = [(shot.name, shot.data) for shot in taken]
        if pairs:
            self.start(
                t(plural("Adding {n:,} photo", "Adding {n:,} photos", len(pairs))),
                lambda task: self.photos.import_files(
                    pairs, class_name, progress=task.progress, cancelled=task.cancelled
                ),
            )

    def files(self, uploads: Sequence[Any], class_name: str | None, emptied: str) -> None:
        pairs = [(file_name(upload), upload.getvalue()) for upload in uploads]
        self.start(
            t(plural("Adding {n:,} file", "Adding {n:,} files", len(pairs))),
            lambda task: self.photos.import_files(pairs, class_name, progress=task.progress, cancelled=task.cancelled),
            emptied,
        )


def _folder(importer: _Importer) -> None:
    st.markdown(t("Drop a folder that holds **one folder for each class**. The folders' names become the classes."))
    st.caption(t("Or all photos in one folder, and a CSV table with the columns *file* and *label*."))
    with st.container(key="upload_folder"):
        uploads = st.file_uploader(
            t("A folder of class folders"),
            accept_multiple_files="directory",
            key=importer.key("upload_folder"),
            disabled=importer.busy,
            label_visibility="collapsed",
        )
    if uploads:
        importer.files(uploads, None, "upload_folder")


def _zip(importer: _Importer) -> None:
    st.markdown(t("A zip with **one folder of photos for each class** inside."))
    with st.container(key="upload_zip"):
        upload = st.file_uploader(
            t("A zip of class folders"),
            type=["zip"],
            key=importer.key("upload_zip"),
            disabled=importer.busy,
            label_visibility="collapsed",
        )
    if upload is not None:
        data = upload.getvalue()
        importer.start(
            t("Unpacking {name}", name=file_name(upload)),
            lambda task: importer.photos.import_zip(data, progress=task.progress, cancelled=task.cancelled),
            "upload_zip",
        )


def _class_box(classes: Sequence[str], key: str) -> str | None:
    """Ask for a class; None until there is a name that can be used, for an import would refuse another at its end."""
    chosen = st.selectbox(
        t("Which class are they?"),
        classes,
        format_func=visible,
        index=None,
        key=key,
        placeholder=t("Choose a class, or type a new one"),
        accept_new_options=True,
        help=explain("class"),
    )
    if chosen is None:
        return None
    try:
        return clean_class_name(chosen)
    except DataError as error:
        st.error(sentence(str(error)), icon=":material/error:")
        return None


def _files(importer: _Importer, classes: Sequence[str]) -> None:
    chosen = _class_box(classes, "upload_class")
    with st.container(key="upload_files"):
        uploads = st.file_uploader(
            t("Photos of {chosen}", chosen=plain(chosen)) if chosen else t("Name the class above first"),
            accept_multiple_files=True,
            # No list of types: the browser would drop a video without a word, and the import says what to do.
            key=importer.key("upload_files"),
            disabled=importer.busy or not chosen,
        )
    if uploads and chosen:
        importer.files(uploads, chosen, "upload_files")


def _path(importer: _Importer) -> None:
    st.markdown(
        t("For photos that already lie on the computer Thaw runs on: nothing is uploaded, the photos are copied.")
    )
    with st.form("folder_path_form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            t("Path of the folder of class folders"), key="folder_path", placeholder="/home/me/photos"
        )
        add = st.form_submit_button(t("Add"), key="import_path", disabled=importer.busy)
    path = given_path(typed)
    if add and path:
        importer.start(
            t("Adding {name}", name=Path(path).name),
            lambda task: importer.photos.import_folder(path, progress=task.progress, cancelled=task.cancelled),
        )
    elif add:
        st.warning(t("Type the path of a folder first."), icon=":material/edit:")


def _camera(importer: _Importer, classes: Sequence[str]) -> None:
    # The camera starts as soon as the widget is on the page, so it waits for a decision.
    if not st.toggle(
        t("Use the camera"), key="use_camera", help=t("Works in a browser on this computer, or over https.")
    ):
        return
    chosen = _class_box(classes, "camera_class")
    if not chosen:
        return
    camera("burst", key="camera", on_shots=lambda message: importer.keep_shots(chosen, message))
    st.caption(
        t(
            "Hold the button and move what you show: five photos a second, a single one at a click. Photos of one go "
            "stay on one side of the split, so take several, in different places."
        )
    )
