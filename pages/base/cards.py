"""The bases as cards: what each is good at, what it costs, where its weights are, and choosing one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.base import weights as base_weights
from pages.ui import format as figures
from pages.ui import html as drawn
from pages.ui.glossary import explain
from pages.ui.html import cells
from pages.ui.services import known_tree
from transfer_core.backbones.catalog import BASES, DEFAULT_BASE, Base, get_base
from transfer_core.backbones.weights import weights_state
from transfer_core.disk.workspace import Project
from transfer_core.errors import ConfigError
from transfer_core.text import Sentence, joined, t

__all__ = ["Chosen", "cards", "chosen", "confirm", "experiments", "notice", "summary"]

_NOTICE = "base_notice"
_STATES = {
    "bundled": Sentence("installed"),
    "cached": Sentence("on this computer"),
    "download": Sentence("to fetch, {size}"),
    "file": Sentence("a file you bring"),
}
_TO_INSTALL = Sentence("to install, {size}")


@dataclass(frozen=True)
class Chosen:
    """The base and the weights the project would train with now."""

    base: Base
    weights: str
    """`imagenet`, `none` or the path of a file."""
    decided: bool
    """Whether the person chose it, or it is the recommended one by default."""
    reason: str | None
    """Why it can't be used as things are, or None."""


def chosen(project: Project) -> Chosen:
    """The project's base, or the recommended one; says when its weights are not there (any more)."""
    kept = project.choices.get("base")
    if kept is None:
        return Chosen(DEFAULT_BASE, "imagenet", False, None)
    try:
        base = get_base(kept["name"])
    except ConfigError:
        return Chosen(DEFAULT_BASE, "imagenet", False, None)
    weights = kept.get("weights", "imagenet")
    reason = None
    if weights == "imagenet" and weights_state(project.workspace, base) not in ("bundled", "cached"):
        reason = (
            t("The network {title} is not on this computer any more: open its file again below.", title=base.title)
            if base.weights.kind == "own"
            else t("The weights of {title} are not on this computer any more: get them again below.", title=base.title)
        )
    elif weights not in ("imagenet", "none") and not Path(weights).is_file():
        reason = t("The weights file {weights} is gone: name it again below, or pick another base.", weights=weights)
    return Chosen(base, weights, True, reason)


def choose(project: Project, base: Base, weights: str) -> None:
    """Make `base` the project's base. Another base has other layers, so what was chosen of them is forgotten."""
    before = chosen(project)
    other = before.base.name != base.name
    had_plan = bool(project.choices.get("trainable"))  # none, for the head alone, fits any base
    if other:
        project.choose(base={"name": base.name, "weights": weights}, trainable=None, trainable_of=None)
    else:
        project.choose(base={"name": base.name, "weights": weights})
    said = [Sentence("{title} is your base now.", title=base.title)]
    if weights == "none":
        said = [Sentence("{title} with random weights is your base now.", title=base.title)]
    if other and had_plan:
        said.append(Sentence("The layers you had chosen belonged to the other base, so choose them again."))
    st.session_state[_NOTICE] = said


def notice() -> None:
    """Say once what the last choice changed."""
    if said := st.session_state.pop(_NOTICE, None):
        st.toast(t(joined(said)), icon=":material/check_circle:")
        if len(said) > 1:  # something has to be chosen again: a toast is gone too soon
            st.info(t(joined(said)), icon=":material/account_tree:")


def summary(now: Chosen) -> None:
    """One line on what is chosen; random weights are marked wherever they are."""
    if now.reason:
        st.error(drawn.sentence(now.reason), icon=":material/error:")
    elif now.weights == "none":
        st.warning(
            t("**{title}** with random weights: it knows nothing yet. For experiments only.", title=now.base.title),
            icon=":material/casino:",
        )
    elif now.weights != "imagenet":
        st.info(
            t("**{title}** with weights from {weights}", title=now.base.title, weights=drawn.plain(now.weights)),
            icon=":material/description:",
        )
    else:
        lead = t("Your base:") if now.decided else t("Recommended, and ready:")
        st.success(f"{lead} **{now.base.title}**", icon=":material/check_circle:")


def confirm(project: Project, now: Chosen) -> None:
    """Going on without a choice chooses the recommended base."""
    if not now.decided:
        project.choose(base={"name": now.base.name, "weights": now.weights})


def cards(project: Project, now: Chosen) -> None:
    """One card a base, the recommended one first."""
    with cells("base_cards", least=250, most=3):
        for base in BASES:
            with st.container(key=f"card_{base.name}", border=True):
                _card(project, base, now)


def _millions(base: Base) -> str:
    """Its parameters without the layer that is left out: those that the page Layers shows."""
    tree = known_tree(base.name)
    return figures.millions(tree.root.parameters if tree else base.parameters)


def _card(project: Project, base: Base, now: Chosen) -> None:
    here = now.base.name == base.name and now.decided
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{base.title}**", width="content")
        if base == DEFAULT_BASE:
            st.badge(t("Recommended"), icon=":material/star:", color="green")
        if here:
            st.badge(t("Your base"), icon=":material/check:", color="blue")
    st.caption(str(base.blurb))
    state = weights_state(project.workspace, base)
    where = _TO_INSTALL if state == "file" and base.weights.install else _STATES[state]
    drawn.facts(
        {
            t("ImageNet accuracy"): f"{base.top1:.1%}",
            t("Photo size"): f"{base.input_size} × {base.input_size}",
            t("Parameters"): _millions(base),
            t("Time"): base_weights.speed(base),
            t("Weights"): t(where.id, size=_megabytes(base.weights.bytes)),
        },
        hints={
            t("ImageNet accuracy"): explain("imagenet"),
            t("Parameters"): t(
                joined(
                    [
                        Sentence(explain("parameters")),
                        Sentence(
                            "Its old last layer, for ImageNet's 1000 names, is not counted: your own takes its place."
                        ),
                    ]
                )
            ),
            t("Weights"): explain("weights"),
            t("Time"): t(base_weights.SPEED_HELP),
        },
        links={t("ImageNet accuracy"): base.source},
    )
    if state in ("bundled", "cached"):
        st.button(
            t("Chosen") if here and now.weights == "imagenet" else t("Use this base"),
            key=f"base_{base.name}",
            disabled=here and now.weights == "imagenet",
            width="stretch",
            on_click=choose,
            args=(project, base, "imagenet"),
        )
    else:
        base_weights.get(project, base, lambda weights: choose(project, base, weights))


def _megabytes(count: int) -> str:
    return t("{size} MB", size=max(round(count / 1e6), 1)) if count else t("size unknown")


def experiments(project: Project, now: Chosen) -> None:
    """Random weights, for those who want to see what pretraining is worth."""
    with st.expander(t("For experiments: random weights"), icon=":material/casino:"):
        st.markdown(
            t(
                "A base with **random weights knows nothing yet**: it has never seen a photo. Training it from nothing "
                "needs far more photos and time. It is here to show what the pretrained weights are worth."
            )
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.selectbox(
                t("Base"),
                [base.name for base in BASES],
                key="random_base",
                format_func=lambda item: get_base(item).title,
            )
            st.button(
                t("Use random weights"),
                key="use_random",
                icon=":material/casino:",
                disabled=now.weights == "none" and now.base.name == name,
                on_click=lambda: choose(project, get_base(name), "none"),
            )
