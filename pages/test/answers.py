"""What the classifier said: each photo with its label, sorted bars of probability and the time it took."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.jobs import where
from pages.jobs.trained_runs import Trained
from pages.test import inside, strangers
from pages.ui import html as drawn
from pages.ui.html import cells
from transfer_core.disk.workspace import Project
from transfer_core.errors import PhotoError
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, plural, t

__all__ = ["TABLE_HELP", "Answer", "Asked", "answer_of", "keep", "newness", "show", "table"]

TABLE_HELP = Sentence(
    "All answers, with every probability, as a CSV file that any spreadsheet opens. Where `none` is True, the photo "
    "looks like none of the classes; `label` is the one it is most like."
)

_MOST = 60  # answers kept of a project; older ones go first
_PROJECTS = 20  # whose answers are kept
_LONG = 60  # characters of a file's name beside an answer
_PICTURE = 320  # side of the picture beside an answer, pixels


@dataclass(frozen=True)
class Asked:
    """The classifier that is asked, as a thread without a page can know it."""

    project: str
    run: str
    name: str

    @classmethod
    def of(cls, project: Project, chosen: Trained) -> Asked:
        """From a run."""
        return cls(project.id, chosen.run.id, chosen.title)


@dataclass(frozen=True)
class Answer:
    """One photo and what a run said of it."""

    project: str
    run: str
    asked: str
    """The name of the classifier that was asked."""
    name: str
    picture: bytes
    """A JPEG, or nothing where the file is no photo."""
    label: str
    probabilities: Mapping[str, float]
    milliseconds: float
    error: Sentence
    alike: float | None = None
    """How much it looks like what the run learned from; None where it can't tell."""
    nearest: tuple[str, ...] = ()
    """SHA-256 of the photos learned from that look most alike."""

    @property
    def sure(self) -> float:
        """The probability of the likeliest class, 0..1."""
        return max(self.probabilities.values())


def keep(
    project: Project, chosen: Trained, files: Sequence[tuple[str, bytes]], predictions: Sequence[Mapping[str, Any]]
) -> None:
    """Keep the answers to `files`, given in the same order, in front of those from before."""
    fresh = [
        answer_of(Asked.of(project, chosen), name, _picture(data), said)
        for (name, data), said in zip(files, predictions, strict=True)
    ]
    shelf = _shelf()
    shelf[project.id] = [*fresh, *shelf.pop(project.id, [])][:_MOST]
    while len(shelf) > _PROJECTS:
        shelf.pop(next(iter(shelf)), None)
    if any(not answer.error for answer in fresh) and "tested" not in project.choices:
        project.choose(tested=chosen.run.id)


def answer_of(asked: Asked, name: str, picture: bytes, said: Mapping[str, Any]) -> Answer:
    """What the query worker `said` of one photo."""
    return Answer(
        asked.project,
        asked.run,
        asked.name,
        name,
        picture,
        said.get("label", ""),
        said.get("probabilities", {}),
        said.get("milliseconds", 0.0),
        Sentence.from_json(said.get("error", "")),
        said.get("alike"),
        tuple(said.get("nearest", ())),
    )


def _picture(data: bytes) -> bytes:
    from transfer_core.photos.decode import thumbnail

    try:
        return thumbnail(data, _PICTURE)
    except PhotoError:
        return b""  # the answer carries the reason in words


