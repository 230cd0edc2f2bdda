"""Why accuracy can rise while the loss does not fall, shown on two epochs of the recipe's own trainings."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components.live_curves import live_curves
from pages.labs.recipe.chart import losses_figure
from pages.ui.format import plural
from pages.ui.html import cells, plain, sentence, thumb
from transfer_core.labs.recipe.settings import VARIANTS
from transfer_core.runs.folder import Run

__all__ = ["rising", "rising_words"]


def rising(run: Run, result: dict[str, Any]) -> None:
    """The two epochs, the losses of all photos at both, and the photos that weigh most; or that there were none."""
    st.subheader("Why accuracy can rise while the loss does not fall", anchor=False)
    st.markdown(
        "Accuracy counts photos: each is right or wrong. The loss also asks how *sure* the network was: a photo's loss "
        "is small when the true class got a high probability, and has no upper end when it got almost none. So a few "
        "photos that are answered very wrongly and very surely can outweigh all the others."
    )
    case = result.get("rising")
    if case is None:
        looked = sum(len(found["epochs"]) for found in result["variants"].values())
        st.info(
            f"It did not happen in this experiment: among its {plural(looked, 'epoch')} there are no two of one "
            "training at which the loss rose while accuracy did not fall. More epochs of the head often show it.",
            icon=":material/info:",
        )
        return
    st.markdown(sentence(rising_words(case)))
    live_curves(losses_figure(case, run.id), key="recipe_losses", label=rising_words(case))
    st.caption("Bars: how many photos have about this loss (logarithmic). Dashed lines: the mean, which is the loss.")
    with cells("recipe_rising", least=180, most=4):
        for number, photo in enumerate(case["photos"]):
            with st.container(key=f"recipe_rising_{number}"):
                thumb(photo)
                st.markdown(f"**{plain(photo['photo'])}**")
                st.caption(_photo_words(photo))
    if (more := case["needed"] - len(case["photos"])) > 0:
        st.caption(f"And {plural(more, 'more photo')}.")


def _photo_words(photo: dict[str, Any]) -> str:
    changed = " (right, but less surely)" if photo["answer"] == photo["truth"] else ""
    return (
        f"Loss {photo['before']:.2f} → {photo['after']:.2f}. It shows {plain(photo['truth'])}; the answer was "
        f"{plain(photo['answer'])}, {photo['certainty']:.0%} sure{changed}."
    )


def rising_words(case: dict[str, Any]) -> str:
    """What happened between the two epochs, and on how few photos it rests."""
    before, after, photos = case["earlier"], case["later"], len(case["before"])
    changed = "rose" if case["accuracy_gain"] > 0 else "stayed as it was"
    words = (
        f'In "{VARIANTS[case["variant"]].title}", from epoch {before["epoch"]} to epoch {after["epoch"]}, accuracy '
        f"{changed} ({before['val_accuracy']:.1%} to {after['val_accuracy']:.1%}) while the loss went up from "
        f"{before['val_loss']:.3f} to {after['val_loss']:.3f}. "
    )
    needed = case["needed"]
    if needed > photos / 4:
        return words + (
            f"Here it was not just a few: {needed} of {photos} photos must be left out before the loss of the others "
            "no longer rises. Many answers became a little less sure without changing."
        )
    rest = case["rest"]
    without = "this photo" if needed == 1 else f"these {needed} photos"
    return words + (
        f"Without {without} (of {photos}) it would not have: the mean loss of the others went from {rest[0]:.3f} to "
        f"{rest[1]:.3f}."
    )
