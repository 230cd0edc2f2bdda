"""What a base already knows of a project's classes, drawn: one card a class with ImageNet's names for its photos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.ui import html as drawn
from pages.ui.format import percent_range, photo_count
from pages.ui.html import cells, plain, thumb
from transfer_core.labs.knowledge.settings import LEAST_PHOTOS
from transfer_core.runs.folder import Run
from transfer_core.text import t

__all__ = ["draw"]

_ALIKE = 6  # names shown that are like a class's


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw a card for each class."""
    with cells("knowledge_classes", least=320, most=2):
        for number, (name, found) in enumerate(result.get("classes", {}).items()):
            with st.container(border=True, key=f"knowledge_class_{number}"):
                _card(name, found, number)


def _card(name: str, found: Mapping[str, Any], number: int) -> None:
    st.markdown(f"**{plain(name)}** {_badge(found)}")
    if not found["photos"]:
        st.caption(t("None of its photos could be read."))
        return
    share = percent_range(found["share"], found["interval"])
    st.markdown(
        t(
            "By the base's ImageNet names alone, right or wrong, **{share}** of {photos} are told from those of the "
            "other classes. It is {certainty:.0%} sure, typically, that one of its five likeliest names is right.",
            share=share,
            photos=photo_count(found["photos"]),
            certainty=found["certainty"],
        )
    )
    st.caption(t("What the base calls these photos most often"))
    drawn.probability_bars(dict(found["imagenet"]))
    rest = 1 - sum(share for _, share in found["imagenet"])
    if rest > 0.001:
        st.caption(t("The other {rest:.0%} get other names.", rest=rest))
    if found["by_name"]:
        more = len(found["by_name"]) - _ALIKE
        names = [plain(name) for name in found["by_name"][:_ALIKE]]
        st.caption(
            t("Names in ImageNet with the same last word: {names} and {more} more.", names=names, more=more)
            if more > 0
            else t("Names in ImageNet with the same last word: {names}.", names=names)
        )
    with (
        st.expander(t("Some of its photos, with what the base says"), key=f"knowledge_photos_{number}"),
        cells(f"knowledge_grid_{number}", least=120),
    ):
        for photo in found["examples"]:
            with st.container(gap="xxsmall"):
                thumb(photo)
                said = (f":small[{plain(answer)} {share:.0%}]" for answer, share in photo["answers"])
                st.markdown("  \n".join(said))


def _badge(found: Mapping[str, Any]) -> str:
    if found["photos"] < LEAST_PHOTOS:
        return t(":gray-badge[too few photos to tell]")
    if found["known"]:
        return t(":orange-badge[:material/psychology: known from ImageNet]")
    if found.get("unsure"):
        return t(":gray-badge[perhaps known; too few photos to be sure]")
    return t(":blue-badge[told apart, but hesitantly]") if found["told"] else t(":green-badge[not known from ImageNet]")
