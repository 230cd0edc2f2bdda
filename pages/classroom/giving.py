"""The teacher hands out projects, and everybody else starts from a copy."""

from __future__ import annotations

import time

import streamlit as st

from pages.home.new_project import photos_task
from pages.photos.edits import edit
from pages.ui import format as figures
from pages.ui import tasks
from pages.ui.format import photo_count
from pages.ui.frame import go, open_in_tab
from pages.ui.html import cells, plain
from pages.ui.services import store, workspace
from transfer_core.classroom.handouts import Handout, hand_out, handouts, start_from, take_back
from transfer_core.classroom.room import Room
from transfer_core.disk.workspace import Project
from transfer_core.errors import DataError
from transfer_core.text import Sentence, t

__all__ = ["area", "offered"]

_TASK = "hand-out"


def area(room: Room) -> None:
    """For the teacher: what is handed out, and another project to hand out."""
    st.markdown(
        t(
            "Everybody finds it on their home page and starts from a copy of their own: with the photos and what you "
            "chose, without what you trained."
        )
    )
    projects = {project.id: project for project in workspace().list_projects()}
    if not projects:
        st.caption(t("You have no project of your own yet. Make one on the home page, as everybody does."))
    else:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                t("One of your projects"), list(projects), key="to_hand_out", format_func=lambda it: projects[it].name
            )
            st.button(
                t("Hand it out"),
                key="hand_out",
                icon=":material/share:",
                disabled=tasks.running(_TASK),
                on_click=edit,
                args=(_hand_out, room, projects[chosen]),
            )
    if tasks.show(_TASK) is not None:
        tasks.dismiss(_TASK)
    for one in handouts(room):
        with st.container(horizontal=True, vertical_alignment="center", key=f"handout_{one.id}"):
            st.markdown(f"**{plain(one.name)}**  \n:small[{_facts(one)}]", width="stretch")
            st.button(t("Take it back"), key=f"take_back_{one.id}", on_click=edit, args=(take_back, room, one.id))


def _facts(one: Handout) -> str:
    return f"{photo_count(one.photos)} · {figures.when(one.made)}"


def _hand_out(room: Room, project: Project) -> None:
    photos = sum(store(project).classes().values())
    if not photos or tasks.running(photos_task(project)):
        raise DataError(
            "{name} has no photos yet, or they are just coming in. Hand it out when they are there.", name=project.name
        )
    tasks.dismiss(_TASK)
    tasks.start(
        _TASK,
        t("Packing {name}", name=project.name),
        lambda task: hand_out(room, project, photos, time.time(), task.progress, task.cancelled),
        Sentence("{done} of {total} files"),
    )


def offered(room: Room) -> None:
    """On the home page of everybody else: what the teacher handed out."""
    found = handouts(room)
    own = workspace()
    key = f"start-from-{own.root.name}"
    if not found and tasks.find(key) is None:
        return
    st.header(t("From your teacher"), anchor=False)
    if (ended := tasks.show(key)) is not None:
        tasks.dismiss(key)
        open_in_tab(own.open_project(ended.result))
        go("photos")
    with cells("handouts", least=280, most=3):
        for one in found:
            with st.container(border=True):
                st.markdown(f"**{plain(one.name)}**")
                st.caption(photo_count(one.photos))
                st.button(
                    t("Start with it"),
                    key=f"start_from_{one.id}",
                    type="primary",
                    icon=":material/play_arrow:",
                    width="stretch",
                    disabled=tasks.running(key),
                    on_click=_start_from,
                    args=(room, one, key),
                )


def _start_from(room: Room, one: Handout, key: str) -> None:
    own = workspace()  # here, because a thread of its own has no page
    tasks.dismiss(key)
    tasks.start(
        key,
        t("Opening {name}", name=one.name),
        lambda task: start_from(room, one.id, own, task.progress, task.cancelled).id,
        Sentence("{done} of {total} photos"),
    )
