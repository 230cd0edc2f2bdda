"""How many photos each class has, and which share is set aside for validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from pages.photos.edits import edit
from pages.ui import html as drawn
from pages.ui.format import class_count, photo_count
from pages.ui.glossary import explain
from transfer_core.disk.workspace import Project
from transfer_core.errors import DataError
from transfer_core.runs.hints import GOOD_START
from transfer_core.text import Sentence, all_of, joined, plural, t

if TYPE_CHECKING:
    from transfer_core.photos.store import PhotoStore

__all__ = ["overview"]

_NAMED = 4  # photos of a group


def overview(project: Project, photos: PhotoStore, counts: Mapping[str, int]) -> str | None:
    """Draw counts and split; give the reason why training can't start from these photos, or None."""
    share, seed = _choices(project)
    try:
        split = photos.manifest(share, seed).counts()
    except DataError as error:
        st.warning(drawn.sentence(str(error)), icon=":material/rule:")
        apart = {photo.id for group in photos.conflicts() for photo in group}
        usable = [photo for photo in photos.photos() if photo.id not in apart]
        tests = dict(Counter(photo.class_name for photo in usable if photo.split == "test"))
        learned = Counter(photo.class_name for photo in usable if photo.split != "test")
        pairs = {name: (learned[name], 0) for name in counts}
        reason = str(error)
        if apart:
            said = t("Photos that are in more than one class do not count until you choose, further down, which keeps "
                     "them.")  # fmt: skip
            st.caption(f":material/call_split: {said}")
            reason = f"{reason} {said}"
    else:
        pairs = {name: (split["train"][name], split["validation"][name]) for name in counts}
        tests = {name: split["test"][name] for name in counts if split["test"][name]}
        reason = None
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header(
            t(
                "{photos}, {classes}",
                photos=photo_count(sum(counts.values())),
                classes=class_count(len(counts)),
            ),
            anchor=False,
        )
        totals = [sum(pair[part] for pair in pairs.values()) for part in (0, 1)]
        drawn.split_bars(
            pairs,
            (
                t("training {photos:,}", photos=totals[0]),
                t("validation {photos:,}", photos=totals[1]),
            ),
        )
        if tests:
            st.caption(
                t(
                    "Not in the bars: {photos} for a test at the end ({each}).",
                    photos=photo_count(sum(tests.values())),
                    each=[f"{drawn.plain(name)} {count:,}" for name, count in tests.items()],
                )
            )
        if reason is None:
            _together(photos, share, seed)
        few = [name for name, count in counts.items() if 1 < count < GOOD_START]
        if few:
            st.caption(
                t(
                    "Few photos of {names}: {enough} or more of each class work much better.",
                    names=drawn.plain(", ".join(few)),
                    enough=GOOD_START,
                )
            )
    with right:
        _controls(project, photos, share, seed)
    return reason


def _together(photos: PhotoStore, share: float, seed: int) -> None:
    """What was kept on one side, how many photos that moved, and where it could not be done."""
    found = photos.moved(share, seed)
    kept = []
    if found.groups["near"]:
        kept.append(
            plural(
                "{n:,} group of nearly the same photos ({moved})",
                "{n:,} groups of nearly the same photos ({moved})",
                found.groups["near"],
                moved=_moved(found.near),
            )
        )
    if found.groups["burst"]:
        kept.append(
            plural(
                "{n:,} series taken in one go ({moved})",
                "{n:,} series, each taken in one go ({moved})",
                found.groups["burst"],
                moved=_moved(found.burst),
            )
        )
    if kept:
        st.caption(
            t(
                "Photos that belong together stay on one side: {kept}. Otherwise validation would be too easy.",
                kept=all_of(kept),
            )
        )
    if found.cut:
        st.warning(
            t(
                plural(
                    "Nearly all photos of {names} belong to one series, so some of it is on either side, and the "
                    "figures will look better than they are. Add photos from another place or another day.",
                    "Nearly all photos of each of {names} belong to one series, so some of it is on either side, and "
                    "the figures will look better than they are. Add photos from another place or another day.",
                    len(found.cut),
                    names=all_of([drawn.plain(name) for name in found.cut]),
                )
            ),
            icon=":material/burst_mode:",
        )
    if found.crossing:
        st.warning(
            t(
                plural(
                    "{n:,} group of photos that belong together is in several splits, because the folders say so: "
                    "{names}. The figures will look better than they are.",
                    "{n:,} groups of photos that belong together are in several splits, because the folders say so, "
                    "such as {names}. The figures will look better than they are.",
                    len(found.crossing),
                    names=all_of([drawn.plain(name) for name in found.crossing[0][:_NAMED]]),
                )
            ),
            icon=":material/burst_mode:",
        )


def _moved(photos: int) -> Sentence:
    return plural("{n:,} photo changed sides for it", "{n:,} photos changed sides for it", photos)


def _choices(project: Project) -> tuple[float, int]:
    kept = project.choices.get("split", {})
    return kept.get("validation_fraction", 0.2), kept.get("seed", 0)


def _controls(project: Project, photos: PhotoStore, share: float, seed: int) -> None:
    st.markdown(t("**Set some aside**"), help=f"{explain('validation')} {t('The rest is for training.')}")
    st.caption(t("Validation photos are never learned from. They show how well it does on photos it has not seen."))

    splits = photos.splits()
    if splits is not None:
        _given(photos, splits)
        if splits["validation"]:
            return

    def keep() -> None:
        project.choose(
            split={
                "validation_fraction": st.session_state["split_share"] / 100,
                "seed": int(st.session_state["split_seed"]),
            }
        )

    st.slider(
        t("Share for validation"),
        min_value=5,
        max_value=50,
        value=round(share * 100),
        step=5,
        format="%d%%",
        key="split_share",
        on_change=keep,
    )
    st.number_input(
        t("Shuffle number"),
        min_value=0,
        max_value=99_999,
        value=seed,
        key="split_seed",
        on_change=keep,
        help=explain("seed"),
    )


def _given(photos: PhotoStore, splits: Mapping[str, int]) -> None:
    """What the folders said, and the way to split all photos anew."""
    words = [Sentence("Your folders say which photos are for what, and Thaw keeps to it.")]
    if splits["test"]:
        words.append(
            plural(
                "{n:,} test photo is kept for the end: it shows how good the finished classifier is.",
                "{n:,} test photos are kept for the end: they show how good the finished classifier is.",
                splits["test"],
            )
        )
    st.info(t(joined(words)), icon=":material/folder_special:")
    st.button(
        t("Split all photos anew"),
        key="forget_splits",
        type="tertiary",
        icon=":material/shuffle:",
        help=t("As if the folders said nothing. You can undo this."),
        on_click=edit,
        args=(photos.forget_splits,),
    )
