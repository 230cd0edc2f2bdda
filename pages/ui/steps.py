"""The five steps on the way to a classifier, how far a project has come, and how that is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui.html import sentence
from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.labs import KINDS
from transfer_core.text import Sentence, t

if TYPE_CHECKING:
    from transfer_core.runs.folder import Run

__all__ = ["STEPS", "Step", "done_steps", "has_photos", "next_button", "next_step", "stepper", "way"]


@dataclass(frozen=True)
class Step:
    """One step: its page `pages/<name>.py`, its title, and what it is for."""

    name: str
    title: Sentence
    purpose: Sentence


STEPS = (
    Step("photos", Sentence("Photos"), Sentence("Show it examples")),
    Step("base", Sentence("Base"), Sentence("Pick a network that can already see")),
    Step("layers", Sentence("Layers"), Sentence("Choose what may change")),
    Step("train", Sentence("Train"), Sentence("Let it learn")),
    Step("test", Sentence("Test"), Sentence("Try it on new photos")),
)


def done_steps(project: Project) -> tuple[str, ...]:
    """The names of the steps that the project has behind it, in order. Read from disk, so every tab agrees."""
    from transfer_core.runs.folder import list_runs  # loads NumPy, which the first page can do without

    runs = list_runs(project.runs_dir)
    trained = any(run.model_path.is_file() for run in runs)
    base = project.choices.get("base", {}).get("name")
    done = {
        "photos": has_photos(project) and _has_classes(project),
        "base": "base" in project.choices or bool(runs),
        "layers": _chosen(project, base) or any(base in (None, _base_of(run)) for run in runs),
        "train": trained,
        "test": trained and "tested" in project.choices,
    }
    return tuple(step.name for step in STEPS if done[step.name])


def _chosen(project: Project, base: str | None) -> bool:
    """Whether layers were chosen, of this base."""
    return "trainable" in project.choices and project.choices.get("trainable_of", base) == base


def _base_of(run: Run) -> str | None:
    try:
        return run.config().base.name
    except TransferError:
        return None  # damaged: its list says so


def next_step(done: tuple[str, ...]) -> Step:
    """The first step that is not done; the last one when all are."""
    return next((step for step in STEPS if step.name not in done), STEPS[-1])


def has_photos(project: Project) -> bool:
    """Whether the project ever had photos; asks the disk, so that an empty project costs no database."""
    return (project.photos_dir / "photos.sqlite").is_file()


def _has_classes(project: Project) -> bool:
    from pages.ui.services import store  # the frame draws the stepper, so it imports this module first

    return store(project).trainable()


_STATES = {"done": Sentence("done"), "next": Sentence("next"), "not-yet": Sentence("not yet")}


def way(done: tuple[str, ...]) -> None:
    """Draw the five steps as a row of dots with words, for a card."""
    upcoming = next_step(done).name
    items = []
    for step in STEPS:
        mark = "done" if step.name in done else "next" if step.name == upcoming else "not-yet"
        title, state = escape(t(step.title)), escape(t(_STATES[mark]))
        items.append(f'<span role="listitem" class="{mark}" title="{title}: {state}">{title}</span>')
    st.html(f'<div role="list" class="thaw-way">{"".join(items)}</div>')


def stepper(project: Project, current: str) -> None:
    """Draw the way through a project in a row: the steps done, the one named `current`, those to come, and the labs."""
    done = done_steps(project)
    upcoming = next_step(done)
    with st.container(horizontal=True, key="stepper", gap="small"):
        for number, step in enumerate(STEPS, 1):
            if step.name in done:
                icon, state = ":material/check_circle:", "done"
            else:
                icon, state = f":material/counter_{number}:", "next" if step == upcoming else "not-yet"
            _link(
                project,
                step.name,
                step.title,
                icon,
                t("{what}: {said}", what=step.purpose, said=_STATES[state]),
                step.name == current,
            )
        labs = Sentence("Experiments: how deep to fine-tune, and what goes wrong when it is done wrong")
        _link(project, "labs", Sentence("Labs"), ":material/science:", t(labs), current in ("labs", "lesson", *KINDS))


def _link(project: Project, page: str, title: Sentence, icon: str, help: str, here: bool) -> None:
    label = f"**{title}**" if here else t(title)
    st.page_link(page_path(page), label=label, icon=icon, query_params={"project": project.id}, help=help)


def next_button(step: str, *, reason: str | None = None) -> bool:
    """The prominent way to `step`; with a `reason` it is disabled and the reason stands beside it.

    Returns:
        Whether it was clicked.
    """
    title = next(item.title for item in STEPS if item.name == step)
    with st.container(horizontal=True, vertical_alignment="center", key="way_on"):
        clicked = st.button(
            t("Next: {title}", title=title),
            key=f"next_{step}",
            type="primary",
            icon=":material/arrow_forward:",
            icon_position="right",
            disabled=reason is not None,
        )
        if reason is not None:
            st.caption(sentence(reason))
    return clicked
