"""Home: what Thaw is, a sample to start with, and the person's projects."""

import streamlit as st

from pages.classroom.present import room
from pages.components.coach import coach
from pages.home import archive, deletions
from pages.home import new_project as starting
from pages.ui.frame import guard, page_title
from pages.ui.html import sketch
from pages.ui.services import guest, workspace
from transfer_core.text import t

page_title(t("Teach a computer to tell your photos apart"))
st.markdown(
    t(
        "Thaw trains an image classifier from your own photos, on this computer, without programming. "
        "It starts from a network that can already see and teaches it what *you* want to tell apart. "
        "You decide the one thing that matters, how much of that network may change, and watch what comes of it."
    )
)

coach("home")

if (opened := room()) is not None and guest():
    with guard():
        from pages.classroom.giving import offered

        offered(opened)

with st.container(key="samples"):
    st.header(t("Start with a sample"), anchor=False)
    st.caption(t("No photos at hand? Thaw draws some. From here it takes one click a step to your first classifier."))
    with guard():
        starting.sample_cards()

st.header(t("Or use your own photos"), anchor=False)
with guard():
    starting.new_project()
    archive.open_zip()

st.header(t("Your projects"), anchor=False)
deletions.undo_banner()
archive.banner()
with guard():
    found, damaged = workspace().read_projects()
    starting.take_away_failed(found)
    if found:
        # What looks into projects loads NumPy and SQLite, which the very first page can do without.
        from pages.home import project_cards

        project_cards.cards(found)
    elif not damaged:
        st.info(
            t("Nothing here yet. Each classifier you make becomes a project, and you find it here again."),
            icon=":material/folder_open:",
        )
        sketch("home")
    for project_id, why in damaged.items():
        deletions.damaged_project(project_id, why)
