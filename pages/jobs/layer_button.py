"""A button with the layer tree behind it, to choose after which layer to look."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.components.layer_tree import layer_choice
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.backbones.tree import LayerTree

__all__ = ["choose_layer", "layer_button"]


def layer_button(tree: LayerTree, key: str, first: str, words: Callable[[str], str]) -> str:
    """Draw the button.

    Args:
        tree: of the base.
        key: of the choice, for its keys.
        first: the layer that is taken until another is chosen, or where the one that was is of another base.
        words: what the button says of the layer that is chosen.

    Returns:
        The layer, one that gives feature maps.
    """
    name = st.session_state.get(_chosen(key))
    if name not in tree.layers:
        name = first
    with st.popover(words(name), icon=":material/account_tree:", key=f"{key}_popover"), st.container(width=440):
        layer_choice(
            tree,
            name,
            key=f"{key}_tree",
            label=t("After which layer?"),
            on_choose=lambda layer: choose_layer(key, layer),
        )
    return str(name)


def choose_layer(key: str, layer: str) -> None:
    """Choose as the person would; before the page is drawn anew."""
    st.session_state[_chosen(key)] = layer


def _chosen(key: str) -> str:
    return f"{key}_layer"
