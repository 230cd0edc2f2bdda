"""What the sanity check found: the equality, the curves over each other, each mistake and the line that mends it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components.live_curves import live_curves
from pages.labs.sanity.chart import STYLES, Photos, alternative, legend, sanity_figure
from pages.ui import format as figures
from pages.ui.html import answer, percent, sentence
from transfer_core.labs.sanity.settings import TOLERANCE
from transfer_core.runs.folder import Run
from transfer_core.stats.paired import SIGNIFICANT
from transfer_core.text import Sentence, joined, plural, t

__all__ = ["draw"]

_COMPARED = ("bottleneck", "frozen")
_PHOTOS: dict[Photos, Sentence] = {"new": Sentence("new photos"), "learned": Sentence("photos it learns from")}


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw it, complete or not."""
    if "frozen" in result:
        _equality(result)
    trainings = _trainings(result)
    if not trainings:
        st.caption(t("The first curves come when the features are saved."))
        return
    _curves(run, trainings, result["epochs"])
    for name, found in result["variants"].items():
        with st.container(border=True, key=f"mistake_{name}"):
            _mistake(name, found)
    if "bottleneck" in result:
        with st.expander(t("All figures"), icon=":material/table:"):
            _figures(result)
    if "facts" in result:
        _material(result)


def _equality(result: dict[str, Any]) -> None:
    loss, logit = result["max_loss_difference"], result["max_logit_difference"]
    with st.container(border=True, key="sanity_equality"):
        if loss is None or logit is None:
            st.markdown(t("**Saved features** against **frozen, end to end**: the loss grew beyond all numbers."))
            return
        st.markdown(t("**Saved features** against **frozen, end to end**"))
        if loss == logit == 0:
            answer(t("Equal to the last bit"))
        elif max(loss, logit) <= TOLERANCE:
            answer(t("Equal but for rounding"))
        else:
            answer(t("Not equal"))
        with st.container(horizontal=True):
            st.metric(
                t("Largest difference in loss"),
                _small(loss),
                width="content",
                help=t("Between the mean losses of an epoch, of all epochs, on both kinds of photos."),
            )
            st.metric(
                t("Largest difference in an answer"),
                _small(logit),
                width="content",
                help=t(
                    "Between the logits at the end: the numbers, one a class, that the softmax turns into "
                    "probabilities."
                ),
            )
            seconds = (result["bottleneck"]["seconds"], result["frozen"]["seconds"])
            st.metric(t("Time on saved features"), figures.span(seconds[0]), width="content")
            st.metric(t("Time end to end"), figures.span(seconds[1]), width="content")


def _trainings(result: dict[str, Any]) -> dict[str, Any]:
    """What has curves, by name, in the order in which it was done."""
    found = {name: result[name] for name in _COMPARED if name in result} | result.get("variants", {})
    if running := result.get("running"):
        found = found | {running["name"]: running}
    return {name: training for name, training in found.items() if training["curves"]["loss"]}


def _curves(run: Run, trainings: dict[str, Any], epochs: int) -> None:
    st.header(t("The curves over each other"), anchor=False)
    shown = st.pills(
        t("Show"),
        list(trainings),
        format_func=lambda name: t(STYLES[name].label),
        selection_mode="multi",
        # What is equal would lie on the two that are compared and hide them.
        default=[name for name, found in trainings.items() if name in _COMPARED or not found.get("agrees")],
        key=f"sanity_shown_{run.id}_{len(trainings)}",  # each new training is shown when it comes
    )
    photos: Photos = (
        st.segmented_control(
            t("Measured on"),
            list(_PHOTOS),
            format_func=lambda name: t(_PHOTOS[name]),
            default="new",
            key=f"sanity_photos_{run.id}",
        )
        or "new"
    )
    curves = {name: training["curves"] for name, training in trainings.items() if name in shown}
    if not curves:
        st.caption(t("Choose what to show."))
        return
    st.html(legend(list(curves)))
    figure = sanity_figure(curves, photos, epochs=epochs, key=f"{run.id} {photos}")
    live_curves(figure, key=f"sanity_curves_{run.id}", label=alternative(curves, photos))


