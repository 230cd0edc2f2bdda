"""What crosses to the browser for a layer tree of either kind: its rows, once a session."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import streamlit as st

from transfer_core.backbones.tree import LayerTree, Node
from transfer_core.text import t

__all__ = ["Rows", "component", "ranges", "rows"]

Row = tuple[int, str, str, str, int, int]
Range = tuple[int, int]

_HERE = Path(__file__).parent


def component(name: str, own: str) -> Callable[..., Any]:
    """A Components v2 component made of what all layer trees share and the script and style called `own`."""
    return st.components.v2.component(
        name,
        html='<div class="lt"></div>',
        css=_read(["layer_tree.css"] if own == "layer_tree" else ["layer_tree.css", f"{own}.css"]),
        js=_read(["model.js", "tree.js", f"{own}.js"]),
    )


class Rows:
    """The rows of `tree` for the component `key`: sent when a session first needs them, and when a browser lacks them.

    The rows of a base cross to the browser once a session; afterwards they are named by their signature.
    """

    def __init__(self, tree: LayerTree, key: str) -> None:
        self.memory: dict[str, Any] = st.session_state.setdefault(f"{key}_wire", {"sent": "", "ack": 0})
        self.signature = f"{tree.root.name}-{tree.input_size}-{len(tree.layers)}-{tree.root.parameters}"
        self._tree = tree

    def data(self) -> dict[str, Any]:
        """The part of a component's data that `mount` in tree.js reads."""
        send = self.memory["sent"] != self.signature
        self.memory["sent"] = self.signature
        return {"sig": self.signature, "rows": rows(self._tree) if send else None, "words": _words()}

    def missing(self) -> None:
        """Send the rows again: the window that asked has none."""
        self.memory["sent"] = ""


def _words() -> dict[str, str]:
    """What every layer tree says; the browser fills the places."""
    return {
        "unfold": t("How much to unfold"),
        "stages": t("Stages"),
        "blocks": t("Blocks"),
        "layers": t("Layers"),
        "unfold_stages": t("Unfold down to stages"),
        "unfold_blocks": t("Unfold down to blocks"),
        "unfold_layers": t("Unfold down to layers"),
        "model": t("model"),
        "stage": t("stage"),
        "block": t("block"),
        "sized": t("{parameters} parameters", parameters="{parameters}"),
        "unsized": t("no parameters: nothing to freeze"),
        "batch_norm": t(
            "Batch normalization: it keeps running averages of what the network saw in its first training. Thaw leaves "
            "those averages frozen even where the layer trains, because a few photos would spoil them."
        ),
    }


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


def _read(names: Iterable[str]) -> str:
    return "\n".join((_HERE / name).read_text("utf-8") for name in names)


def _kind(node: Node) -> str:
    return node.facts.type if node.facts else node.kind


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _counts(node: Node) -> tuple[int, int]:
    return node.parameters, node.facts.trainable_parameters if node.facts else 0
