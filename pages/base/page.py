"""Base: pick the pretrained network to start from, and get its weights onto this machine."""

import streamlit as st

from pages.base import cards as base_cards
from pages.base import own
from pages.base import weights as base_weights
from pages.photos.edits import show_refusal
from pages.ui import steps
from pages.ui.frame import go, guard, heading, require_project
from transfer_core.text import t

project = require_project()
heading(
    t("Base"),
    t(
        "Pick the network to start from. It learned to see from over a million photos of everyday things; "
        "yours need only teach it the last bit."
    ),
)

with guard():
    chosen = base_cards.chosen(project)
    with st.container(key="chosen_base"):  # in one place, so that a file on its way in below is not lost
        show_refusal()
        base_weights.refusals(project)
        base_cards.notice()
        base_cards.summary(chosen)
        if steps.next_button("layers", reason=chosen.reason):
            base_cards.confirm(project, chosen)
            go("layers")
    base_cards.cards(project, chosen)
    own.area(project, chosen)
    base_cards.experiments(project, chosen)
