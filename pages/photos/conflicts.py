"""Photos that stand under two classes: each with its picture and the choice which class keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.photos.edits import form
from pages.ui.html import cells, plain
from transfer_core.text import plural, t

if TYPE_CHECKING:
    from transfer_core.photos.store import PhotoStore

__all__ = ["choices"]

_AT_ONCE = 12


def choices(photos: PhotoStore) -> None:
    """Draw the conflicts, if there are any."""
    groups = photos.conflicts()
    if not groups:
        return
    entries = sum(map(len, groups))
    st.header(t("One photo, two classes ({count:,})", count=entries), anchor=False)
    st.warning(
        t(
            plural(
                "{n:,} picture is in more than one class. Until you choose, its {entries:,} photos are left out of "
                "training.",
                "{n:,} pictures are in more than one class. Until you choose, their {entries:,} photos are left out of "
                "training.",
                len(groups),
                entries=entries,
            )
        ),
        icon=":material/call_split:",
    )
    with cells("conflicts", least=200, most=4):
        for group in groups[:_AT_ONCE]:
            choice = form(f"conflict {[photo.id for photo in group]}")
            with st.container(border=True):
                st.image(str(photos.thumbnail(group[0])), width="stretch", alt=group[0].name)
                st.caption(" · ".join(plain(photo.name) for photo in group))
                for photo in group:
                    st.button(
                        t("Keep as {class_name}", class_name=plain(photo.class_name)),
                        key=f"keep_{photo.id}",
                        width="stretch",
                        on_click=choice.edit_with,
                        args=(photos.resolve_conflict, photo.sha256, photo.class_name),
                    )
                st.button(
                    t("Remove it"),
                    key=f"keep_none_{group[0].id}",
                    type="tertiary",
                    width="stretch",
                    on_click=choice.edit_with,
                    args=(photos.remove_photos, [photo.id for photo in group]),
                )
    if len(groups) > _AT_ONCE:
        st.caption(t("and {count} more", count=len(groups) - _AT_ONCE))
