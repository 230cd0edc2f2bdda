"""The layer tree to choose one layer in."""

from collections.abc import Callable

import streamlit as st

from pages.components.layer_tree.wire import Rows, component, ranges
from transfer_core.backbones.tree import LayerTree
from transfer_core.text import t

__all__ = ["layer_choice"]

_COMPONENT = component("thaw_layer_choice", "layer_choice")


def layer_choice(tree: LayerTree, chosen: str, *, key: str, label: str, on_choose: Callable[[str], None]) -> None:
    """Draw `tree` with one layer marked; call `on_choose` with the name of the one that the person clicks.

    Only layers that give feature maps can be chosen; a stage or block stands for the last of them in it. The tree folds
    and goes by keyboard as `layer_tree` does.

    Args:
        tree: of the base.
        chosen: a layer that gives feature maps.
        key: of the component; no two underscores in a row.
        label: what is chosen, in a few words: above the tree and for screen readers.
        on_choose: called before the page is drawn anew.
    """
    wire = Rows(tree, key)
    able = [at for at, layer in enumerate(tree.layers.values()) if len(layer.shape) == 3]

    def clicked() -> None:
        message = st.session_state[key]["edit"]
        if message and message["sig"] == wire.signature:
            on_choose(message["layer"])

    sent = wire.data()
    sent["words"]["placeless"] = t("Here the places in the photo are lost already: nothing to show")
    _COMPONENT(
        key=key,
        on_edit_change=clicked,
        on_missing_change=wire.missing,
        data=sent | {"able": ranges(able), "chosen": list(tree.layers).index(chosen), "label": label},
    )
