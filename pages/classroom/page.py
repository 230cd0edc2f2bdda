"""The class: the teacher's page. Who is here, what runs, what is handed out, and the end of the lesson."""

import streamlit as st

from pages.classroom import giving, going, people, winding_up
from pages.classroom.present import room
from pages.photos.edits import show_refusal
from pages.ui.frame import guard, page_title
from pages.ui.html import plain
from transfer_core.text import plural, t

opened = room()
assert opened is not None  # app.py has this page in a classroom only, and for the teacher alone

page_title(plain(opened.name))
inside = sum(bool(seat.passes) for seat in opened.seats if not seat.teaches)
st.markdown(
    t(
        plural(
            "{n} code was given out, {inside} came in by theirs.",
            "{n} codes were given out, {inside} came in by theirs.",
            len(opened.seats) - 1,
            inside=inside,
        )
    )
)
show_refusal()
people.sheet(opened)

st.header(t("Who is here"), anchor=False)
with guard():
    people.listed(opened)

st.header(t("What runs"), anchor=False)
with guard():
    going.jobs(opened)

st.header(t("Hand out a project"), anchor=False)
with guard():
    giving.area(opened)

st.header(t("The end of the lesson"), anchor=False)
with guard():
    winding_up.area(opened)