def _mistake(name: str, found: dict[str, Any]) -> None:
    difference, low, high = found["max_loss_difference"], *found["interval"]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{sentence(_capital(t(found['title'])))}**", width="content")
        if found["agrees"]:
            st.markdown(
                t(":green-badge[:material/check: equal]")
                if difference == 0
                else t(":green-badge[:material/check: equal but for rounding]")
            )
        elif found["diverged"] or difference is None:
            st.markdown(t(":red-badge[:material/close: the loss was lost]"))
        else:
            st.markdown(t(":orange-badge[:material/close: loss up to {small} apart]", small=_small(difference)))
    st.markdown(sentence(found["done"]))
    st.markdown(sentence(found["cause"]))
    if not found["agrees"]:
        mend = t(found["mend"])
        st.markdown(t("The line that mends it:") if "\n" not in mend else t("The lines that mend it:"))
        st.code(mend, language="python", wrap_lines=True)
    st.caption(
        t(
            "Right on {percent} of the new photos at the end (most likely {low:.0%} to {high:.0%}). {noise}",
            percent=percent(found["val_accuracy"]),
            low=low,
            high=high,
            noise=_noise(found),
        )
    )


def _noise(found: dict[str, Any]) -> str:
    fixed, broken = found["fixed"], found["broken"]
    if not fixed and not broken:
        return t("The same photos are right as with saved features.")
    return t(
        "Against saved features {broken} more wrong and {fixed} more right: more than chance would do (p = {p:.2g})."
        if found["p_value"] < SIGNIFICANT
        else "Against saved features {broken} more wrong and {fixed} more right: which may be chance with so few "
        "photos "
        "(p = {p:.2g}).",
        broken=broken,
        fixed=fixed,
        p=found["p_value"],
    )


def _figures(result: dict[str, Any]) -> None:
    rows = [_row(t(STYLES[name].label), result[name]) for name in _COMPARED if name in result]
    rows += [_row(t(found["title"]), found) for found in result["variants"].values()]
    st.dataframe(rows, hide_index=True, key="sanity_table")


def _row(title: str, found: dict[str, Any]) -> dict[str, Any]:
    return {
        t("Training"): title,
        t("Largest difference in loss"): _small(found["max_loss_difference"]),
        t("Largest difference in an answer"): _small(found["max_logit_difference"]),
        t("Accuracy on new photos"): f"{found['val_accuracy']:.0%}",
        t("Loss at the end"): f"{found['curves']['val_loss'][-1]:.3f}" if found["curves"]["val_loss"] else t("lost"),
        t("Time"): figures.span(found["seconds"]),
    }


def _material(result: dict[str, Any]) -> None:
    facts, photos = result["facts"], result["photos"]
    parts = [
        t(
            "{train} photos to learn from and {validation} to check on, {batch_size} a "
            "step, {epochs} epochs, {optimizer}.",
            train=photos["train"],
            validation=photos["validation"],
            batch_size=result["batch_size"],
            epochs=result["epochs"],
            optimizer=result["optimizer"],
        ),
        t(
            "{title} has {norms} of BatchNormalization and {dropouts} of dropout inside.",
            title=facts["title"],
            norms=_layers(facts["batch_norms"]),
            dropouts=_layers(facts["dropouts"]),
        ),
    ]
    st.caption(sentence(t(joined(parts))))


def _layers(count: int) -> Sentence:
    return plural("{n} layer", "{n} layers", count) if count else Sentence("no layer")


def _small(value: float | None) -> str:
    """A difference, to two digits: `0`, `0.87`, `0.00012`."""
    if value is None:
        return t("lost")
    return "0" if value == 0 else f"{value:.2g}" if value >= 1e-3 else f"{value:.1e}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
