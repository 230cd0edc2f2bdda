"""What the labs are called and ask, for their pages, the overview and the sidebar."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from pages.labs.card import LabCard
from pages.labs.lesson.card import CARD as LESSON
from pages.ui.paths import page_path
from transfer_core.disk.workspace import Project
from transfer_core.labs import KINDS
from transfer_core.text import t

__all__ = ["LABS", "lab_links"]


LABS: tuple[LabCard, ...] = tuple(import_module(f"pages.labs.{kind}.card").CARD for kind in KINDS)
"""In the order of the registry."""


def lab_links(project: Project, current: str) -> None:
    """Links to the lesson and every lab in a row, the open one marked."""
    with st.container(horizontal=True, key="lab_links", gap="small"):
        st.page_link(
            page_path("labs"), label=t("All labs"), icon=":material/science:", query_params={"project": project.id}
        )
        for card in (LESSON, *LABS):
            label = f"**{card.title}**" if card.kind == current else t(card.title)
            st.page_link(
                page_path(card.kind),
                label=label,
                icon=card.icon,
                query_params={"project": project.id},
                help=t(card.question),
            )
