"""What the labs are called and ask, for their pages, the overview and the sidebar."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project
from transfer_core.text import Sentence, t

__all__ = ["LABS", "LabCard", "lab_links"]


@dataclass(frozen=True)
class LabCard:
    """One lab: its page is `pages/<kind>.py`."""

    kind: str
    title: Sentence
    icon: str
    question: Sentence
    time: Sentence
    """How long it takes, roughly, with 200 photos and the default base."""


LABS = (
    LabCard(
        "probe",
        Sentence("Depth probe"),
        ":material/signal_cellular_alt:",
        Sentence("Where in the network is what your photos need? One look, no fine-tuning."),
        Sentence("half a minute"),
    ),
    LabCard(
        "sweep",
        Sentence("Depth sweep"),
        ":material/stacked_line_chart:",
        Sentence("How deep is worth fine-tuning? Thaw tries several depths within the minutes you give it."),
        Sentence("as long as you allow"),
    ),
    LabCard(
        "sanity",
        Sentence("Frozen or not?"),
        ":material/rule:",
        Sentence("Is training on saved features the same as freezing the base? And which mistakes make it differ?"),
        Sentence("some minutes"),
    ),
    LabCard(
        "recipe",
        Sentence("The recipe"),
        ":material/menu_book:",
        Sentence("What does each step of fine-tuning bring, and what if one is skipped?"),
        Sentence("a few minutes"),
    ),
    LabCard(
        "compare",
        Sentence("What changed"),
        ":material/compare_arrows:",
        Sentence("Which photos did one run get right and another wrong, and is the difference real?"),
        Sentence("some seconds"),
    ),
    LabCard(
        "knowledge",
        Sentence("What it knows"),
        ":material/psychology:",
        Sentence("What did the base know before it saw any of your photos?"),
        Sentence("some seconds"),
    ),
)


def lab_links(project: Project, current: str) -> None:
    """Links to every lab in a row, the open one marked."""
    with st.container(horizontal=True, key="lab_links", gap="small"):
        st.page_link(
            page_path("labs"), label=t("All labs"), icon=":material/science:", query_params={"project": project.id}
        )
        for card in LABS:
            label = f"**{card.title}**" if card.kind == current else t(card.title)
            st.page_link(
                page_path(card.kind),
                label=label,
                icon=card.icon,
                query_params={"project": project.id},
                help=t(card.question),
            )
