"""Labs: experiments that show how deep to fine-tune, and what goes wrong when it is done wrong."""

from contextlib import suppress

import streamlit as st

from pages.jobs.launch import split_photos
from pages.labs.card import LabCard
from pages.labs.cards import LABS
from pages.labs.lesson.card import CARD as LESSON
from pages.labs.lesson.state import kept
from pages.labs.time_needed import time_needed
from pages.ui import format as figures
from pages.ui.frame import guard, heading, require_project
from pages.ui.html import cells, sentence
from pages.ui.paths import page_path
from pages.ui.services import store
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import list_experiments, read_result
from transfer_core.photos.manifest import Manifest
from transfer_core.text import t

project = require_project()
heading(t("Labs"), t("Experiments with your own photos. Each ends with one plain sentence."))


def card(lab: LabCard, opened: Project, photos: Manifest | None) -> None:
    """A lab, what it answers, and what it found last."""
    st.page_link(page_path(lab.kind), label=f"**{t(lab.title)}**", icon=lab.icon, query_params={"project": opened.id})
    st.markdown(t(lab.question))
    latest = next(iter(list_experiments(opened.experiments_dir, lab.kind)), None)
    result = (read_result(latest) or {}) if latest else {}
    if latest and (words := result.get("conclusion")):
        st.caption(f":material/lightbulb: {sentence(words)} ({figures.when(latest.status().created)})")
    else:
        time_needed(lab.kind, opened, photos)


def lesson_card(opened: Project) -> None:
    """The way into the lesson, and how far it is."""
    st.page_link(
        page_path("lesson"), label=f"**{t(LESSON.title)}**", icon=LESSON.icon, query_params={"project": opened.id}
    )
    st.markdown(t(LESSON.question))
    progress = kept(opened).progress
    if not progress.untouched:
        st.caption(t("{done} of {count} steps done", done=progress.done, count=len(progress.steps)))


manifest = None
with suppress(TransferError):  # too few photos yet: each lab's own page says what is missing
    manifest = split_photos(project, store(project))
with cells("lab_cards", least=300, most=3):
    with st.container(border=True, key="lab_lesson"), guard():
        lesson_card(project)
    for lab in LABS:
        with st.container(border=True, key=f"lab_{lab.kind}"), guard():
            card(lab, project, manifest)
