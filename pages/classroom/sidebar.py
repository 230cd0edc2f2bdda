"""What the sidebar says of where everything stays, and in a classroom who one is, and the way out."""

from __future__ import annotations

import streamlit as st

from pages.classroom.present import leave, room, seat
from pages.ui.html import plain
from pages.ui.paths import page_path
from transfer_core.text import plural, t

__all__ = ["classroom_part"]


def classroom_part() -> None:
    """The last lines of the sidebar."""
    opened, here = room(), seat()
    if opened is None or here is None:
        st.caption(t("Everything stays on this computer: photos, training and the trained classifier."))
        return
    st.space("small")
    st.markdown(f"**{plain(opened.name)}**")
    who = t("The teacher") if here.teaches else t("Number {number}", number=here.number)
    st.caption(f"{plain(here.name)} · {who}" if here.name else who)
    if here.teaches:
        st.page_link(page_path("classroom"), label=t("The class"), icon=":material/groups:")
    st.page_link(page_path("board"), label=t("The class's board"), icon=":material/leaderboard:")
    st.button(
        t("Leave the room"),
        key="leave_room",
        icon=":material/logout:",
        type="tertiary",
        on_click=leave,
        help=t("So that somebody else can use this computer. What you made stays; your code lets you in again."),
    )
    if not here.teaches:
        days = opened.limits.keep_days
        st.caption(
            t(plural("Kept for {n} day after your last visit.", "Kept for {n} days after your last visit.", days))
        )
        st.caption(t("Everything stays on your teacher's computer. The others don't see your photos or classifiers."))
