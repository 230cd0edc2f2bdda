"""The photos of one class as a grid, a page at a time; pick some to move or remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.photos.edits import form
from pages.ui.format import photo_count
from pages.ui.html import cells, middle_cut, page_of, plain
from transfer_core.errors import PhotoError
from transfer_core.text import t, visible

if TYPE_CHECKING:
    from transfer_core.photos.store import Photo, PhotoStore

__all__ = ["browse"]

PER_PAGE = 24
_SHOWN = 14  # characters of a file's name: what a cell has room for


def browse(photos: PhotoStore, counts: Mapping[str, int]) -> None:
    """Choose a class, leaf through its photos, and move or remove those picked."""
    name = st.pills(
        t("Class"),
        list(counts),
        default=next(iter(counts)),
        key="browse_class",
        format_func=lambda item: f"{plain(item)} · {counts.get(item, 0):,}",
        label_visibility="collapsed",
        required=True,
    )
    if name is None:
        return
    found = photos.photos(name)
    if not found:
        st.caption(t("No photos of {name} yet: add some above, or move some here.", name=plain(name)))
        return
    shown = page_of(found, PER_PAGE, key=f"page_{name}")
    _tools(photos, shown, [other for other in counts if other != name])
    with cells("photo_grid", least=110):
        for photo in shown:
            with st.container(gap="xxsmall"):
                _picture(photos, photo)
                name = visible(photo.name.rpartition("/")[2])
                st.checkbox(plain(middle_cut(name, _SHOWN)), key=f"pick_{photo.id}")
                if photo.split == "test":
                    st.caption(t("for the test"))


def _picture(photos: PhotoStore, photo: Photo) -> None:
    try:
        st.image(str(photos.thumbnail(photo)), width="stretch", alt=photo.name)
    except PhotoError as error:
        st.caption(plain(str(error)))


def _tools(photos: PhotoStore, shown: Sequence[Photo], others: Sequence[str]) -> None:
    picked = [photo.id for photo in shown if st.session_state.get(f"pick_{photo.id}")]
    choice = form(f"picked {picked}")
    with st.container(horizontal=True, vertical_alignment="center", key="photo_tools"):
        st.button(
            t("Pick none") if picked else t("Pick all on this page"),
            key="pick_all",
            on_click=_pick,
            args=(shown, not picked),
        )
        to = st.selectbox(
            t("Move to"),
            others,
            format_func=visible,
            index=None,
            key="move_to",
            placeholder=t("Move to…"),
            label_visibility="collapsed",
            disabled=not picked or not others,
            width=180,
        )
        if to and picked:
            st.button(
                t("Move {photos} to {to}", photos=photo_count(len(picked)), to=plain(to)),
                key="move_photos",
                type="primary",
                on_click=choice.edit_with,
                args=(photos.move_photos, picked, to),
            )
        st.button(
            t("Remove {photos}", photos=photo_count(len(picked))) if picked else t("Remove"),
            key="remove_photos",
            icon=":material/delete:",
            disabled=not picked,
            on_click=choice.edit_with,
            args=(photos.remove_photos, picked),
        )


def _pick(shown: Sequence[Photo], value: bool) -> None:
    for photo in shown:
        st.session_state[f"pick_{photo.id}"] = value
