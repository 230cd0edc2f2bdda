"""Test: show the trained classifier new photos, read its answers, and take it away."""

import streamlit as st

from pages.components.coach import coach
from pages.jobs.figure_words import figure_sentence
from pages.jobs.launch import active_run
from pages.jobs.trained_runs import chosen_run, opened_classifiers, trained_runs
from pages.labs.every_photo import offer_every_photo
from pages.test import answers, code, download, live, many, opened, strangers
from pages.test import ask as test_photos
from pages.ui.frame import go, guard, heading, require_project
from pages.ui.html import sketch
from pages.ui.paths import page_path
from transfer_core.text import t

project = require_project()
heading(t("Test"), t("Show it photos it has never seen, and see what it says and how sure it is."))

with guard():
    runs = [*trained_runs(project), *opened_classifiers(project)]
    if not runs:
        st.info(
            t("Training is going on. When it has ended, you can try the classifier here.")
            if active_run(project)
            else t("There is no trained classifier in this project yet. Train one first; then try it here."),
            icon=":material/model_training:",
        )
        if st.button(t("Go to Train"), key="go_train", type="primary", icon=":material/arrow_back:"):
            go("train")
        sketch("test")
        opened.undo(project)
        opened.area(project)
        st.stop()

    # Each part in a place of its own: what moves up or down is drawn anew, and a photo on its way into it is lost.
    coach("test")
    with st.container(key="chosen_area"):
        opened.undo(project)
        test_photos.warm()
        chosen = test_photos.choose_run(project, runs, chosen_run(project, runs))
        if chosen.figure:
            st.markdown(f":material/fact_check: {t(figure_sentence(chosen.figure))}")
            if not chosen.figure.honest:
                offer_every_photo(project, chosen.run)
        if chosen.opened:
            opened.told(project, chosen)
        else:
            st.page_link(
                page_path("evaluate"),
                label=t("See what it gets wrong"),
                icon=":material/grid_on:",
                query_params={"project": project.id},
            )
    left, right = st.columns([3, 2], gap="large")
    with left:
        test_photos.drop(project, chosen)
        coverage = strangers.choose(chosen.run)
    with right:
        if not chosen.opened:
            download.buttons(project, chosen)
            code.area(project, chosen)
    with st.container(key="live_area"):
        live.area(chosen, coverage)
    with st.container(key="answers_area"):
        answers.show(project, chosen, coverage)
    many.area(project, chosen, coverage)
    opened.area(project)
