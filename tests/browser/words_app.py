"""Streamlit's widgets with Chinese labels, for test_words.py; the language is that of ?language, or of the button."""

import sys
from pathlib import Path

import pandas as pd
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from pages.components.streamlit_words import say_streamlits_words
from transfer_core.text import read_by

state = st.session_state
state.setdefault("language", st.query_params.get("language", "en"))
read_by(lambda: st.session_state.get("language"))
with st.sidebar:
    st.write("侧边")
    say_streamlits_words()
st.title("甲")


@st.dialog("乙")
def ask() -> None:
    """A dialog, for its button."""
    st.write("丙")


st.button("英", key="english", on_click=lambda: state.update(language="en"))
if st.button("问", key="ask"):
    ask()
if st.button("告", key="tell"):
    st.toast("丁", duration="infinite")
st.file_uploader("一", type=["zip"], key="one")
st.file_uploader("二", accept_multiple_files=True, key="many")
st.file_uploader("三", accept_multiple_files="directory", key="folder")
st.selectbox("四", ["子", "Open"], index=None, key="choice")
st.selectbox("五", ["子", "丑"], index=None, accept_new_options=True, key="new")
st.multiselect("六", ["子", "Open"], ["Open"], key="chosen")
st.multiselect("七", ["Upload", "丑"], key="none_chosen")
st.text_input("八", key="line")
st.text_area("九", key="lines")
st.number_input("十", 0, 5, key="number")
with st.form("form"):
    st.text_input("百", key="form_line")
    st.form_submit_button("交")
st.pagination(3, key="pages")
st.dataframe(pd.DataFrame({"甲": [1, 2]}), key="table")
st.code("1 + 1")
