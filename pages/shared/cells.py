"""A grid of cells as wide as the page allows. Streamlit has its own only in versions that need Python 3.11."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

__all__ = ["cells"]


def cells(key: str, *, least: int, most: int = 12) -> DeltaGenerator:
    """A container whose children stand in columns, at least `least` pixels wide each and at most `most` in a row."""
    # 100% less the gaps between `most` columns, divided among them: narrower columns would make more of them.
    share = f"calc((100% - {most - 1}rem) / {most})"
    st.html(
        f"<style>.st-key-{key} {{ display: grid; gap: 1rem; align-items: stretch; "
        f"grid-template-columns: repeat(auto-fill, minmax(min(100%, max({least}px, {share})), 1fr)); }}</style>"
    )
    return st.container(key=key)
