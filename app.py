"""The app's router: the pages, and the frame every page shares. `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from pages.classroom.gate import classroom_pages, come_in, note_visit
from pages.components.static_files import ensure_plotly, load_letters
from pages.labs.cards import LABS
from pages.ui.frame import PAGE, project
from pages.ui.html import load_style
from pages.ui.language import follow_reader
from pages.ui.paths import load_again, page_path, taken_for_missing
from pages.ui.services import warm
from pages.ui.sidebar import sidebar
from transfer_core.text import t

follow_reader()

PAGES = (
    st.Page(page_path("home"), title="Thaw", default=True),
    st.Page(page_path("photos"), title=t("Photos"), url_path="photos"),
    st.Page(page_path("base"), title=t("Base"), url_path="base"),
    st.Page(page_path("layers"), title=t("Layers"), url_path="layers"),
    st.Page(page_path("train"), title=t("Train"), url_path="train"),
    st.Page(page_path("projector"), title=t("How it learns"), url_path="projector"),
    st.Page(page_path("test"), title=t("Test"), url_path="test"),
    st.Page(page_path("labs"), title=t("Labs"), url_path="labs"),
    st.Page(page_path("lesson"), title=t("The lesson"), url_path="lesson"),
    st.Page(page_path("help"), title=t("Help"), url_path="help"),
    *(st.Page(page_path(lab.kind), title=t(lab.title), url_path=lab.kind) for lab in LABS),
    *classroom_pages(),
)

# A file of our own: the browser would fetch the picture of a named icon from another host.
st.set_page_config(page_icon=Path(__file__).parent / "pages" / "ui" / "icon.svg", layout="wide")
load_style()
load_letters()
come_in()
ensure_plotly()
missing = taken_for_missing()
page = st.navigation(PAGES, position="hidden")
if missing:
    load_again()
st.session_state[PAGE] = page.url_path
opened = project()
note_visit(page.title if page.url_path else t("Home"), opened)
sidebar(opened)
if opened is not None:
    warm()
page.run()
