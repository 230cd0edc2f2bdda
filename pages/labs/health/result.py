"""What a check of the photos found, drawn: shortcuts first, then each kind of finding with its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.labs.health import mend
from pages.photos import conflicts
from pages.photos.edits import show_refusal
from pages.ui import html as drawn
from pages.ui.frame import project
from pages.ui.html import plain
from pages.ui.services import store
from transfer_core.errors import PhotoError
from transfer_core.labs.health.verdict import FACT_NAMES, TITLES
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, all_of, joined, t

if TYPE_CHECKING:
    from transfer_core.photos.store import PhotoStore

__all__ = ["draw"]

_STRIP = 8  # photos


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw a result."""
    if "findings" not in result:
        return
    opened = project()
    if opened is None:
        return
    photos = store(opened)
    show_refusal()
    desk = mend.Desk.of(opened, photos, run, result)
    mend.settled(desk)
    for classes, shortcuts in _by_classes(result["shortcuts"]).items():
        _shortcuts(photos, [desk.called.get(name) or name for name in classes], shortcuts)
    conflicts.choices(photos)
    for finding in result["findings"]:
        if finding["groups"]:
            mend.section(desk, finding)
        elif "classes" in finding:
            st.header(t(TITLES[finding["kind"]]), anchor=False)
            st.markdown(t(_classes(finding, result["classes"])))
            st.caption(t(finding["advice"]))
    if result["facts"]:
        _facts(result)


def _classes(finding: Mapping[str, Any], counts: Mapping[str, int]) -> Sentence:
    names = [plain(name) for name in finding["classes"]]
    if finding["kind"] == "few_photos":
        named = [
            Sentence("{name} ({count:,})", name=name, count=counts[one])
            for name, one in zip(names, finding["classes"], strict=True)
        ]
        return Sentence(
            "**{names}**, where the largest class has {most:,}.", names=all_of(named), most=max(counts.values())
        )
    return Sentence(
        "**{names}**: {share:.0%} of their photos are taken for the other class.",
        names=all_of(names),
        share=finding["share"],
    )


def _by_classes(shortcuts: Sequence[Mapping[str, Any]]) -> dict[tuple[str, ...], list[Mapping[str, Any]]]:
    """Facts that give away the same classes stand together: a frame changes the average color, too."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for shortcut in shortcuts:
        found.setdefault(tuple(shortcut["classes"]), []).append(shortcut)
    return found


def _shortcuts(photos: PhotoStore, classes: Sequence[str], shortcuts: Sequence[Mapping[str, Any]]) -> None:
    """What gives classes away, and photos to see it by."""
    first, *more = shortcuts
    fact = FACT_NAMES[first["fact"]]
    st.header(t("A shortcut: the {fact}", fact=fact), anchor=False)
    words = [
        Sentence(
            "The {fact} alone, and nothing of what the photos show, is right for {accuracy:.0%} of them. It gives away "
            "**{classes}**. Add photos in which it is otherwise, or a classifier will go by it.",
            fact=fact,
            accuracy=first["accuracy"],
            classes=all_of([plain(name) for name in classes]),
        )
    ]
    if more:
        facts = [FACT_NAMES[one["fact"]] for one in more]
        words.append(Sentence("The same can be told from: {facts}.", facts=facts))
    st.warning(t(joined(words)), icon=":material/alt_route:")
    counts = photos.classes()
    told = [name for name in classes if counts.get(name)][:2]
    others = [name for name in counts if name not in classes]
    for name in told:
        st.caption(plain(name))
        _strip(photos, [name], name)
    if others:
        st.caption(t("The others"))
        _strip(photos, others, t("The others"))


def _strip(photos: PhotoStore, names: list[str], alt: str) -> None:
    shown = []
    found = [photos.photos(name) for name in names]
    for at in range(_STRIP):
        some = [one for one in found if one]
        if not some:
            break
        group = some[at % len(some)]
        try:
            shown.append(photos.thumbnail(group[at * len(group) // _STRIP]).read_bytes())
        except (PhotoError, OSError):
            continue  # gone; the others show it as well
    drawn.strip(shown, alt)


def _facts(result: Mapping[str, Any]) -> None:
    st.header(t("How far plain facts tell the classes apart"), anchor=False)
    st.caption(
        t(
            "Without looking at what the photos show. Always naming the largest class is right for {chance:.0%}; what "
            "is far above it deserves a thought.",
            chance=result["chance"],
        )
    )
    ordered = sorted(result["facts"].items(), key=lambda item: -item[1])
    drawn.facts({t(FACT_NAMES[fact]): f"{accuracy:.0%}" for fact, accuracy in ordered})
