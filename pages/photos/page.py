"""Photos: bring them in, see what came, put the classes right, and set some aside to check on."""

import streamlit as st

from pages.home import new_project as starting
from pages.photos import alike as photo_alike
from pages.photos import classes as photo_classes
from pages.photos import conflicts as photo_conflicts
from pages.photos import grid as photo_grid
from pages.photos import report as photo_report
from pages.photos import split as photo_split
from pages.photos import upload as photo_import
from pages.ui import steps, tasks
from pages.ui.frame import go, guard, heading, require_project
from pages.ui.html import sketch
from pages.ui.paths import page_path
from pages.ui.services import store
from transfer_core.text import t

project = require_project()
heading(t("Photos"), t("Show what it should tell apart: a class for each kind of thing, and photos of each."))

with guard():
    photos = store(project)
    counts = photos.classes()
    task = starting.photos_task(project)
    busy = tasks.running(task)

    with st.container(key="photos_news"):  # in one place: what comes and goes here does not move what stands below
        ended = tasks.show(task)
        if ended is not None:
            photo_report.report(ended, photos.last_edit())
        if not counts and not busy:
            photo_import.first_words(project)
            # Deleting the last class or undoing an import leads here, and back.
            with st.container(horizontal=True, vertical_alignment="center"):
                photo_classes.undo(photos)
    photo_import.area(project, photos, list(counts), folded=bool(counts) or busy)

    if counts:
        reason = photo_split.overview(project, photos, counts)
        if steps.next_button("base", reason=t("Wait until all photos are in.") if busy else reason):
            go("base")
        photo_alike.questions(project, photos, counts)
        photo_conflicts.choices(photos)
        st.divider()
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header(t("Look through your photos"), anchor=False)
            if reason is None and not busy:
                with st.container(width="content", key="to_health"):
                    st.page_link(
                        page_path("health"),
                        label=t("Are they fit to learn from?"),
                        icon=":material/health_and_safety:",
                        query_params={"project": project.id},
                    )
        photo_classes.toolbar(photos, counts)
        photo_grid.browse(photos, counts)
    elif not busy:
        steps.next_button("base", reason=t("Add photos of at least two classes first."))
        sketch("photos")
