"""The app's router: the pages, and the frame every page shares. `streamlit run app.py`."""

import streamlit as st

from pages.shared.drawn import load_style
from pages.shared.frame import PAGE, project, warm
from pages.shared.plotly_asset import ensure_plotly
from pages.shared.sidebar import sidebar

PAGES = (
    st.Page("pages/home.py", title="Thaw", icon=":material/ac_unit:", default=True),
    st.Page("pages/photos.py", title="Photos", icon=":material/photo_library:", url_path="photos"),
    st.Page("pages/base.py", title="Base", icon=":material/neurology:", url_path="base"),
    st.Page("pages/layers.py", title="Layers", icon=":material/account_tree:", url_path="layers"),
    st.Page("pages/train.py", title="Train", icon=":material/model_training:", url_path="train"),
    st.Page("pages/test.py", title="Test", icon=":material/image_search:", url_path="test"),
)

st.set_page_config(page_icon=":material/ac_unit:", layout="wide")
load_style()
ensure_plotly()
page = st.navigation(PAGES, position="hidden")
st.session_state[PAGE] = page.url_path
opened = project()
sidebar(opened)
if opened is not None:
    warm()
page.run()
