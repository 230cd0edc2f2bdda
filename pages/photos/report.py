"""What came of an import: counts, refused files with their reasons, and copies that were left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import tasks
from pages.ui.format import class_count, photo_count
from pages.ui.html import plain
from transfer_core.photos.understood import understood
from transfer_core.text import Sentence, joined, plural, t

if TYPE_CHECKING:
    from transfer_core.photos.store import ImportReport, Refusal

__all__ = ["report"]

_LISTED = 200  # rows at most in one list
_NAMED = 3  # files named at most in one row


def report(task: tasks.Task, last_edit: Sentence | None) -> None:
    """What the last import brought, until it is dismissed; of one after which the photos were changed, only what could
    not be used.

    Args:
        task: that imported them.
        last_edit: what was done last to the photos of the project.
    """
    came: ImportReport = task.result
    if task.seen is None:
        task.seen = str(last_edit)
    if task.seen != str(last_edit):
        if came.refused or came.duplicates:
            with st.container(horizontal=True, vertical_alignment="center", key="import_report"):
                st.caption(t("From the last import:"))
                st.button(t("OK"), key="dismiss_report", on_click=tasks.dismiss, args=(task.key,))
            _refused(came.refused)
            _twins(came)
        return
    clean = not (came.refused or came.duplicates or came.conflicts or came.empty or came.alike) and came.sure_names
    with st.container(horizontal=True, vertical_alignment="center", key="import_report"):
        with st.container():
            if clean:
                st.success(_sentence(came), icon=":material/check_circle:")
            else:
                st.warning(_sentence(came), icon=":material/rule:")
        st.button(t("OK"), key="dismiss_report", on_click=tasks.dismiss, args=(task.key,))
    for sentence in understood(replace(came, alike=[])):  # of those the page itself asks, as long as there are any
        st.caption(plain(sentence))
    _refused(came.refused)
    _twins(came)
    if came.empty:
        st.caption(
            t(
                plural(
                    "The folder {names} holds no photo, so it became no class.",
                    "The folders {names} hold no photo, so they became no classes.",
                    len(came.empty),
                    names=plain(t(", ").join(came.empty)),
                )
            )
        )


def _sentence(came: ImportReport) -> str:
    """Count what became of every file; together they are the files found."""
    parts = [Sentence("No new photos.")]
    if came.added:
        photos, classes = photo_count(sum(came.added.values())), class_count(len(came.added))
        parts = [Sentence("{photos} of {classes} added.", photos=photos, classes=classes)]
    if came.already_here:
        parts.append(plural("{n:,} file was here before.", "{n:,} files were here before.", came.already_here))
    if came.copies:
        parts.append(plural("{n:,} copy was left out.", "{n:,} copies were left out.", came.copies))
    if came.refused:
        parts.append(
            Sentence("{files} could not be used.", files=plural("{n:,} file", "{n:,} files", len(came.refused)))
        )
    if came.conflicts:
        parts.append(
            Sentence(
                "{photos} came under two classes: see below.",
                photos=photo_count(len(came.conflicts)),
            )
        )
    return t(joined(parts))


def _refused(refused: Sequence[Refusal]) -> None:
    """The refused files: those with one reason in one row."""
    if not refused:
        return
    reasons: dict[str, list[str]] = {}
    for item in refused:
        reasons.setdefault(t(item.reason), []).append(item.name)
    with st.expander(t(plural("{n:,} refused file", "{n:,} refused files", len(refused)))):
        rows = [(names, why) for why, names in reasons.items()][:_LISTED]
        st.table({t("File"): [plain(_names(names)) for names, _ in rows], t("Why"): [plain(why) for _, why in rows]})
        if len(reasons) > _LISTED:
            st.caption(t("and {count:,} more", count=len(reasons) - _LISTED))
        if any(len(names) > _NAMED for names, _ in rows):
            st.download_button(
                t("All names, as a table"),
                _table(refused),
                file_name="refused.csv",
                mime="text/csv",
                key="refused_names",
                icon=":material/download:",
                on_click="ignore",
            )


def _names(names: Sequence[str]) -> str:
    shown = t(", ").join(names[:_NAMED])
    return shown if len(names) <= _NAMED else t("{shown} and {count:,} more", shown=shown, count=len(names) - _NAMED)


def _table(refused: Sequence[Refusal]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([(t("File"), t("Why")), *((item.name, t(item.reason)) for item in refused)])
    return text.getvalue().encode("utf-8-sig")  # with the mark by which Excel knows UTF-8


def _twins(came: ImportReport) -> None:
    """The files with one picture: under which name the project keeps it, and which were left out."""
    if not came.duplicates:
        return
    photos = photo_count(len(came.duplicates))
    with st.expander(t("{photos} that came more than once, counted once", photos=photos)):
        rows = list(zip(came.kept, came.duplicates, strict=True))[:_LISTED]
        left_out = [[name for name in names if name != kept] for kept, names in rows]
        st.table(
            {
                t("Kept"): [plain(kept) for kept, _ in rows],
                t("Left out"): [plain(_names(names)) for names in left_out],
            }
        )
        if len(came.duplicates) > _LISTED:
            st.caption(t("and {count:,} more", count=len(came.duplicates) - _LISTED))
