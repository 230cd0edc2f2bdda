"""Correct a photo that a result shows: what its class is called now, and the way to another class or out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import streamlit as st

from pages.photos.edits import form
from pages.ui.html import plain
from transfer_core.text import t, visible

if TYPE_CHECKING:
    from transfer_core.photos.store import Photo, PhotoStore

__all__ = ["correct", "renamed"]


def renamed(photos: Collection[tuple[str, str]], now: Mapping[str, Photo]) -> dict[str, str | None]:
    """What each class of a result is called now: what most of its photos are under; None where the class is gone.

    Args:
        photos: SHA-256 of every photo that the result is about, and the class it was in.
        now: the photos as they are, by SHA-256.
    """
    there = {photo.class_name for photo in now.values()}
    went: dict[str, Counter[str | None]] = {}
    for sha, name in photos:
        went.setdefault(name, Counter())[now[sha].class_name if sha in now else None] += 1
    called: dict[str, str | None] = {}
    for name, found in went.items():
        into = max((one for one in found if one is not None), key=lambda one: found[one], default=None)
        # A few that are left in another class were put there one by one.
        most = into is not None and 2 * found[into] > found.total()
        called[name] = into if most else name if name in there else None
    return called


def correct(photos: PhotoStore, photo: Photo, answer: str | None) -> None:
    """A popover to put a photo into another class, `answer` unless a person says otherwise, or to remove it."""
    choice = form(f"correct {photo.id} {photo.class_name}")
    key = choice.key(f"correct_{photo.id}_{photo.class_name}")  # moved, it is another one, and closed
    with st.popover(t("Change class"), icon=":material/edit:", key=key, type="tertiary"):
        st.caption(plain(photo.name))
        others = [name for name in photos.classes() if name != photo.class_name]
        to = st.selectbox(
            t("What it really shows"),
            others,
            index=others.index(answer) if answer in others else None,
            key=f"correct_to_{photo.id}",
            format_func=visible,
        )
        st.button(
            t("Move it to {to}", to=plain(to)) if to else t("Move it"),
            key=f"correct_move_{photo.id}",
            disabled=not to,
            on_click=choice.edit_with,
            args=(photos.move_photos, [photo.id], to),
        )
        st.button(
            t("Remove it"),
            key=f"correct_remove_{photo.id}",
            icon=":material/delete:",
            on_click=choice.edit_with,
            args=(photos.remove_photos, [photo.id]),
        )
