"""Layers: choose how much of the base learns from the photos, and see at once what that costs."""

import streamlit as st

from pages.components.coach import coach
from pages.components.layer_tree import Head, layer_tree
from pages.home.new_project import coming_photos
from pages.jobs.describe import PRESETS, PlanEditor, preset_title
from pages.layers.advice import advice
from pages.layers.cost_panel import PhotoCounts, facts, photo_counts
from pages.ui.frame import go, guard, heading, require_project
from pages.ui.html import sketch
from pages.ui.services import store, tree
from pages.ui.steps import next_button
from pages.ui.widget_keys import renew, widget_key
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.freeze_plan import count_last_blocks, last_blocks
from transfer_core.backbones.plan_words import plan_words
from transfer_core.backbones.tree import LayerTree
from transfer_core.errors import ConfigError
from transfer_core.text import t

project = require_project()
heading(
    t("Layers"),
    t("Choose how much of the network may change to fit your photos. Everything else stays **frozen**."),
)


def explanation() -> None:
    """What freezing means, for those who want to know."""
    with st.popover(t("What does freezing mean?"), icon=":material/help:"):
        st.markdown(
            t(
                "The base has already learned to see from more than a million photos: edges in its first blocks, then "
                "textures and parts, and whole things in its last ones.\n\n"
                ":material/lock: **Frozen** layers keep what they know. They see each of your photos **once**, Thaw "
                "keeps the answer, and every epoch after that is quick.\n\n"
                ":material/lock_open: **Trainable** layers change to fit your photos. That can help when your photos "
                "look little like everyday ones, but it takes longer, and with few photos a network learns them by "
                "heart instead of learning the rule (*over-fitting*).\n\n"
                "Start with the head only. If that is not good enough, unfreeze from the end, a block or a stage at "
                "a time."
            )
        )


@st.fragment
def chooser(project_id: str, base_name: str, layers: LayerTree, photos: PhotoCounts) -> None:
    """Advice, presets, slider and tree: four views of one plan, with what it costs beside them."""
    try:
        desk = PlanEditor(project_id, base_name, layers)
    except ConfigError:
        st.rerun()  # deleted in another tab: the whole page says so
    # What comes and goes has a container of its own: a tree that changed its place would be built anew, and folded.
    with st.container():
        if desk.problem:
            st.error(desk.problem, icon=":material/error:")
    advice(desk.project, desk, photos.split)
    presets(desk)
    slider(desk)
    with st.container(key="tree_and_facts"):
        left, right = st.columns([5, 2], gap="medium")
    with left:
        head = Head(t("New head for your {value} classes", value=photos.classes or "…"), photos.head_parameters(layers))
        layer_tree(layers, lambda: desk.plan, key="layer_tree", head=head, on_edit=desk.change)
        st.caption(
            t(
                "Click a lock to freeze or train a layer, a block or a whole stage. Unfold with the small arrow or a "
                "double click. Keyboard: arrows, space."
            )
        )
    with right:
        facts(layers, desk.plan, photos)


def presets(desk: PlanEditor) -> None:
    """The usual choices, one click each, and the way back."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="presets"):
        for preset in PRESETS:
            plan = preset.make(desk.tree)
            st.button(
                preset_title(preset, desk.tree, plan),
                key=f"preset_{preset.key}",
                type="primary" if plan == desk.plan else "secondary",
                help=t("{help} Here: {plan_words}.", help=preset.help, plan_words=plan_words(desk.tree, plan))
                if plan.trainable
                else t(preset.help),
                on_click=desk.change,
                args=(plan,),
            )
        st.button(
            t("Undo"),
            key="undo_plan",
            icon=":material/undo:",
            type="tertiary",
            disabled=not desk.undoable,
            on_click=desk.undo,
            help=t("Take back the last change of what trains"),
        )
        st.space("stretch")
        explanation()


def slider(desk: PlanEditor) -> None:
    """The cut as a number of blocks; for any other plan it says so and offers the nearest of its kind."""
    total = len(desk.tree.blocks)
    last = count_last_blocks(desk.tree, desk.plan)
    shown = from_first_trained(desk) if last is None else last
    key = slider_at(shown)
    st.slider(
        t("Train the last N of {total} blocks", total=total)
        if last is not None
        else t("Train the last N of {total} blocks (now: a choice of your own, see below)", total=total),
        0,
        total,
        key=key,
        format="%d",
        help=t(
            "0 trains the head alone. Each step to the right unfreezes one more block, from the end of the network."
        ),
        on_change=moved,
        args=(desk, key),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="custom_plan"):
        if last is None:
            st.markdown(
                t(":material/tune: **Custom:** {plan_words} train.", plan_words=plan_words(desk.tree, desk.plan)),
                width="stretch",
            )
            st.button(
                t("Train the last {shown} instead", shown=shown),
                key="snap",
                on_click=desk.change,
                args=(last_blocks(desk.tree, shown),),
            )


def slider_at(shown: int) -> str:
    """The key of the slider, which stands at `shown`; a new one if something else than the slider moved it."""
    key = widget_key("cut")
    if st.session_state.get(key, shown) != shown:
        renew("cut")
        key = widget_key("cut")
    st.session_state[key] = shown
    return key


def moved(desk: PlanEditor, key: str) -> None:
    """Take what the slider says, unless another has replaced it meanwhile."""
    if key == widget_key("cut"):
        desk.change(last_blocks(desk.tree, st.session_state[key]))


def from_first_trained(desk: PlanEditor) -> int:
    """Blocks from the first that trains anything to the end."""
    chosen = set(desk.plan.trainable)
    for at, block in enumerate(desk.tree.blocks):
        if any(layer.name in chosen for layer in block.children):
            return len(desk.tree.blocks) - at
    return 0


if "base" not in project.choices:
    st.info(t("Choose a base first: its layers show here."), icon=":material/info:")
    if next_button("base"):
        go("base")
    sketch("layers")
    st.stop()

with guard():
    base = get_base(project.choices["base"]["name"])
    network = tree(base.name)
    counts = photo_counts(project, store(project))
    if counts.problem:
        coming_photos(project)
    coach("layers")
    chooser(project.id, base.name, network, counts)
    if next_button("train"):
        PlanEditor(project.id, base.name, network).confirm()
        go("train")
