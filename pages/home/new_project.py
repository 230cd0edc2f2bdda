"""Ways to begin: a sample set that Thaw draws, or an empty project with a name."""

from __future__ import annotations

import math
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import streamlit as st

from pages.home import deletions
from pages.home.previews import preview_paths
from pages.ui import html as drawn
from pages.ui import tasks
from pages.ui.format import class_count, photo_count
from pages.ui.frame import close_project, go, open_in_tab
from pages.ui.frame import project as opened_project
from pages.ui.html import cells
from pages.ui.services import check_disk, store, workspace
from transfer_core.disk.workspace import Project
from transfer_core.errors import DataError, TransferError
from transfer_core.samples.photo_sets import PHOTO_SETS, PhotoSet, get_photo_set
from transfer_core.samples.sets import SAMPLES, Sample, draw_sample
from transfer_core.text import Sentence, t

__all__ = [
    "coming_photos",
    "draw_photos",
    "fetch_photos",
    "new_project",
    "photos_task",
    "sample_cards",
    "take_away_failed",
]

SAMPLE_PER_CLASS = 60
_lock = threading.Lock()  # Streamlit may run the callbacks of two clicks at once, each in a thread of its own
_FAILED = "photo_set_failed"  # a project's choice: its photo set could not be fetched
_DOUBLE_CLICK = 30.0  # seconds in which a second click means the first one's project: a busy machine comes late to it


def sample_cards() -> None:
    """A card for each sample set; its button makes a project and begins to draw the photos."""
    with cells("sample_cards", least=280, most=2):
        for sample in SAMPLES:
            _sample_card(sample)
    _photo_sets()
    if _opened(st.session_state.pop("begin", None)):  # of a sample, or of a name typed below
        go("photos")


def _sample_card(sample: Sample) -> None:
    with st.container(border=True):
        drawn.strip(
            [path.read_bytes() for path in preview_paths(sample)],
            alt=t("Examples of {classes}", classes=sample.classes),
        )
        classes = class_count(len(sample.classes))
        st.markdown(f"**{sample.title}** · {classes}")
        st.caption(str(sample.description))
        st.button(
            t("Start with this sample"),
            key=f"sample_{sample.name}",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            on_click=_begin,
            args=(str(sample.title), sample),
        )


def _photo_sets() -> None:
    """The sets of real photos: what they are, how large, under which license, and a button that fetches one."""
    title = t("Or with a ready-made set of pictures from the internet")
    with (
        st.expander(title, icon=":material/cloud_download:", key="photo_sets"),
        cells("photo_set_cards", least=240, most=3),
    ):
        for row in PHOTO_SETS:
            with st.container(border=True):
                st.markdown(f"**{t(row.title)}**")
                st.caption(t(row.description))
                st.caption(
                    t(
                        "{photos}, {megabytes:,.0f} MB. License: {license} ([its page]({page})).",
                        photos=photo_count(row.photos),
                        megabytes=row.bytes / 1e6,
                        license=row.license,
                        page=row.page,
                    )
                )
                st.button(
                    t("Fetch them"),
                    key=f"fetch_{row.name}",
                    icon=":material/download:",
                    width="stretch",
                    on_click=_begin,
                    args=(str(row.title), row),
                )


def _begin(name: str, sample: Sample | PhotoSet | None) -> None:
    """Make the project of a click. A second click of the same kind, moments later, gets the first one's."""
    what = sample.name if sample else name
    # A second click ends the first one's callback wherever that looks at the session's state. So nothing does between
    # the project and the note that it was made.
    begun: dict[str, tuple[str, float]] = st.session_state.setdefault("begun", {})
    try:
        with _lock:
            project_id, when = begun.get(what, ("", -math.inf))
            gone = not (workspace().projects_dir / project_id).is_dir()  # deleted, or taken away below
            if gone or time.monotonic() - when >= _DOUBLE_CLICK:
                check_disk()
                made = workspace().create_project(workspace().free_name(name))
                project_id = made.id
                begun[what] = (project_id, time.monotonic())
                if isinstance(sample, PhotoSet):
                    fetch_photos(made.choose(photo_set=sample.name))
                elif sample is not None:
                    draw_photos(made.choose(sample=sample.name))
        st.session_state["begin"] = project_id
    except TransferError as error:
        st.session_state["begin_error"] = str(error)


def _opened(project_id: str | None) -> bool:
    if (refusal := st.session_state.pop("begin_error", None)) is not None:
        st.error(drawn.sentence(refusal), icon=":material/error:")
    if project_id is None:
        return False
    open_in_tab(workspace().open_project(project_id))
    return True


