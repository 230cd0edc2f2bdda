"""What a comparison of two runs found, drawn: photos fixed and broken, curves over each other, drift on the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.layer_tree import Value, layer_values
from pages.components.live_curves import live_curves
from pages.jobs.trained_runs import read_trained
from pages.labs.compare import chart as compare_curves
from pages.ui import html as drawn
from pages.ui.format import percent_range, photo_count
from pages.ui.frame import guard
from pages.ui.html import cells, page_of, plain, sentence, thumb
from pages.ui.services import tree
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.tree import LayerTree
from transfer_core.errors import TransferError
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, t

__all__ = ["draw", "drift_values"]

PER_PAGE = 12
_ORDER = (Sentence("First"), Sentence("Second"))


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw a result, or as much of one as there is yet."""
    _pair(result)
    _settings(result)
    if "p_value" in result:
        _photos(run, result)
    if any(result.get("curves", ())):
        st.header(t("Curves"), anchor=False)
        live_curves(
            compare_curves.figure(result["curves"], key=run.id),
            key="compare_curves",
            label=compare_curves.alternative(result["curves"]),
        )
        if any(epoch["phase"] == "fine-tune" for curve in result["curves"] for epoch in curve):
            st.caption(t("A dashed upright line marks where the fine-tuning of the run of its color begins."))
    if "drift" in result:
        st.header(t("How far the weights lie apart"), anchor=False)
        with guard():
            _drift(result)


def _pair(result: Mapping[str, Any]) -> None:
    measured = "accuracies" in result
    for number, (column, named) in enumerate(zip(st.columns(2), result.get("runs", ()), strict=False)):
        with column, st.container(border=True):
            st.markdown(f"**{_ORDER[number]}**  \n:small[{plain(_name(named))}]")
            if measured:
                share = percent_range(result["accuracies"][number], result["intervals"][number])
                st.markdown(
                    t(
                        "Right on **{share}** of {photos} new to both",
                        share=share,
                        photos=photo_count(result["photos"]),
                    )
                )


def _settings(result: Mapping[str, Any]) -> None:
    """What was set differently; nothing in a result of an earlier version."""
    if "settings" not in result:
        return
    if not result["settings"]:
        st.markdown(t("The settings are the same."))
        return
    lines = [f"**{t('What was set differently')}**", "", *(f"- {sentence(words)}" for words in result["settings"])]
    st.markdown("\n".join(lines))


def _name(named: Mapping[str, Any]) -> str:
    """A run as the rest of the app calls it; by its base alone when it has been deleted since."""
    try:
        return read_trained(Run(Path(named["folder"]))).name
    except TransferError:
        return t("{title} (deleted since)", title=get_base(named["base"]).title)


def _photos(run: Run, result: Mapping[str, Any]) -> None:
    fixed, broken = ([photo for photo in result["changed"] if photo["fixed"] == kind] for kind in (True, False))
    drawn.facts(
        {
            t("Both right"): t(photo_count(result["both_right"])),
            t("Fixed"): t("{photos}: only the second is right", photos=photo_count(len(fixed))),
            t("Broken"): t("{photos}: only the first is right", photos=photo_count(len(broken))),
            t("Both wrong"): t(photo_count(result["both_wrong"])),
        }
    )
    for key, title, photos in (("fixed", t("Fixed"), fixed), ("broken", t("Broken"), broken)):
        st.header(t("{what}: {said}", what=title, said=photo_count(len(photos))), anchor=False)
        if photos:
            _grid(f"{key}_{run.id.replace('.', '-')}", photos)
        else:
            st.caption(t("None."))


def _grid(key: str, photos: Sequence[Mapping[str, Any]]) -> None:
    page = page_of(photos, PER_PAGE, key=f"page_{key}")
    with cells(key, least=130):
        for photo in page:
            with st.container(gap="xxsmall"):
                thumb(photo)
                was, now = (
                    f"{plain(answer)} {share:.0%}"
                    for answer, share in zip(photo["answers"], photo["probabilities"], strict=True)
                )
                st.markdown(f"**{plain(photo['truth'])}**  \n:small[{was} → {now}]")


def _drift(result: Mapping[str, Any]) -> None:
    if result.get("drift_note"):
        st.info(sentence(result["drift_note"]), icon=":material/info:")
    named = result["runs"]
    views = {t("Between the two"): (named[1]["base"], result["drift"])} if result["drift"] else {}
    for order, one, moved in zip(_ORDER, named, result["drift_from_base"], strict=True):
        if moved:
            views[t("{order}, since its base", order=order)] = (one["base"], moved)
    if not views:
        st.caption(t("There is nothing to compare the weights with."))
        return
    chosen = st.segmented_control(
        t("Compare the weights"), list(views), default=next(iter(views)), key="drift_view", label_visibility="collapsed"
    )
    base, values = views.get(chosen or "", next(iter(views.values())))
    if values == result["drift"]:
        st.caption(sentence(result["drift_words"]))
    elif not any(values.values()):
        st.caption(t("Nothing in this base has moved: only its head was trained."))
        return
    if not any(values.values()):
        return
    st.caption(
        t(
            "Each figure is the length of the change over the length of the layer's weights before: 0% is untouched. "
            "A stage or block shows the largest of its layers."
        )
    )
    with st.container(key="drift_tree"):
        layer_values(
            tree(base), drift_values(tree(base), values), key="drift_values", label=t("weights moved"), best=t("most")
        )


def drift_values(layers: LayerTree, drift: Mapping[str, float]) -> dict[str, Value]:
    """What stands beside each row of the tree: a layer's drift, and of a stage or block the largest inside."""
    most = max(drift.values(), default=0.0)
    found: dict[str, Value] = {}
    for node, _ in layers.walk():
        inside = [drift[name] for name in _layers(node) if name in drift]
        if inside:
            value = max(inside)
            found[f"{node.kind}/{node.name}"] = Value(
                _percent(value),
                value / most if most else 0.0,
                best=node.kind == "block" and value == most > 0,
                title=f"{node.name}: {_percent(value)}",
            )
    return found


def _layers(node: Any) -> list[str]:
    return [name for child in node.children for name in _layers(child)] if node.children else [node.name]


def _percent(value: float) -> str:
    """Two digits that count: drifts of fine-tuning are small, and their differences matter."""
    return f"{value:.0%}" if value >= 0.1 or value == 0 else f"{100 * value:.2g}%" if value >= 1e-5 else "<0.001%"
