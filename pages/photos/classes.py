"""Edits of whole classes: add, rename, merge, delete, and undo of whatever was done last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from pages.photos.edits import Form, edit, edit_field, form, show_refusal
from pages.ui.html import plain
from transfer_core.text import plural, t, visible

if TYPE_CHECKING:
    from transfer_core.photos.store import PhotoStore

__all__ = ["toolbar", "undo"]


def toolbar(photos: PhotoStore, counts: Mapping[str, int]) -> None:
    """The buttons for classes, side by side."""
    show_refusal()
    rename, merge, delete = form("rename"), form("merge"), form("delete")
    with st.container(horizontal=True, vertical_alignment="center", key="class_tools"):
        with st.popover(t("Add a class"), icon=":material/add:"):
            _add(photos)
        with st.popover(t("Rename"), icon=":material/edit:", key=rename.key("rename_tool")):
            _rename(photos, counts, rename)
        with st.popover(t("Merge"), icon=":material/merge:", key=merge.key("merge_tool"), disabled=len(counts) < 2):
            _merge(photos, counts, merge)
        with st.popover(t("Delete"), icon=":material/delete:", key=delete.key("delete_tool")):
            _delete(photos, counts, delete)
        undo(photos)


def undo(photos: PhotoStore) -> None:
    """Say what was done last, and offer to take it back, or to do again what was. It stays when all is undone."""
    last, undone = photos.last_edit(), photos.last_undone()
    if last is None and undone is None:
        return
    removed = photos.undo_removes()
    if removed:
        with st.popover(t("Undo"), icon=":material/undo:", key="undo_import"):
            st.markdown(
                t(
                    plural(
                        "This takes back {last}: {n:,} photo leaves the project. Redo brings it back.",
                        "This takes back {last}: {n:,} photos leave the project. Redo brings them back.",
                        removed,
                        last=plain(last or ""),
                    )
                )
            )
            st.button(t("Undo it"), key="undo_edit", on_click=edit, args=(photos.undo,))
    else:
        st.button(
            t("Undo"),
            key="undo_edit",
            icon=":material/undo:",
            help=t("Takes back {last}.", last=plain(last)) if last else None,
            disabled=last is None,
            on_click=edit,
            args=(photos.undo,),
        )
    st.button(
        t("Redo"),
        key="redo_edit",
        icon=":material/redo:",
        help=t("Does again: {undone}.", undone=plain(undone)) if undone else None,
        disabled=undone is None,
        on_click=edit,
        args=(photos.redo,),
    )
    said = t("Last change: {last}", last=plain(last)) if last else t("Everything is undone.")
    st.caption(said, width="content")


# Each popover holds a form: what was typed last counts, with no need to leave the field first. An empty name is
# refused by the store, in its own words.
def _add(photos: PhotoStore) -> None:
    with st.form("add_class_form", border=False):
        st.text_input(t("Name of the new class"), key="new_class")
        st.form_submit_button(t("Add"), key="add_class", on_click=edit_field, args=(photos.add_class, "new_class"))
        show_refusal("new_class")


def _rename(photos: PhotoStore, counts: Mapping[str, int], this: Form) -> None:
    with st.form(this.key("rename_class_form"), border=False):
        st.selectbox(t("Class"), list(counts), key=this.key("rename_old"), format_func=visible)
        st.text_input(t("New name"), key=this.key("rename_new"))
        st.form_submit_button(
            t("Rename"),
            key=this.key("rename_class"),
            on_click=this.edit,
            args=(photos.rename_class, "rename_old", "rename_new"),
        )
        show_refusal(this.name)


def _merge(photos: PhotoStore, counts: Mapping[str, int], this: Form) -> None:
    with st.form(this.key("merge_classes_form"), border=False):
        st.multiselect(t("Classes to put together"), list(counts), key=this.key("merge_names"), format_func=visible)
        st.text_input(t("Name of the class they become"), key=this.key("merge_into"))
        st.form_submit_button(
            t("Merge"),
            key=this.key("merge_classes"),
            on_click=this.edit,
            args=(photos.merge_classes, "merge_names", "merge_into"),
        )
        show_refusal(this.name)


def _delete(photos: PhotoStore, counts: Mapping[str, int], this: Form) -> None:
    with st.form(this.key("delete_class_form"), border=False):
        st.selectbox(t("Class"), list(counts), key=this.key("delete_name"), format_func=visible)
        st.caption(t("Its photos go with it. You can undo this."))
        st.form_submit_button(
            t("Delete"), key=this.key("delete_class"), on_click=this.edit, args=(photos.delete_class, "delete_name")
        )
        show_refusal(this.name)
