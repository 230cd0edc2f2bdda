"""Networks of one's own as bases: open a Keras file, use one that was opened, remove it with undo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.base.cards import Chosen, choose
from pages.jobs.open_file import Opening, open_form
from pages.photos.edits import edit
from pages.ui import format as figures
from pages.ui import html as drawn
from pages.ui import tasks
from pages.ui.services import guest, known_tree
from transfer_core.backbones.own import list_own, remove_own, restore_own
from transfer_core.disk.workspace import Project
from transfer_core.text import plural, t

if TYPE_CHECKING:
    from transfer_core.backbones.base import Base, Scaling
    from transfer_core.opening.open import OpenedBase

__all__ = ["area"]

_REMOVED = "own_removed"
_TITLE = "own_base_title"
_MILLION = 1_000_000


def area(project: Project, now: Chosen) -> None:
    """The networks that were opened, and the form for another."""
    found = list_own(project.workspace)
    if guest() and not found:
        return
    with st.expander(
        t("A network of your own"),
        icon=":material/upload_file:",
        key="own_bases",
        expanded=bool(found) or bool(st.session_state.get(_REMOVED)) or tasks.find(_task(project)) is not None,
    ):
        st.markdown(
            t(
                "Start from a classifier that you or somebody else trained with Keras, saved as a `.keras` file, such "
                "as one you took away from the page Test. Its last layers go, and your own new one takes their place. "
                "The file is looked through first: one that brings program code with it is refused."
            )
        )
        _undo(project)
        for base in found:
            _row(project, base, now)
        if guest():  # what is taken in here is everybody's
            return
        opened: OpenedBase | None = open_form(
            "own_base", t("Looking through the network"), _opener(project), _task(project), _fields
        )
    if opened is not None:
        choose(project, opened.base, "imagenet")
        st.rerun()


def _task(project: Project) -> str:
    return f"own-base-{project.id}"


def _opener(project: Project) -> Opening:
    def work(file: Path, scaling: Scaling | None, task: tasks.Task, values: dict[str, Any]) -> OpenedBase:
        from transfer_core.opening.open import open_base

        return open_base(project.workspace, file, values[_TITLE], scaling, task.cancelled)

    return work


def _fields() -> list[str]:
    st.text_input(t("What to call it"), key=_TITLE, max_chars=40, placeholder=t("the name of the file"))
    return [_TITLE]


def _row(project: Project, base: Base, now: Chosen) -> None:
    here = now.base.name == base.name and now.decided and now.weights == "imagenet"
    tree = known_tree(base.name)
    facts = [t("photos of {size} × {size} pixels", size=base.input_size)]
    if tree is not None:
        count = tree.root.parameters
        facts.append(
            t("{amount} parameters", amount=figures.millions(count))
            if count >= _MILLION / 10
            else t(plural("{n:,} parameter", "{n:,} parameters", count))
        )
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"card_{base.name}"):
        st.markdown(f"**{drawn.plain(base.title)}**  \n:small[{' · '.join(facts)}]", width="stretch")
        with st.container(horizontal=True, width="content"):
            st.button(
                t("Chosen") if here else t("Use this base"),
                key=f"base_{base.name}",
                disabled=here,
                on_click=choose,
                args=(project, base, "imagenet"),
            )
            if guest():
                return
            st.button(
                "",
                key=f"remove_{base.name}",
                icon=":material/delete:",
                type="tertiary",
                help=t("Remove this network. You can undo it."),
                on_click=_remove,
                args=(project, base),
            )


def _remove(project: Project, base: Base) -> None:
    if edit(remove_own, project.workspace, base.name):
        st.session_state.setdefault(_REMOVED, []).append(base)


def _undo(project: Project) -> None:
    removed: list[Base] = st.session_state.get(_REMOVED, [])
    if not removed:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="own_undo"):
        words = t("Removed **{title}**.", title=drawn.plain(removed[-1].title))
        st.markdown(f":material/delete: {words}", width="content")
        st.button(t("Undo"), key="undo_remove_own", icon=":material/undo:", on_click=_restore, args=(project,))


def _restore(project: Project) -> None:
    base = st.session_state[_REMOVED].pop()
    edit(restore_own, project.workspace, base.name)
