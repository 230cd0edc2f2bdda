"""Many photos at once: a folder or a zip is answered in the background, counted, looked through and taken away."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.test.answers import TABLE_HELP, Answer, Asked, answer_of, newness, table
from pages.ui import html as drawn
from pages.ui import tasks
from pages.ui.format import photo_count
from pages.ui.html import cells, file_name, page_of
from pages.ui.services import engine
from transfer_core.disk.files import disk_errors
from transfer_core.disk.workspace import Project
from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.sources.loose import loose_files
from transfer_core.text import Sentence, plural, t, visible

if TYPE_CHECKING:
    from pages.jobs.trained_runs import Trained
    from transfer_core.jobs.engine import Engine

__all__ = ["area"]

_AT_ONCE = 32  # photos a question
_PICTURE = 160  # pixels
_PER_PAGE = 24
_REFUSED_SHOWN = 10
_NONE = ""  # what no class is called


def area(project: Project, chosen: Trained, coverage: float) -> None:
    """Take a folder or a zip, and show what was said of the last one."""
    key = f"many:{project.id}"
    begun = tasks.find(key) is not None
    with st.expander(t("Many at once"), expanded=begun, icon=":material/photo_library:", key="many"):
        st.markdown(t("A folder of photos, however deep, or a zip of one. They need no class folders."))
        _uploads(project, chosen, key)
        ended = tasks.show(key)
        if ended is not None:
            _result(project, ended.result, coverage)
            st.button(t("Clear"), key="many_clear", icon=":material/clear_all:", on_click=tasks.dismiss, args=(key,))


def _uploads(project: Project, chosen: Trained, key: str) -> None:
    taken = st.session_state.get("many_taken", 0)
    folder, archive = st.tabs([t("Folder"), t("Zip file")], key="many_ways")
    with folder, st.container(key="many_folder"):
        uploads: Any = st.file_uploader(
            t("A folder of photos"),
            accept_multiple_files="directory",
            key=f"many_folder_{taken}",
            disabled=tasks.running(key),
            label_visibility="collapsed",
        )
    with archive, st.container(key="many_zip"):
        zipped = st.file_uploader(
            t("A zip of photos"),
            type=["zip"],
            key=f"many_zip_{taken}",
            disabled=tasks.running(key),
            label_visibility="collapsed",
        )
    found = [(file_name(upload), upload.getvalue()) for upload in (uploads or ([zipped] if zipped else []))]
    if not found:
        return
    lane, asked, folder_of = engine(), Asked.of(project, chosen), chosen.run.path  # here: a thread has no page
    tasks.dismiss(key)
    tasks.start(
        key,
        t("Looking at your photos"),
        lambda task: _asked(lane, asked, folder_of, found, task),
        Sentence("{done} of {total} photos"),
    )
    st.session_state["many_taken"] = taken + 1  # a fresh uploader: its files would stay in memory and look unsent
    st.rerun()


def _asked(lane: Engine, asked: Asked, run: Path, found: Sequence[tuple[str, bytes]], task: tasks.Task) -> list[Answer]:
    """In a thread: what the worker says of each file."""
    from transfer_core.photos.decode import thumbnail

    answers: list[Answer] = []
    with loose_files(found) as listed, tempfile.TemporaryDirectory(prefix="thaw-many-") as folder:
        files = sorted(listed, key=lambda file: file.name.split("/"))  # a browser and a zip list them in any order
        for begin in range(0, len(files), _AT_ONCE):
            if task.cancelled():
                raise DataError("Stopped, so there is no answer.")
            pictures, errors = {}, {}
            for number, file in enumerate(files[begin : begin + _AT_ONCE]):
                try:
                    data = file.read()
                    pictures[number] = thumbnail(data, _PICTURE)
                    with disk_errors(Path(folder)):
                        Path(folder, str(number)).write_bytes(data)
                except PhotoError as error:
                    errors[number] = {"error": error.sentence.to_json()}
            question = {"run": str(run), "images": [str(Path(folder, str(number))) for number in pictures]}
            said = lane.ask("predict", question, timeout=180)["predictions"] if pictures else []
            told = dict(zip(pictures, said, strict=True)) | errors
            for number, file in enumerate(files[begin : begin + _AT_ONCE]):
                answers.append(answer_of(asked, file.name, pictures.get(number, b""), told[number]))
            task.progress(begin + len(told), len(files), "")
    return answers


def _result(project: Project, answers: Sequence[Answer], coverage: float) -> None:
    answered = [answer for answer in answers if not answer.error]
    refused = [answer for answer in answers if answer.error]
    new_to_it = newness(answered, project, coverage)
    groups: dict[str, list[Answer]] = {}
    for answer in sorted(answered, key=lambda answer: answer.sure):
        groups.setdefault(_NONE if new_to_it(answer) else answer.label, []).append(answer)
    groups = dict(sorted(groups.items(), key=lambda item: (item[0] == _NONE, item[0])))
    titles = {name: t("none of these") if name == _NONE else visible(name) for name in groups}
    if answered:
        st.markdown(f"**{photo_count(len(answered))}** · :small[{drawn.plain(answered[0].asked)}]")
        with st.container(horizontal=True):
            st.download_button(
                t("As a table"),
                table(answers, project, coverage),
                file_name="answers.csv",
                mime="text/csv",
                key="many_table",
                icon=":material/table:",
                on_click="ignore",
                help=t(TABLE_HELP),
            )
            st.download_button(
                t("As a contact sheet"),
                _sheet(project, groups, titles, refused),
                file_name="contact-sheet.html",
                mime="text/html",
                key="many_sheet",
                icon=":material/grid_view:",
                on_click="ignore",
                help=t("An HTML file of all photos by answer, for any browser and for printing."),
            )
        names = list(groups)
        shown = st.pills(
            t("Answer"),
            names,
            default=names[0],
            key=f"many_answer_{len(answers)}_{names[0]}",
            format_func=lambda name: f"{titles.get(name, name)} · {len(groups.get(name, ())):,}",
            required=True,
        )
        st.caption(t("The least sure first: those are worth a look."))
        page = page_of(groups.get(shown or names[0], []), _PER_PAGE, key=f"many_page_{shown}")
        with cells("many_photos", least=120):
            for answer in page:
                with st.container(gap="xxsmall"):
                    st.image(answer.picture, width="stretch", alt=answer.name)
                    st.caption(
                        f"{_sure(answer, drawn.plain(answer.label))}  \n{drawn.plain(answer.name.rpartition('/')[2])}"
                    )
    elif not refused:
        st.info(t("There was no file in it."), icon=":material/folder_off:")
    _refused(refused)


def _refused(refused: Sequence[Answer]) -> None:
    if not refused:
        return
    by_reason: dict[str, list[str]] = {}
    for answer in refused:
        by_reason.setdefault(t(answer.error), []).append(answer.name)
    lines = []
    for reason, names in by_reason.items():
        more = len(names) - _REFUSED_SHOWN
        said = t(", ").join(drawn.plain(name) for name in names[:_REFUSED_SHOWN])
        said += t(" and {more:,} more", more=more) if more > 0 else ""
        lines.append(f"- {drawn.sentence(reason)} ({said})")
    words = t(plural("{n:,} file could not be read.", "{n:,} files could not be read.", len(refused)))
    st.warning("\n".join([words, "", *lines]), icon=":material/broken_image:")


def _sure(answer: Answer, label: str) -> str:
    return t("{name}, {share:.0%} sure", name=label, share=answer.sure)


def _sheet(
    project: Project, groups: Mapping[str, Sequence[Answer]], titles: Mapping[str, str], refused: Sequence[Answer]
) -> Callable[[], bytes]:
    """Makes the sheet when it is asked for, in a thread that knows neither the page nor its language."""
    words = {name: [_sure(one, one.label) for one in found] for name, found in groups.items()}
    asked = next((answer.asked for found in groups.values() for answer in found), "")
    refusals = (t("Could not be read"), [(answer.name, t(answer.error)) for answer in refused])

    def make() -> bytes:
        from transfer_core.photos.contact_sheet import Tile, contact_sheet

        tiles = [
            (titles[name], [Tile(one.name, said, one.picture) for one, said in zip(found, words[name], strict=True)])
            for name, found in groups.items()
        ]
        return contact_sheet(project.name, asked, tiles, refusals).encode()

    return make