def new_project() -> None:
    """A name and a button; Enter works too."""
    # Not cleared on submit: the second click of a pair would bring an empty name and undo the first.
    form = st.form("new_project_form", border=False)
    with form.container(horizontal=True, vertical_alignment="bottom"):
        # No max_chars: a browser drops a longer name that is pasted, without a word.
        st.text_input(t("Name of your project"), key="new_project_name", placeholder=t("Such as: Cats and dogs"))
        st.form_submit_button(t("Create"), key="new_project", icon=":material/add:", on_click=_create)
    if st.session_state.pop("nameless", False):
        st.warning(t("Give the project a name first."), icon=":material/edit:")


def _create() -> None:
    name = st.session_state["new_project_name"]
    if name.strip():
        _begin(name, None)
    else:
        st.session_state["nameless"] = True


def photos_task(project: Project) -> str:
    """The key of the task that brings photos into a project: one at a time."""
    return f"photos-{project.id}"


def coming_photos(project: Project) -> None:
    """On a page that waits for photos: how far those are that come in now. It draws itself anew once they are there."""
    if tasks.running(photos_task(project)):
        tasks.show(photos_task(project))


def draw_photos(project: Project) -> None:
    """Begin to draw the sample photos of a project and bring them in."""
    name, photos = project.choices["sample"], store(project)
    adding = t("Adding the sample photos")  # here, because a thread of its own has no page

    def work(task: tasks.Task) -> object:
        def drawn_one(done: int, total: int, _: str) -> None:
            if task.cancelled():
                raise DataError("The drawing was stopped, so nothing was added.")
            task.progress(done, total)

        with tempfile.TemporaryDirectory(prefix="thaw-sample-") as folder:
            draw_sample(name, Path(folder), SAMPLE_PER_CLASS, progress=drawn_one)
            task.title, task.done, task.total = adding, 0, 0
            return photos.import_folder(folder, progress=task.progress, cancelled=task.cancelled)

    tasks.start(photos_task(project), t("Drawing the sample photos"), work, Sentence("{done} of {total} photos"))


def fetch_photos(project: Project) -> None:
    """Begin to fetch the photo set of a project and bring it in."""
    from transfer_core.samples.fetching import fetch_photo_set, files_of  # here: Home needs none of what it needs

    row, photos, space = get_photo_set(project.choices["photo_set"]), store(project), workspace()
    adding, unit = t("Adding the photos"), Sentence("{done} of {total} photos")  # here: a thread has no page

    def work(task: tasks.Task) -> object:
        path = fetch_photo_set(space, row, task.progress, task.cancelled)
        task.title, task.unit, task.done, task.total = adding, unit, 0, 0
        with files_of(row, path) as listing:
            report = photos.import_listing(listing, progress=task.progress, cancelled=task.cancelled)
        path.unlink(missing_ok=True)  # its photos are in the project
        return report

    def tried(task: tasks.Task) -> object:
        try:
            return work(task)
        except TransferError:
            with suppress(TransferError):  # deleted meanwhile
                project.choose(**{_FAILED: True})
            raise

    if _FAILED in project.choices:
        project.choose(**{_FAILED: None})
    title = t("Fetching {title}", title=row.title)
    tasks.start(photos_task(project), title, tried, Sentence("{done_mb:.0f} of {total_mb:.0f} MB"))


def take_away_failed(projects: Sequence[Project]) -> None:
    """On Home: delete the projects that a click made for photos which could not be fetched.

    While its page Photos is open such a project stays, to try again there; afterwards it would only lie about. One that
    ever held anything, or for which anything was chosen, stays.
    """
    failed = [it for it in projects if it.choices.keys() == {"photo_set", _FAILED} and _untouched(it)]
    for project in failed:
        task = tasks.find(photos_task(project))
        if task is not None and isinstance(task.error, TransferError) and not task.cancelled():
            deletions.refuse(task.error)  # for who came here before it failed
        tasks.dismiss(photos_task(project))
        opened = opened_project()
        workspace().delete_project(project.id)
        if opened is not None and opened.id == project.id:
            close_project()
    if failed:
        st.rerun()  # the sidebar may have shown one of them


def _untouched(project: Project) -> bool:
    """Whether nothing ever came into the project, and nothing comes now."""
    photos = store(project)
    return not tasks.running(photos_task(project)) and not photos.classes() and photos.last_edit() is None
