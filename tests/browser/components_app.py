"""One component on a page, for test_components.py: curves (?curves), figures (?values), a choice (?choice) or locks."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from pages.components import static_files
from pages.components.layer_tree import Head, Value, layer_choice, layer_tree, layer_values
from pages.components.live_curves import live_curves
from pages.train import curves
from tests.pages.layers.test_page import toy_tree
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.runs.events import EpochEnded

static_files.STATIC = Path.cwd() / "static"  # beside the copy of this file that the server runs
state = st.session_state
state.setdefault("plan", FreezePlan())
state.setdefault("epochs", 0)


@st.fragment(run_every=0.3)
def growing() -> None:
    """One more epoch at each look."""
    state["epochs"] += 1
    epochs = [
        EpochEnded("head", n, {"loss": 1 / n, "val_loss": 1.1 / n, "accuracy": 0.9, "val_accuracy": 0.8}, 1.0, 1e-3)
        for n in range(1, state["epochs"] + 1)
    ]
    live_curves(curves.figure(epochs, run="toy", smoothing=0.0), key="curves", label=curves.alternative(epochs))


def edited(plan: FreezePlan) -> None:
    """Keep what the tree says."""
    state["plan"] = plan


st.title("Components")
if "curves" in st.query_params:
    growing()
elif "values" in st.query_params:
    best = st.selectbox("Best", ["block0b", "block1a", "a layer"], key="best")
    figures = {
        block.name: Value(f"{at / 8:.0%}", at / 8, at / 8 - 0.1, at / 8 + 0.1, block.name == best, f"depth {at}")
        for at, block in enumerate(toy_tree().blocks, 2)
    }
    if best == "a layer":  # folded away in a block
        figures["block2a_conv2d"] = Value("9%", 0.09, best=True)
    layer_values(toy_tree(), figures, key="values", label="Accuracy by depth", mark=0.25)
elif "choice" in st.query_params:
    state.setdefault("layer", next(reversed(toy_tree().layers)))
    layer_choice(
        toy_tree(),
        state["layer"],
        key="choice",
        label="After which layer?",
        on_choose=lambda layer: state.update(layer=layer),
    )
    with st.container(key="layer_chosen"):
        st.text(state["layer"])
else:
    layer_tree(toy_tree(), lambda: state["plan"], key="tree", head=Head("New head", 22), on_edit=edited)
    st.button("Freeze all", key="freeze", on_click=edited, args=(FreezePlan(),))
    with st.container(key="plan"):
        st.text(" ".join(state["plan"].trainable) or "nothing")
