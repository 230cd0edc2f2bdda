"""The layer tree: model, stages, blocks and layers, with locks to edit a plan, to choose a layer, or with figures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components.layer_tree.choice import layer_choice
from pages.components.layer_tree.values import Value, layer_values
from pages.components.layer_tree.wire import Rows, component, ranges, rows
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.backbones.tree import LayerTree
from transfer_core.text import t

__all__ = ["Head", "Value", "apply", "layer_choice", "layer_tree", "layer_values", "ranges", "rows"]

_COMPONENT = component("thaw_layer_tree", "layer_tree")


@dataclass(frozen=True)
class Head:
    """The new part on top of the base, drawn below the tree: it always trains."""

    title: str
    parameters: int


def layer_tree(
    tree: LayerTree, plan: Callable[[], FreezePlan], *, key: str, head: Head, on_edit: Callable[[FreezePlan], None]
) -> None:
    """Draw `tree` with the layers of `plan()` unlocked; call `on_edit` with the new plan when the person changes it.

    The caller owns the plan, and `plan` gives it as it is at the moment of the call. Edits come as triggers, because
    a state value equal to the last one sent fires no callback. They are numbered, sent until acknowledged and applied
    to the plan of that moment, so that neither a quick click nor a change by the slider meanwhile is lost.
    """
    wire = Rows(tree, key)
    memory = wire.memory

    def edited() -> None:
        message = st.session_state[key]["edit"]
        fresh = [edit for edit in message["edits"] if edit[0] > memory["ack"]]
        if not fresh:
            return
        if message["sig"] == wire.signature:
            on_edit(apply(tree, plan(), fresh))
        # Last: the next click may end this one's run wherever it looks into the session, and then it comes again.
        memory["ack"] = fresh[-1][0]

    chosen = set(plan().trainable)
    sent = wire.data()
    sent["words"] |= _words()
    _COMPONENT(
        key=key,
        on_edit_change=edited,
        on_missing_change=wire.missing,
        data=sent
        | {
            "on": ranges(at for at, name in enumerate(tree.layers) if name in chosen),
            "ack": memory["ack"],
            "label": t("Layers of {name}", name=tree.root.name),
            "head": {"title": head.title, "parameters": head.parameters},
        },
    )


def _words() -> dict[str, str]:
    """What the tree with locks says; the browser fills the places."""
    return {
        "frozen": t("frozen"),
        "trainable": t("trains"),
        "mixed": t("partly"),
        "none": "",
        "always": t("always trains"),
        "some": t(
            "{trained} of {all} parameters train, in {layers} of {able} layers",
            **_open("trained", "all", "layers", "able"),
        ),
        "nothing": t("all {all} parameters frozen: only the head trains", **_open("all")),
        "trained_each": t("trained in every epoch"),
        "run_each": t("run again in every epoch"),
        "whole_once": t("the whole base: computed once for each photo"),
        "once": t("computed once for each photo"),
        "nothing_once": t("nothing is computed once"),
        "untrainable": t("Nothing in it can be trained"),
        "freeze": t("Click to freeze it"),
        "freeze_all": t("Click to freeze everything in it"),
        "train": t("Click to train it"),
        "train_all": t("Click to train everything in it"),
    }


def _open(*places: str) -> dict[str, str]:
    return {place: f"{{{place}}}" for place in places}


def apply(tree: LayerTree, plan: FreezePlan, edits: Iterable[Sequence[int]]) -> FreezePlan:
    """Apply what a browser sent to `plan`.

    Args:
        tree: says which layers there are, in its order, and which of them can train.
        plan: as it is.
        edits: number, first layer, layer behind the last, 1 to train or 0 to freeze; in order.
    """
    names = list(tree.layers)
    chosen = set(plan.trainable)
    for _, start, stop, trains in edits:
        touched = set(names[max(0, start) : max(0, stop)]) & tree.weighted
        chosen = chosen | touched if trains else chosen - touched
    return FreezePlan(tuple(chosen))
