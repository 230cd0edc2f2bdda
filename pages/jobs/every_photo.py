"""The way from a figure of the validation photos to an honest one: every photo, answered out of fold."""

from __future__ import annotations

import streamlit as st

from pages.ui.frame import go
from transfer_core.labs.evaluate.settings import possible
from transfer_core.runs.folder import Run
from transfer_core.text import t

__all__ = ["offer_every_photo"]


def offer_every_photo(run: Run) -> None:
    """Offer to have every photo answered by a classifier trained without it, where there are photos enough."""
    if "folds" not in possible(run.manifest()):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="every_photo"):
        st.caption(
            t(
                "For a figure that nothing was chosen by, have every photo answered by a classifier that was trained "
                "without it."
            ),
            width="stretch",
        )
        if st.button(t("Measure on every photo"), key="measure_every_photo", icon=":material/grid_on:"):
            # Of the fields on that page, which take them as if a person had chosen so.
            st.session_state["evaluate_run"] = run.id
            st.session_state[f"evaluate_on_{run.id}"] = "folds"
            go("evaluate")
