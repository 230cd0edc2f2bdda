"""Classes whose names look alike: one question a group, and a click to put them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from pages.photos.edits import edit, form
from pages.ui.html import plain
from transfer_core.disk.workspace import Project
from transfer_core.photos.sources.class_names import alike
from transfer_core.text import all_of, t

if TYPE_CHECKING:
    from transfer_core.photos.store import PhotoStore

__all__ = ["questions"]


def questions(project: Project, photos: PhotoStore, counts: Mapping[str, int]) -> None:
    """Ask whether classes that look alike are one, until that is answered."""
    apart = {frozenset(group) for group in project.choices.get("apart", [])}
    for number, group in enumerate(alike(counts)):
        if frozenset(group) in apart:
            continue
        into = max(group, key=lambda name: counts[name])
        with st.container(border=True, key=f"alike_{number}"):
            st.warning(
                t("{names} look alike. Are they one class?", names=all_of([plain(name) for name in group])),
                icon=":material/compare_arrows:",
            )
            with st.container(horizontal=True):
                st.button(
                    t("Put them together as {into}", into=plain(into)),
                    key=f"join_{number}",
                    on_click=form(f"join {group}").edit_with,
                    args=(photos.merge_classes, group, into),
                )
                st.button(
                    t("They are different"),
                    key=f"apart_{number}",
                    type="tertiary",
                    on_click=edit,
                    args=(_keep_apart, project, group),
                )


def _keep_apart(project: Project, group: list[str]) -> None:
    project.choose(apart=[*project.choices.get("apart", []), group])
