"""How much disk the caches take, how much they may, and a way to empty them."""

from __future__ import annotations

import os

import streamlit as st

from pages.shared import figures
from pages.shared.frame import guard
from transfer_core import cache_limit, projects
from transfer_core.errors import TransferError

__all__ = ["disk_space"]

_LEAST, _MOST = 0.5, 500.0  # gigabytes a person may set; the variable takes any


def disk_space() -> None:
    """A popover with the caches' size, their limit and Empty."""
    with st.popover("Disk space", icon=":material/hard_drive:", type="tertiary", key="disk_space"):
        st.markdown(
            "Thaw keeps what it has computed from your photos, so that the next training starts at once. All of it "
            "can be computed again; your photos and trained classifiers are not part of it."
        )
        with guard():
            used, limit = cache_limit.usage(), cache_limit.limit_bytes()
            share = min(1.0, used / limit) if limit else 1.0
            st.progress(share, text=f"{figures.size(used)} of {figures.size(limit)} used")
            _limit(limit)
            st.button(
                "Empty it now", key="empty_cache", icon=":material/delete_sweep:", disabled=not used, on_click=_empty
            )
        if emptied := st.session_state.pop("cache_emptied", None):
            st.success(emptied, icon=":material/check:")
        if problem := st.session_state.pop("cache_problem", None):
            st.error(problem, icon=":material/error:")
        st.caption(f"Everything Thaw keeps lies in `{projects.home()}`.")


def _limit(limit: int) -> None:
    if "THAW_CACHE_GB" in os.environ:
        st.caption("The limit comes from the environment variable THAW_CACHE_GB.")
        return
    st.session_state["cache_limit"] = min(max(limit / 1e9, _LEAST), _MOST)  # another tab may have changed it
    st.number_input(
        "Keep it below (GB)",
        _LEAST,
        _MOST,
        step=0.5,
        key="cache_limit",
        on_change=_set,
        help="What was not used for longest goes first.",
    )


def _set() -> None:
    try:
        cache_limit.set_limit(st.session_state["cache_limit"])
    except TransferError as error:
        st.session_state["cache_problem"] = str(error)


def _empty() -> None:
    try:
        st.session_state["cache_emptied"] = f"{figures.size(cache_limit.clear())} made free."
    except TransferError as error:
        st.session_state["cache_problem"] = str(error)
