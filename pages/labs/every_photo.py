"""The way from a figure of the validation photos to an honest one: every photo, answered out of fold."""

from __future__ import annotations

import streamlit as st

from pages.labs.start import start_experiment
from pages.labs.time_needed import seconds_needed
from pages.ui.format import span
from pages.ui.html import sentence
from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.labs.evaluate.settings import Settings, possible
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, joined, t

__all__ = ["offer_every_photo"]


def offer_every_photo(project: Project, run: Run) -> None:
    """Offer to have every photo answered by a classifier trained without it, where there are photos enough."""
    photos, settings = run.manifest(), Settings(str(run.path), "folds")
    if "folds" not in possible(photos):
        return
    seconds = seconds_needed("evaluate", project, photos, settings, base=run.config().base.name)
    words = t("For a fairer figure, every photo can be answered by a classifier that was trained without it.")
    if seconds is not None:
        words = t(joined([words, Sentence("That takes about {span}.", span=span(seconds))]))
    with st.container(horizontal=True, vertical_alignment="center", key="every_photo"):
        st.caption(words, width="stretch")
        if st.button(t("Measure on every photo"), key="measure_every_photo", icon=":material/grid_on:"):
            try:
                begun = start_experiment(project, "evaluate", settings, None)
            except TransferError as error:
                st.error(sentence(str(error)), icon=":material/error:")
            else:
                st.session_state["evaluate_run"] = run.id
                st.session_state[f"evaluate_on_{run.id}"] = "folds"
                st.switch_page(page_path("evaluate"), query_params={"project": project.id, "experiment": begun.id})
