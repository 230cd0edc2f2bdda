"""The app's router: the pages, and the frame every page shares. `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from pages.shared.drawn import load_style
from pages.shared.frame import PAGE, project, warm
from pages.shared.labs import LABS
from pages.shared.plotly_asset import ensure_plotly
from pages.shared.sidebar import sidebar

PAGES = (
    st.Page("pages/home.py", title="Thaw", default=True),
    st.Page("pages/photos.py", title="Photos", url_path="photos"),
    st.Page("pages/base.py", title="Base", url_path="base"),
    st.Page("pages/layers.py", title="Layers", url_path="layers"),
    st.Page("pages/train.py", title="Train", url_path="train"),
    st.Page("pages/test.py", title="Test", url_path="test"),
    st.Page("pages/labs.py", title="Labs", url_path="labs"),
    *(st.Page(f"pages/{lab.kind}.py", title=lab.title, url_path=lab.kind) for lab in LABS),
)

# A file of our own: the browser would fetch the picture of a named icon from another host.
st.set_page_config(page_icon=Path(__file__).parent / "pages" / "shared" / "icon.svg", layout="wide")
load_style()
ensure_plotly()
page = st.navigation(PAGES, position="hidden")
st.session_state[PAGE] = page.url_path
opened = project()
sidebar(opened)
if opened is not None:
    warm()
page.run()
