"""Why accuracy can rise while the loss does not fall, shown on two epochs of the recipe's own trainings."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components.live_curves import live_curves
from pages.labs.recipe.chart import losses_figure
from pages.ui.html import cells, plain, sentence, thumb
from transfer_core.labs.recipe.settings import VARIANTS
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, joined, plural, t

__all__ = ["rising", "rising_words"]


def rising(run: Run, result: dict[str, Any]) -> None:
    """The two epochs, the losses of all photos at both, and the photos that weigh most; or that there were none."""
    st.header(t("Why accuracy can rise while the loss does not fall"), anchor=False)
    st.markdown(
        t(
            "Accuracy counts photos: each is right or wrong. The loss also asks how *sure* the network was: a "
            "photo's loss "
            "is small when the true class got a high probability, and has no upper end when it got almost none. So a "
            "few "
            "photos that are answered very wrongly and very surely can outweigh all the others."
        )
    )
    case = result.get("rising")
    if case is None:
        looked = sum(len(found["epochs"]) for found in result["variants"].values())
        st.info(
            t(
                "It did not happen in this experiment: among its {epochs} there are no two of one "
                "training at which the loss rose while accuracy did not fall. More epochs of the head often show it.",
                epochs=plural("{n:,} epoch", "{n:,} epochs", looked),
            ),
            icon=":material/info:",
        )
        return
    st.markdown(sentence(rising_words(case)))
    live_curves(losses_figure(case, run.id), key="recipe_losses", label=rising_words(case))
    st.caption(
        t("Bars: how many photos have about this loss (logarithmic). Dashed lines: the mean, which is the loss.")
    )
    with cells("recipe_rising", least=180, most=4):
        for number, photo in enumerate(case["photos"]):
            with st.container(key=f"recipe_rising_{number}"):
                thumb(photo)
                st.markdown(f"**{plain(photo['photo'])}**")
                st.caption(_photo_words(photo))
    if (more := case["needed"] - len(case["photos"])) > 0:
        st.caption(t("And {more_photos}.", more_photos=plural("{n:,} more photo", "{n:,} more photos", more)))


def _photo_words(photo: dict[str, Any]) -> str:
    return t(
        "Loss {before:.2f} → {after:.2f}. It shows {truth}; the answer was {answer}, {certainty:.0%} sure (right, "
        "but less "
        "surely)."
        if photo["answer"] == photo["truth"]
        else "Loss {before:.2f} → {after:.2f}. It shows {truth}; the answer was {answer}, {certainty:.0%} sure.",
        before=photo["before"],
        after=photo["after"],
        truth=plain(photo["truth"]),
        answer=plain(photo["answer"]),
        certainty=photo["certainty"],
    )


def rising_words(case: dict[str, Any]) -> str:
    """What happened between the two epochs, and on how few photos it rests."""
    before, after, photos = case["earlier"], case["later"], len(case["before"])
    values = {
        "title": t(VARIANTS[case["variant"]].title),
        "first": before["epoch"],
        "second": after["epoch"],
        "low": before["val_accuracy"],
        "high": after["val_accuracy"],
        "loss": before["val_loss"],
        "worse": after["val_loss"],
    }
    seen = Sentence(
        'In "{title}", from epoch {first} to epoch {second}, accuracy rose ({low:.1%} to {high:.1%}) while the loss '
        "went "
        "up from {loss:.3f} to {worse:.3f}."
        if case["accuracy_gain"] > 0
        else 'In "{title}", from epoch {first} to epoch {second}, accuracy stayed as it was ({low:.1%} to '
        "{high:.1%}) while "
        "the loss went up from {loss:.3f} to {worse:.3f}.",
        **values,
    )
    needed = case["needed"]
    if needed > photos / 4:
        why = Sentence(
            "Here it was not just a few: {needed} of {photos} photos must be left out before the loss of the others "
            "no longer rises. Many answers became a little less sure without changing.",
            needed=needed,
            photos=photos,
        )
    else:
        why = plural(
            "Without this photo (of {photos}) it would not have: the mean loss of the others went from {before:.3f} to "
            "{after:.3f}.",
            "Without these {n} photos (of {photos}) it would not have: the mean loss of the others went from "
            "{before:.3f} "
            "to {after:.3f}.",
            needed,
            photos=photos,
            before=case["rest"][0],
            after=case["rest"][1],
        )
    return t(joined([seen, why]))
