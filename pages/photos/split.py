"""How many photos each class has, and which share is set aside for validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs.launch import split_choices
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
    chosen, aside = split_choices(project, photos), 0
    try:
        manifest = photos.manifest(**chosen)
    except DataError as error:
        st.warning(drawn.sentence(str(error)), icon=":material/rule:")
        apart = {photo.id for group in photos.conflicts() for photo in group}
        usable = [photo for photo in photos.photos() if photo.id not in apart]
        tests = Counter(photo.class_name for photo in usable if photo.split == "test")
        learned = Counter(photo.class_name for photo in usable if photo.split != "test")
        parts = {name: [learned[name], 0, tests[name]] for name in counts}
        reason = str(error)
        if apart:
            said = t("Photos that are in more than one class do not count until you choose their class further down.")
            st.caption(f":material/call_split: {said}")
            reason = f"{reason} {said}"
    else:
        split, aside = manifest.counts(), len(manifest.set_aside)
        parts = {name: [split[part][name] for part in ("train", "validation", "test")] for name in counts}
        reason = None
    totals = [sum(part[at] for part in parts.values()) for at in range(3)]
    labels = [
        t("training {photos:,}", photos=totals[0]),
        t("validation {photos:,}", photos=totals[1]),
        *([t("test {photos:,}", photos=totals[2])] if totals[2] else []),
    ]
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
        drawn.split_bars({name: part[: len(labels)] for name, part in parts.items()}, labels)
        if aside:
            st.caption(
                t(
                    ":material/call_split: {n:,} of them are left out, because they are in more than one class. Choose "
                    "their class further down.",
                    n=aside,
                )
            )
        if reason is None:
            _together(photos, chosen)
            untested = [name for name, part in parts.items() if totals[2] and not part[2]]
            if untested:
                st.caption(
                    t(
                        "No photo of {names} is kept for the test: too few can go without parting what belongs "
                        "together. Add some from another place or another day.",
                        names=all_of([drawn.plain(name) for name in untested]),
                    )
                )
        few = [name for name, count in counts.items() if 1 < count < GOOD_START]
        if few:
            st.caption(
                t(
                    "Few photos of {names}: {enough} or more of each class work much better.",
                    names=drawn.plain(t(", ").join(few)),
                    enough=GOOD_START,
                )
            )
    with right:
        _controls(project, photos, chosen)
    return reason


def _together(photos: PhotoStore, chosen: Mapping[str, Any]) -> None:
    """What was kept on one side, how many photos that moved, and where it could not be done."""
    found = photos.moved(**chosen)
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
    if not photos:
        return Sentence("none had to change sides")
    return plural("{n:,} photo changed sides for it", "{n:,} photos changed sides for it", photos)


def _controls(project: Project, photos: PhotoStore, chosen: Mapping[str, Any]) -> None:
    st.markdown(t("**Set some aside**"), help=t(joined([explain("validation"), Sentence("The rest is for training.")])))
    st.caption(
        t(
            "Validation photos are never learned from; they choose the best moment of the training. Test photos are "
            "for the end: no choice is made by them, so they show best how good it is."
        )
    )

    splits = photos.splits()
    if splits is not None:
        _given(photos, splits)
        if splits["validation"]:
            return

    # The usual share may change with the photos: another key, so that the slider shows it.
    test = f"split_test_{photos.usual_test_fraction():.0%}"

    def keep() -> None:
        split = {
            "validation_fraction": st.session_state["split_share"] / 100,
            "seed": int(st.session_state["split_seed"]),
        }
        # What was not touched goes on following the number of photos.
        if (share := st.session_state.get(test)) is not None and share != round(chosen["test_fraction"] * 100):
            split["test_fraction"] = share / 100
        project.choose(split={**project.choices.get("split", {}), **split})

    st.slider(
        t("Share for validation, of the rest") if chosen["test_fraction"] else t("Share for validation"),
        min_value=5,
        max_value=50,
        value=round(chosen["validation_fraction"] * 100),
        step=5,
        format="%d%%",
        key="split_share",
        on_change=keep,
    )
    if splits is None:
        st.slider(
            t("Share for a test"),
            min_value=0,
            max_value=40,
            value=round(chosen["test_fraction"] * 100),
            step=5,
            format="%d%%",
            key=test,
            on_change=keep,
            help=t(
                "With many photos, some are kept unless you choose otherwise. Few photos all help to learn; then "
                "*Evaluate* can answer every one of them by a classifier that has not seen it."
            ),
        )
    st.number_input(
        t("Shuffle number"),
        min_value=0,
        max_value=99_999,
        value=chosen["seed"],
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
