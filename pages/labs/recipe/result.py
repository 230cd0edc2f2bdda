"""What the recipe lab found: variants side by side, their curves, the spike, the photos behind a rising loss."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components.live_curves import live_curves
from pages.labs.recipe.chart import drift_figure, variants_figure
from pages.labs.recipe.loss_vs_accuracy import rising
from pages.ui import format as figures
from pages.ui.format import class_count, photo_count
from pages.ui.html import cells, sentence
from transfer_core.labs.recipe.settings import BOOK, FINE_TUNED, VARIANTS
from transfer_core.runs.folder import Run
from transfer_core.text import t

__all__ = ["draw", "drift_words"]

_HEADS = ("feature_extraction", "augmented")


def draw(run: Run, result: dict[str, Any]) -> None:
    """Everything that is known so far."""
    variants = result.get("variants", {})
    if not variants:
        return
    photos = result["photos"]
    st.caption(
        t(
            "{learned} to learn from, {checked} to check on, {classes}. Unfrozen in step 4: {unfrozen}.",
            learned=photo_count(photos["train"]),
            checked=photo_count(photos["validation"]),
            classes=class_count(photos["classes"]),
            unfrozen=result["unfrozen"],
        )
    )
    _cards(variants)
    if result.get("reused"):
        st.caption(
            t(
                ":material/info: Some features lay ready from an earlier training, so computing them took no time "
                "here. "
                "The times would be longer on new photos."
            )
        )
    for words in result["findings"]:
        st.markdown(f"- {sentence(words)}")
    _spike(run, {name: found for name, found in variants.items() if name in FINE_TUNED})
    _curves(run, variants)
    rising(run, result)


def _cards(variants: dict[str, Any]) -> None:
    with cells("recipe_cards", least=220, most=4):
        for name, found in variants.items():
            with st.container(border=True, key=f"recipe_{name}"):
                st.markdown(f"**{t(VARIANTS[name].title)}**")
                low, high = found["interval"]
                st.metric(t("Accuracy on new photos"), f"{found['val_accuracy']:.0%}")
                st.caption(t("Between {low:.0f} and {high:.0%}, with 95% confidence", low=low * 100, high=high))
                st.markdown(
                    t(
                        "{span} · base moved {drift_words}" if found["base_drift"] else "{span} · base unchanged",
                        span=figures.span(found["seconds"]),
                        drift_words=drift_words(found["base_drift"]),
                    )
                )
                st.caption(t(VARIANTS[name].steps))
                if found["diverged"]:
                    st.caption(t(":material/warning: The loss was no longer a number, so it ended early."))
                if name in BOOK:
                    st.caption(t(":material/menu_book: {book:.1%} in Chollet's book", book=BOOK[name]))
    if any(name in BOOK for name in variants):
        st.caption(
            t(
                "The book's figures are Chollet's own, on 2,000 photos of cats and dogs with the base VGG16: other "
                "photos, "
                "another base, another time. They show the order of things, not a mark to reach."
            )
        )


def drift_words(drift: float) -> str:
    """`not at all`, `0.093%`, `5.9%`."""
    return t("not at all") if drift == 0 else f"{float(f'{drift * 100:.2g}'):g}%"


def _spike(run: Run, tuned: dict[str, Any]) -> None:
    if not tuned:
        return
    st.header(t("What happens when the base is unfrozen"), anchor=False)
    st.markdown(
        t(
            "Epoch 0 is the moment of unfreezing. After step 3 the loss begins low; without it, where a head that "
            "guesses "
            "begins. A jump up right afterwards is the base being spoiled. The second chart shows how far the base "
            "moved."
        )
    )
    with cells("recipe_spike", least=340, most=2):
        live_curves(variants_figure(tuned, "val_loss", run.id), key="recipe_loss", label=_label(tuned, "val_loss"))
        live_curves(drift_figure(tuned, run.id), key="recipe_drift", label=_label(tuned, "drift"))
    gradients = {name: found["first_gradient"] for name, found in tuned.items() if found.get("first_gradient")}
    if gradients:
        lengths = [
            t("{what}: {said}", what=VARIANTS[name].title, said=f"{value:.2g}") for name, value in gradients.items()
        ]
        st.caption(t("Length of the first gradient that reached the base: {lengths}.", lengths=lengths))


def _curves(run: Run, variants: dict[str, Any]) -> None:
    st.header(t("All variants over each other"), anchor=False)
    st.caption(
        t(
            "Fine-tuning after step 3 goes on from the last epoch of the head with augmentation, so its curves begin "
            "there."
        )
    )
    with cells("recipe_curves", least=340, most=2):
        for metric in ("val_accuracy", "val_loss"):
            figure = variants_figure(variants, metric, run.id)
            live_curves(figure, key=f"recipe_all_{metric}", label=_label(variants, metric))


def _label(variants: dict[str, Any], metric: str) -> str:
    """What a chart shows, for people who don't see it."""
    names = {
        "val_loss": t("Loss on new photos"),
        "val_accuracy": t("Accuracy on new photos"),
        "drift": t("How far it moved"),
    }
    ends = []
    for name, found in variants.items():
        last = {**found["start"], **(found["epochs"][-1] if found["epochs"] else {})}.get(metric, 0.0)
        ends.append(f"{VARIANTS[name].title} {last:.3g}")
    return t("{names} over the epochs, at the end: {ends}.", names=names[metric], ends=ends)
