"""Photos that stand under two classes: each with its picture and the choice which class keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.photos.edits import edit
from pages.ui.format import plural
from pages.ui.html import cells, plain

if TYPE_CHECKING:
    from transfer_core.photos.store import PhotoStore

__all__ = ["choices"]

_AT_ONCE = 12


def choices(photos: PhotoStore) -> None:
    """Draw the conflicts, if there are any."""
    groups = photos.conflicts()
    if not groups:
        return
    st.subheader("One photo, two classes", anchor=False)
    one = len(groups) == 1
    st.warning(
        f"{plural(len(groups), 'photo stands', 'photos stand')} under more than one class. "
        f"Until you choose, {'it is' if one else 'they are'} left out of training.",
        icon=":material/call_split:",
    )
    with cells("conflicts", least=200, most=4):
        for group in groups[:_AT_ONCE]:
            with st.container(border=True):
                st.image(str(photos.thumbnail(group[0])), width="stretch", alt=group[0].name)
                st.caption(" · ".join(plain(photo.name) for photo in group))
                for photo in group:
                    st.button(
                        f"Keep as {plain(photo.class_name)}",
                        key=f"keep_{photo.id}",
                        width="stretch",
                        on_click=edit,
                        args=(photos.resolve_conflict, photo.sha256, photo.class_name),
                    )
                st.button(
                    "Remove it",
                    key=f"keep_none_{group[0].id}",
                    type="tertiary",
                    width="stretch",
                    on_click=edit,
                    args=(photos.remove_photos, [photo.id for photo in group]),
                )
    if len(groups) > _AT_ONCE:
        st.caption(f"and {len(groups) - _AT_ONCE} more")
