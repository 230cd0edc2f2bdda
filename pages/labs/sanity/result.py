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

__all__ = ["draw"]

_COMPARED = ("bottleneck", "frozen")
_PHOTOS: dict[Photos, str] = {"new": "new photos", "learned": "photos it learns from"}


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw it, complete or not."""
    if "frozen" in result:
        _equality(result)
    trainings = _trainings(result)
    if not trainings:
        st.caption("The first curves come when the features are saved.")
        return
    _curves(run, trainings)
    for name, found in result["variants"].items():
        with st.container(border=True, key=f"mistake_{name}"):
            _mistake(name, found)
    if "bottleneck" in result:
        with st.expander("All figures", icon=":material/table:"):
            _figures(result)
    if "facts" in result:
        _material(result)


def _equality(result: dict[str, Any]) -> None:
    loss, logit = result["max_loss_difference"], result["max_logit_difference"]
    with st.container(border=True, key="sanity_equality"):
        if loss is None or logit is None:
            st.markdown("**Saved features** against **frozen, end to end**: the loss grew beyond all numbers.")
            return
        st.markdown("**Saved features** against **frozen, end to end**")
        if loss == logit == 0:
            answer("Equal to the last bit")
        elif max(loss, logit) <= TOLERANCE:
            answer("Equal but for rounding")
        else:
            answer("Not equal")
        with st.container(horizontal=True):
            st.metric(
                "Largest difference in loss",
                _small(loss),
                width="content",
                help="Between the mean losses of an epoch, of all epochs, on both kinds of photos.",
            )
            st.metric(
                "Largest difference in an answer",
                _small(logit),
                width="content",
                help="Between the logits at the end: the numbers, one a class, that the softmax turns into "
                "probabilities.",
            )
            seconds = (result["bottleneck"]["seconds"], result["frozen"]["seconds"])
            st.metric("Time on saved features", figures.span(seconds[0]), width="content")
            st.metric("Time end to end", figures.span(seconds[1]), width="content")


def _trainings(result: dict[str, Any]) -> dict[str, Any]:
    """What has curves, by name, in the order in which it was done."""
    found = {name: result[name] for name in _COMPARED if name in result} | result.get("variants", {})
    if running := result.get("running"):
        found = found | {running["name"]: running}
    return {name: training for name, training in found.items() if training["curves"]["loss"]}


def _curves(run: Run, trainings: dict[str, Any]) -> None:
    st.subheader("The curves over each other", anchor=False)
    shown = st.pills(
        "Show",
        list(trainings),
        format_func=lambda name: STYLES[name].label,
        selection_mode="multi",
        # What is equal would lie on the two that are compared and hide them.
        default=[name for name, found in trainings.items() if name in _COMPARED or not found.get("agrees")],
        key=f"sanity_shown_{run.id}_{len(trainings)}",  # each new training is shown when it comes
    )
    photos: Photos = (
        st.segmented_control(
            "Measured on",
            list(_PHOTOS),
            format_func=lambda name: _PHOTOS[name],
            default="new",
            key=f"sanity_photos_{run.id}",
        )
        or "new"
    )
    curves = {name: training["curves"] for name, training in trainings.items() if name in shown}
    if not curves:
        st.caption("Choose what to show.")
        return
    st.html(legend(list(curves)))
    figure = sanity_figure(curves, photos, key=f"{run.id} {photos}")
    live_curves(figure, key=f"sanity_curves_{run.id}", label=alternative(curves, photos))


def _mistake(name: str, found: dict[str, Any]) -> None:
    difference, low, high = found["max_loss_difference"], *found["interval"]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{sentence(_capital(found['title']))}**", width="content")
        if found["agrees"]:
            st.markdown(f":green-badge[:material/check: {'equal' if difference == 0 else 'equal but for rounding'}]")
        elif found["diverged"] or difference is None:
            st.markdown(":red-badge[:material/close: the loss was lost]")
        else:
            st.markdown(f":orange-badge[:material/close: loss up to {_small(difference)} apart]")
    st.markdown(sentence(found["done"]))
    st.markdown(sentence(found["cause"]))
    if not found["agrees"]:
        st.markdown("The line that mends it:" if "\n" not in found["mend"] else "The lines that mend it:")
        st.code(found["mend"], language="python", wrap_lines=True)
    st.caption(
        f"Right on {percent(found['val_accuracy'])} of the new photos at the end (most likely {low:.0%} to "
        f"{high:.0%}). {_noise(found)}"
    )


def _noise(found: dict[str, Any]) -> str:
    fixed, broken = found["fixed"], found["broken"]
    if not fixed and not broken:
        return "The same photos are right as with saved features."
    words = f"Against saved features {broken} more wrong and {fixed} more right"
    real = "more than chance would do" if found["p_value"] < SIGNIFICANT else "which may be chance with so few photos"
    return f"{words}: {real} (p = {found['p_value']:.2g})."


def _figures(result: dict[str, Any]) -> None:
    rows = [_row(STYLES[name].label, result[name]) for name in _COMPARED if name in result]
    rows += [_row(found["title"], found) for found in result["variants"].values()]
    st.dataframe(rows, hide_index=True, key="sanity_table")


def _row(title: str, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "Training": title,
        "Largest difference in loss": _small(found["max_loss_difference"]),
        "Largest difference in an answer": _small(found["max_logit_difference"]),
        "Accuracy on new photos": f"{found['val_accuracy']:.0%}",
        "Loss at the end": f"{found['curves']['val_loss'][-1]:.3f}" if found["curves"]["val_loss"] else "lost",
        "Time": figures.span(found["seconds"]),
    }


def _material(result: dict[str, Any]) -> None:
    facts, photos = result["facts"], result["photos"]
    parts = [
        f"{photos['train']} photos to learn from and {photos['validation']} to check on, {result['batch_size']} a "
        f"step, {result['epochs']} epochs, {result['optimizer']}.",
        f"{facts['title']} has {facts['batch_norms'] or 'no'} layers of BatchNormalization and "
        f"{facts['dropouts'] or 'no'} layers of dropout inside.",
    ]
    st.caption(sentence(" ".join(parts)))


def _small(value: float | None) -> str:
    """A difference, to two digits: `0`, `0.87`, `0.00012`."""
    if value is None:
        return "lost"
    return "0" if value == 0 else f"{value:.2g}" if value >= 1e-3 else f"{value:.1e}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
