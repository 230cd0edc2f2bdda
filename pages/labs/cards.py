"""What the labs are called and ask, for their pages, the overview and the sidebar."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project

__all__ = ["LABS", "LabCard", "lab_links"]


@dataclass(frozen=True)
class LabCard:
    """One lab: its page is `pages/<kind>.py`."""

    kind: str
    title: str
    icon: str
    question: str
    time: str
    """How long it takes, roughly, with 200 photos and the default base."""


LABS = (
    LabCard(
        "probe",
        "Depth probe",
        ":material/signal_cellular_alt:",
        "Where in the network is what your photos need? One look, no fine-tuning.",
        "half a minute",
    ),
    LabCard(
        "sweep",
        "Depth sweep",
        ":material/stacked_line_chart:",
        "How deep is worth fine-tuning? Thaw tries several depths within the minutes you give it.",
        "as long as you allow",
    ),
    LabCard(
        "sanity",
        "Frozen or not?",
        ":material/rule:",
        "Is training on saved features the same as freezing the base? And which mistakes make it differ?",
        "some minutes",
    ),
    LabCard(
        "recipe",
        "The recipe",
        ":material/menu_book:",
        "What does each step of fine-tuning bring, and what if one is skipped?",
        "a few minutes",
    ),
    LabCard(
        "compare",
        "What changed",
        ":material/compare_arrows:",
        "Which photos did one run get right and another wrong, and is the difference real?",
        "some seconds",
    ),
    LabCard(
        "knowledge",
        "What it knows",
        ":material/psychology:",
        "What did the base know before it saw any of your photos?",
        "some seconds",
    ),
)


def lab_links(project: Project, current: str) -> None:
    """Links to every lab in a row, the open one marked."""
    with st.container(horizontal=True, key="lab_links", gap="small"):
        st.page_link(
            page_path("labs"), label="All labs", icon=":material/science:", query_params={"project": project.id}
        )
        for card in LABS:
            label = f"**{card.title}**" if card.kind == current else card.title
            st.page_link(
                page_path(card.kind),
                label=label,
                icon=card.icon,
                query_params={"project": project.id},
                help=card.question,
            )
