"""The person's projects as cards: how each looks, where it stands, and open, rename, delete with undo."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.home import archive, deletions
from pages.home.new_project import photos_task
from pages.jobs.launch import active_run
from pages.jobs.trained_runs import chosen_run, trained_runs
from pages.ui import html as drawn
from pages.ui import steps, tasks
from pages.ui.format import class_count, photo_count
from pages.ui.frame import go, open_in_tab
from pages.ui.html import cells
from pages.ui.services import store
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.text import t

__all__ = ["cards"]

_THUMBNAILS = 6
_AT_ONCE = 12


def cards(projects: Sequence[Project]) -> None:
    """The cards, newest first, some at a time."""
    count = st.session_state.get("cards_shown", _AT_ONCE)
    with cells("project_cards", least=280, most=3):
        for project in projects[:count]:
            _card(project)
    if len(projects) > count and st.button(t("Show {count} more", count=len(projects) - count), key="more_projects"):
        st.session_state["cards_shown"] = count + 4 * _AT_ONCE
        st.rerun()


def _card(project: Project) -> None:
    coming = tasks.running(photos_task(project))
    with st.container(key=f"card_{project.id}", border=True):
        drawn.strip(
            _thumbnails(project),
            alt=t("Photos of {name}", name=project.name),
            empty=t("Photos are coming in") if coming else t("No photos yet"),
        )
        st.markdown(f"**{drawn.plain(project.name)}**")
        st.caption(_last_result(project))
        steps.way(steps.done_steps(project))
        with st.container(horizontal=True):
            if st.button(t("Open"), key=f"open_{project.id}", icon=":material/folder_open:", width="stretch"):
                open_in_tab(project)
                go(steps.next_step(steps.done_steps(project)).name)
            with st.popover(
                "",
                icon=":material/more_vert:",
                help=t("Rename, save or delete"),
                # Renamed or packed, it is another one, and closed.
                key=f"menu_{project.id}_{project.name}_{archive.packings()}",
            ):
                _rename_form(project)
                archive.pack_button(project)
                st.button(
                    t("Delete"),
                    key=f"delete_{project.id}",
                    icon=":material/delete:",
                    on_click=deletions.delete,
                    args=(project,),
                    help=t("You can undo this."),
                )


def _thumbnails(project: Project) -> list[bytes]:
    """A few photos from all classes; without opening a database for a project that has none."""
    if not steps.has_photos(project):
        return []
    photos = store(project)
    by_class = [photos.photos(name) for name in photos.classes()]
    turns = -(-_THUMBNAILS // max(len(by_class), 1))
    chosen = [group[turn] for turn in range(turns) for group in by_class if turn < len(group)]
    return [photos.thumbnail(photo).read_bytes() for photo in chosen[:_THUMBNAILS]]


def _last_result(project: Project) -> str:
    if busy := active_run(project):
        return t("Waiting to be trained") if busy.status().state == "QUEUED" else t("Training is going on")
    trained = chosen_run(project, trained_runs(project))
    if trained is not None:
        return trained.told
    if tasks.running(photos_task(project)):
        return t("Photos are coming in")
    counts = store(project).classes() if steps.has_photos(project) else {}
    if not counts:
        return t("Not trained yet")
    return t(
        "{photos} · {classes} · not trained yet",
        photos=photo_count(sum(counts.values())),
        classes=class_count(len(counts)),
    )


def _rename_form(project: Project) -> None:
    key = f"name_{project.id}"
    with st.form(f"rename_form_{project.id}", border=False):
        st.text_input(t("Name"), project.name, key=key)
        st.form_submit_button(t("Rename"), key=f"rename_{project.id}", on_click=_rename, args=(project, key))


def _rename(project: Project, key: str) -> None:
    try:
        project.rename(st.session_state[key])
    except TransferError as error:
        deletions.refuse(error)