def show(project: Project, chosen: Trained, coverage: float) -> None:
    """Draw the answers of this project, newest first; `coverage` is what `strangers.choose` gave."""
    if refusal := st.session_state.pop("test_refusal", None):
        st.error(drawn.sentence(refusal), icon=":material/error:")
    found = _shelf().get(project.id, [])
    if not found:
        return
    refused = [answer for answer in found if answer.error]
    answered = [answer for answer in found if not answer.error]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plural("{n:,} answer", "{n:,} answers", len(answered)), anchor=False, width="stretch")
        st.download_button(
            t("As a table"),
            table(found, project, coverage),
            file_name="answers.csv",
            mime="text/csv",
            key="answers_table",
            icon=":material/table:",
            on_click="ignore",
            help=t(TABLE_HELP),
        )
        st.button(t("Clear"), key="clear_answers", icon=":material/clear_all:", on_click=_clear, args=(project,))
    for answer in refused:
        st.warning(
            t(
                "**{name}** could not be read. {sentence}",
                name=drawn.plain(answer.name),
                sentence=drawn.sentence(answer.error),
            ),
            icon=":material/broken_image:",
        )
    layer = None
    if answered and chosen.run.labels()["base"]:
        layer = where.choose(chosen.run, "where")
        inside.area(chosen.run, [(answer.name, answer.picture) for answer in answered])
    looked = _looked(project, answered, layer)
    with cells("answers", least=300, most=2):
        for answer, picture in zip(answered, looked, strict=True):
            with st.container(border=True):
                new = strangers.is_new(Run(project.run_dir(answer.run)), answer.alike, coverage)
                _card(project, answer, picture, chosen, new=new, lit=layer is not None)


def _looked(project: Project, answered: Sequence[Answer], layer: str | None) -> list[bytes]:
    """The picture of each answer, lit where its classifier looked if that is asked for."""
    pictures = [answer.picture for answer in answered]
    if layer is None:
        return pictures
    for run in dict.fromkeys(answer.run for answer in answered):
        mine = [number for number, answer in enumerate(answered) if answer.run == run]
        asked = [(answered[number].picture, answered[number].label) for number in mine]
        lit = where.lit(Run(project.run_dir(run)), asked, [pictures[number] for number in mine], layer)
        for number, picture in zip(mine, lit, strict=True):
            pictures[number] = picture
    return pictures


def _card(project: Project, answer: Answer, picture: bytes, chosen: Trained, *, new: bool, lit: bool) -> None:
    left, words = st.columns([2, 3], vertical_alignment="center")
    with left:
        st.image(picture, width="stretch", alt=answer.name)
        if new and lit:
            st.caption(t("Bright: what spoke for {label}, the class it is most like.", label=drawn.plain(answer.label)))
    with words:
        strangers.draw_answer(answer.label, answer.probabilities, new)
        if answer.nearest:
            strangers.reminds_of(Run(project.run_dir(answer.run)), answer.nearest)
        name = drawn.plain(drawn.middle_cut(answer.name, _LONG))
        st.caption(t("{name} · {milliseconds:.0f} ms", name=name, milliseconds=answer.milliseconds))
        if answer.run != chosen.run.id:
            st.caption(t("Asked: {asked}", asked=drawn.plain(answer.asked)))


def _clear(project: Project) -> None:
    _shelf().pop(project.id, None)


@st.cache_resource(show_spinner=False)
def _shelf() -> dict[str, list[Answer]]:
    """The answers by project, the one asked about last at the end: they outlive a refresh, not the server."""
    return {}


def newness(found: Sequence[Answer], project: Project, coverage: float) -> Callable[[Answer], bool]:
    """Whether each of these looks too new to the run that was asked; what that needs is found out once a run."""
    limits = {run: strangers.least_alike(Run(project.run_dir(run)), coverage) for run in {one.run for one in found}}
    return lambda answer: answer.alike is not None and answer.alike < limits[answer.run]


def table(found: Sequence[Answer], project: Project, coverage: float) -> bytes:
    """All answers as CSV, the columns of `thaw predict --csv` and the classifier's name.

    What looks like none of the classes is True in `none`; its `label` is still the class that it is most like.
    """
    classes = list(dict.fromkeys(name for answer in found for name in answer.probabilities))
    new_to_it = newness(found, project, coverage)
    rows: list[list[Any]] = [["image", "label", "probability", "none", "error", "classifier", *classes]]
    for answer in found:
        if answer.error:
            rows.append([answer.name, "", "", "", t(answer.error), answer.asked, *[""] * len(classes)])
            continue
        shares = [answer.probabilities.get(name, "") for name in classes]
        rows.append([answer.name, answer.label, answer.sure, new_to_it(answer), "", answer.asked, *shares])
    text = io.StringIO()
    csv.writer(text).writerows([[_as_text(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")  # with the mark by which Excel knows UTF-8


def _as_text(cell: Any) -> Any:
    """A name that a spreadsheet would take for a formula, as the text that it is."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t")) else cell
