"""The way from a figure of the validation photos to an honest one: every photo, answered out of fold."""

from __future__ import annotations

import streamlit as st

from pages.ui.frame import go
from transfer_core.labs.evaluate.settings import possible
from transfer_core.runs.folder import Run
from transfer_core.text import t

__all__ = ["WANTED", "offer_every_photo"]

WANTED = "every_photo_of"
"""Key in the session of the id of the run that Evaluate shall have chosen, with every photo."""


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
            st.session_state[WANTED] = run.id
            go("evaluate")
