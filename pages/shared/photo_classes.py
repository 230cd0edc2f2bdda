"""Edits of whole classes: add, rename, merge, delete, and undo of whatever was done last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.drawn import plain
from pages.shared.edits import edit, show_refusal
from pages.shared.words import plural

if TYPE_CHECKING:
    from transfer_core.datasets import PhotoStore

__all__ = ["toolbar"]


def toolbar(photos: PhotoStore, counts: Mapping[str, int]) -> None:
    """The buttons for classes, side by side."""
    show_refusal()
    with st.container(horizontal=True, vertical_alignment="center", key="class_tools"):
        with st.popover("Add a class", icon=":material/add:"):
            _add(photos)
        with st.popover("Rename", icon=":material/edit:"):
            _rename(photos, counts)
        with st.popover("Merge", icon=":material/merge:", disabled=len(counts) < 2):
            _merge(photos, counts)
        with st.popover("Delete", icon=":material/delete:"):
            _delete(photos, counts)
        last = photos.last_edit()
        if last is not None:
            st.button(
                "Undo",
                key="undo_edit",
                icon=":material/undo:",
                help=f"Takes back {plain(last)}.",
                on_click=edit,
                args=(photos.undo,),
            )
            st.caption(f"Last change: {plain(last)}", width="content")


def _add(photos: PhotoStore) -> None:
    name = st.text_input("Name of the new class", key="new_class")
    st.button("Add", key="add_class", disabled=not name, on_click=edit, args=(photos.add_class, name))


def _rename(photos: PhotoStore, counts: Mapping[str, int]) -> None:
    old = st.selectbox("Class", list(counts), key="rename_old")
    new = st.text_input("New name", key="rename_new")
    st.button("Rename", key="rename_class", disabled=not new, on_click=edit, args=(photos.rename_class, old, new))


def _merge(photos: PhotoStore, counts: Mapping[str, int]) -> None:
    names = st.multiselect("Classes to put together", list(counts), key="merge_names")
    into = st.text_input("Name of the class they become", value=names[0] if names else "", key="merge_into")
    st.button(
        "Merge",
        key="merge_classes",
        disabled=len(names) < 2 or not into,
        on_click=edit,
        args=(photos.merge_classes, names, into),
    )


def _delete(photos: PhotoStore, counts: Mapping[str, int]) -> None:
    name = st.selectbox("Class", list(counts), key="delete_name")
    st.caption(f"Its {plural(counts.get(name or '', 0), 'photo')} go with it. You can undo this.")
    st.button("Delete", key="delete_class", disabled=not name, on_click=edit, args=(photos.delete_class, name))
