"""Correct a photo that a result shows: what its class is called now, and the way to another class or out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.photos.edits import form
from pages.ui.html import plain
from transfer_core.text import t, visible

if TYPE_CHECKING:
    from transfer_core.photos.store import Photo, PhotoStore

__all__ = ["correct", "renamed"]


def renamed(classes: Iterable[str], photos: Collection[Mapping[str, Any]], now: Mapping[str, Photo]) -> dict[str, str]:
    """What each class of a result is called now: one that is gone goes by the name that most of its photos have.

    Args:
        classes: names that the result knows.
        photos: of the result, each with `sha256` and `truth`.
        now: the photos as they are, by SHA-256.
    """
    kept = {photo.class_name for photo in now.values()}
    called = {}
    for name in classes:
        found = Counter(
            now[photo["sha256"]].class_name for photo in photos if photo["truth"] == name and photo["sha256"] in now
        )
        called[name] = found.most_common(1)[0][0] if found and name not in kept else name
    return called


def correct(photos: PhotoStore, photo: Photo, answer: str) -> None:
    """A popover to put a photo into another class, `answer` unless a person says otherwise, or to remove it."""
    choice = form(f"correct {photo.id} {photo.class_name}")
    with st.popover(t("Correct"), icon=":material/edit:", key=choice.key(f"correct_{photo.id}"), type="tertiary"):
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
