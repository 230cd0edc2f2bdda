"""What a depth probe found: the curve, the figures on the layer tree, what follows, and the plan it leads to."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import streamlit as st

from pages.components.layer_tree import Value, layer_values
from pages.components.live_curves import live_curves
from pages.jobs.describe import PlanEditor
from pages.labs.probe.chart import alternative, class_figure, probe_figure
from pages.ui.format import amount, photo_count
from pages.ui.frame import go, require_project
from pages.ui.html import sentence
from pages.ui.services import tree
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.freeze_plan import FreezePlan, from_block
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import experiment_config
from transfer_core.labs.probe.verdict import may_go_on
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, t

__all__ = ["draw", "tree_values"]


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw it, complete or not."""
    if not result.get("depths"):
        st.caption(t("The curve begins when the photos have been through the base."))
        return
    for point in result.get("points", ()):
        st.markdown(f"- {sentence(point)}")
    if result.get("best"):
        _use(run, result)
    live_curves(probe_figure(result, run.id), key=f"probe_chart_{run.id}", label=alternative(result))
    _facts(result)
    st.markdown(t("**On the layers of the base**"))
    layer_values(
        tree(result["base"]),
        tree_values(result),
        key=f"probe_tree_{run.id}",
        label=t("Accuracy after each block"),
        mark=result["chance"],
        best="★",
    )
    with st.expander(t("Class by class"), icon=":material/grid_on:"):
        st.caption(t("Which share of each class is recognized after each block: the darker, the more."))
        live_curves(class_figure(result, run.id), key=f"probe_classes_{run.id}", label=t("Accuracy by class and block"))
    with st.expander(t("All figures"), icon=":material/table:"):
        _table(result)


def tree_values(result: dict[str, Any]) -> dict[str, Value]:
    """The accuracy beside every block, and beside every stage that of its last block."""
    values = {}
    for stage, group in groupby(result["depths"], key=lambda depth: depth["stage"]):
        depths = list(group)
        for depth in depths:
            best = depth["block"] == result.get("best")
            title = _title(depth, depth["block"])
            if best:
                title = (
                    t("Perhaps the last block that matters: {title}", title=title)
                    if may_go_on(result["depths"], depth["block"])
                    else t("The last block that matters: {title}", title=title)
                )
            values[f"block/{depth['block']}"] = _value(depth, title, best)
        end = t("{block}, the end of this stage", block=depths[-1]["block"])
        values[f"stage/{stage}"] = _value(depths[-1], _title(depths[-1], end))
    return values


def _value(depth: dict[str, Any], title: str, best: bool = False) -> Value:
    return Value(f"{depth['accuracy']:.0%}", depth["accuracy"], *depth["interval"], best, title)


def _title(depth: dict[str, Any], after: str) -> str:
    low, high = depth["interval"]
    return t(
        "{correct} of {photos} photos right after {after}; probably {low:.0%} to {high:.0%}",
        correct=depth["correct"],
        photos=depth["photos"],
        after=after,
        low=low,
        high=high,
    )


def _facts(result: dict[str, Any]) -> None:
    looked, there = result["photos"], result.get("of", result["photos"])
    photos = (
        photo_count(looked)
        if looked == there
        else Sentence("{looked:,} of {photos}", looked=looked, photos=photo_count(there))
    )
    sizes = sorted(result["classes"].values())
    each = t("{low:,} to {high:,}", low=sizes[0], high=sizes[-1]) if sizes[0] < sizes[-1] else f"{sizes[0]:,}"
    st.caption(
        t(
            "{photos} ({each} of each class) in {folds} folds, each answered by classifiers that had not seen "
            "it. Always naming the largest class would be right for {chance:.0%}. Photos that look almost "
            "alike, such as several of one scene, make every figure look better than it is.",
            photos=photos,
            each=each,
            folds=result["folds"],
            chance=result["chance"],
        )
    )


def _use(run: Run, result: dict[str, Any]) -> None:
    """What follows, as a button."""
    config, name = experiment_config(run), result["train_from"]
    chosen = require_project().choices.get("base", {}).get("name")
    other = chosen != config.base.name
    with st.container(horizontal=True, vertical_alignment="center", key="probe_use"):
        used = st.button(
            t("Train from {name} on", name=name) if name else t("Train the head alone"),
            key="use_depth",
            icon=":material/layers:",
            disabled=other,
            help=t("Sets what trains on the page Layers and takes you there. You can undo it there."),
        )
        if other:
            title = get_base(config.base.name).title
            st.markdown(
                t("This was about {sentence}; the project now uses another base.", sentence=sentence(title)),
                width="stretch",
            )
    if used:
        try:
            layers = tree(config.base.name)
            desk = PlanEditor(require_project().id, config.base.name, layers)
            desk.change(from_block(layers, name) if name else FreezePlan())
        except TransferError as error:
            st.error(sentence(str(error)), icon=":material/error:")
        else:
            go("layers")


def _table(result: dict[str, Any]) -> None:
    rows = [
        {
            t("Best"): "★" if depth["block"] == result.get("best") else "",
            t("After"): depth["block"],
            t("Stage"): depth["stage"],
            t("Accuracy"): f"{depth['accuracy']:.1%}",
            t("95% interval"): t("{low:.0%} to {high:.0%}", low=depth["interval"][0], high=depth["interval"][1]),
            "p": f"{depth['p_value']:.3f}",
            t("Channels"): depth["channels"],
            t("Parameters after it"): amount(depth["parameters_after"]),
            t("Work up to it"): f"{depth['work']:.0%}",
        }
        for depth in result["depths"]
    ]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "p": st.column_config.Column(help=t("Below 0.050 the depth is really worse than the highest.")),
            t("Channels"): st.column_config.Column(help=t("How many numbers the classifier sees of each photo.")),
            t("Work up to it"): st.column_config.Column(help=t("Share of what the whole base computes for a photo.")),
        },
    )
