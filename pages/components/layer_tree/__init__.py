"""The layer tree: model, stages, blocks and layers with a lock on each, as a Streamlit Components v2 component."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from transfer_core.architecture import LayerTree, Node
from transfer_core.plan import FreezePlan

__all__ = ["Head", "apply", "layer_tree", "ranges", "rows"]

Row = tuple[int, str, str, str, int, int]
Range = tuple[int, int]

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "thaw_layer_tree",
    html='<div class="lt"></div>',
    css=(_HERE / "layer_tree.css").read_text("utf-8"),
    js="\n".join((_HERE / name).read_text("utf-8") for name in ("model.js", "layer_tree.js")),
)


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
    The rows of a base cross to the browser once a session; afterwards only ranges of layers go to and fro.
    """
    memory: dict[str, Any] = st.session_state.setdefault(f"{key}_wire", {"sent": "", "ack": 0})
    signature = f"{tree.root.name}-{tree.input_size}-{len(tree.layers)}-{tree.root.parameters}"

    def edited() -> None:
        message = st.session_state[key]["edit"]
        fresh = [edit for edit in message["edits"] if edit[0] > memory["ack"]]
        if not fresh:
            return
        memory["ack"] = fresh[-1][0]
        if message["sig"] == signature:
            on_edit(apply(tree, plan(), fresh))

    def missing() -> None:
        memory["sent"] = ""

    send = memory["sent"] != signature
    memory["sent"] = signature
    chosen = set(plan().trainable)
    _COMPONENT(
        key=key,
        on_edit_change=edited,
        on_missing_change=missing,
        data={
            "sig": signature,
            "rows": rows(tree) if send else None,
            "on": ranges(at for at, name in enumerate(tree.layers) if name in chosen),
            "ack": memory["ack"],
            "label": f"Layers of {tree.root.name}",
            "head": {"title": head.title, "parameters": head.parameters},
        },
    )


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


def rows(tree: LayerTree) -> list[Row]:
    """Depth, name, kind, output shape, parameters and those that training can change, a parent before its children."""
    return [(depth, node.name, _kind(node), _shape(node.shape), *_counts(node)) for node, depth in tree.walk()]


def ranges(numbers: Iterable[int]) -> list[Range]:
    """Ascending `numbers` as half-open ranges: 3, 4, 5, 9 -> (3, 6), (9, 10)."""
    found: list[Range] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return found


def _kind(node: Node) -> str:
    return node.facts.type if node.facts else node.kind


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _counts(node: Node) -> tuple[int, int]:
    return node.parameters, node.facts.trainable_parameters if node.facts else 0
