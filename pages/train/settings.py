"""The settings of training: sensible as they are, all in one place, kept with the project."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from pages.train.augmentation import augmentation
from pages.train.more_settings import MORE_PLACES, more_settings
from pages.ui.widget_keys import put, renew, widget_key, widget_value
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.runs.config import Optimizer, RunConfig, plain_number
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.photos.manifest import Manifest

__all__ = ["settings"]

RATES = ("0.01", "0.003", "0.001", "0.0003", "0.0001", "0.00003", "0.00001", "0.000003", "0.000001")
_PROBLEM = "settings_problem"
# Where each widget's value stands in RunConfig.
_PLACES = {
    "head_epochs": ("head", "epochs"),
    "head_rate": ("head", "learning_rate"),
    "fine_tune_epochs": ("fine_tune", "epochs"),
    "fine_tune_rate": ("fine_tune", "learning_rate"),
    "optimizer": ("fit", "optimizer"),
    "batch_size": ("fit", "batch_size"),
    "dropout": ("fit", "dropout"),
    "patience": ("fit", "patience"),
    "class_weights": ("fit", "class_weights"),
    "augment": ("fit", "augment"),
    "augment_preset": ("augmentation", "preset"),
    "augment_variants": ("augmentation", "variants"),
    "seed": ("seed",),
    **MORE_PLACES,
}
_NAMES = {"adam": "Adam", "rmsprop": "RMSprop", "sgd": "SGD"}


def settings(project: Project, photos: Manifest | None = None) -> None:
    """Draw the settings. A change is checked and stored at once; one that does not fit is explained and kept.

    Args:
        project: whose settings.
        photos: those to train on, if they can be; they say what augmentation costs.
    """
    for key, value in _stored(project).items():
        st.session_state.setdefault(widget_key(key), value)
    changed = {"on_change": _store, "args": (project,)}
    if problem := st.session_state.get(_PROBLEM):
        st.error(
            t("{problem} Until it is changed, training uses the value before.", problem=problem),
            icon=":material/error:",
        )
    with st.expander(t("Settings (the defaults are fine)"), icon=":material/tune:", key="settings"):
        first, second = st.columns(2, gap="large")
        with first:
            st.markdown(t("**First the head**, on the frozen base"))
            _epochs("head_epochs", t("How often the head sees all training photos, at most."), changed)
            _rate("head_rate", t("How big a step the head takes after each batch of photos."), changed)
        with second:
            st.markdown(t("**Then fine-tuning** of what you unfroze"))
            _epochs("fine_tune_epochs", t("0 skips fine-tuning."), changed)
            _rate(
                "fine_tune_rate",
                t("Keep it far below the head's: big steps would wipe out what the base has learned."),
                changed,
            )
        st.markdown(t("**Both**"))
        first, second = st.columns(2, gap="large")
        with first:
            st.selectbox(
                t("Optimizer"),
                get_args(Optimizer),
                key=widget_key("optimizer"),
                format_func=lambda name: _NAMES[name],
                **changed,
            )
            st.number_input(
                t("Batch size"),
                step=1,
                key=widget_key("batch_size"),
                help=t("Photos looked at before each step of learning."),
                **changed,
            )
            st.number_input(
                t("Seed"),
                step=1,
                key=widget_key("seed"),
                help=t("The same seed gives the same training again."),
                **changed,
            )
        with second:
            st.slider(
                t("Dropout"),
                0.0,
                0.95,
                step=0.05,
                key=widget_key("dropout"),
                help=t(
                    "Share of what the base saw that is hidden from the head while it learns, so that it can't lean "
                    "on a single clue."
                ),
                **changed,
            )
            st.number_input(
                t("Patience"),
                step=1,
                key=widget_key("patience"),
                help=t(
                    "A phase ends early after so many epochs in which nothing got better on the validation photos; "
                    "the best weights are kept. 0: never end early. A rate that falls along a cosine is always let "
                    "fall to its end."
                ),
                **changed,
            )
            st.toggle(
                t("Let small classes count as much as large ones"),
                key=widget_key("class_weights"),
                help=t("Class weights: a mistake in a class with few photos weighs more."),
                **changed,
            )
        augmentation(project, photos, changed)
        more_settings(project, photos, changed, partial(_use_rate, project))
        st.button(
            t("Back to the defaults"),
            key="reset_settings",
            icon=":material/restart_alt:",
            on_click=_reset,
            args=(project,),
        )


def _use_rate(project: Project, phase: str, rate: float) -> None:
    put("head_rate" if phase == "head" else "fine_tune_rate", plain_number(rate))
    _store(project)


def _epochs(key: str, explained: str, changed: dict[str, Any]) -> None:
    st.number_input(t("Epochs, at most"), step=1, key=widget_key(key), help=explained, **changed)


def _rate(key: str, explained: str, changed: dict[str, Any]) -> None:
    value = widget_value(key)
    options = RATES if value in RATES else (*RATES, value)
    st.selectbox(t("Learning rate"), options, key=widget_key(key), help=explained, accept_new_options=True, **changed)


def _stored(project: Project) -> dict[str, Any]:
    """The value each widget starts with."""
    config = asdict(RunConfig())
    for name, part in project.choices.get("train", {}).items():
        config[name] = config[name] | part if isinstance(part, dict) else part
    values = {key: _find(config, place) for key, place in _PLACES.items()}
    return values | {key: plain_number(values[key]) for key in ("head_rate", "fine_tune_rate")}


def _find(config: dict[str, Any], place: tuple[str, ...]) -> Any:
    for name in place:
        config = config[name]
    return config


def _store(project: Project) -> None:
    chosen: dict[str, Any] = {}
    for key, place in _PLACES.items():
        value = widget_value(key)
        if key.endswith("_rate"):
            value = _number(value)
        part = chosen
        for name in place[:-1]:
            part = part.setdefault(name, {})
        part[place[-1]] = value
    try:
        RunConfig.from_dict(chosen)
        project.choose(train=chosen)
    except TransferError as error:
        st.session_state[_PROBLEM] = str(error)
    else:
        st.session_state[_PROBLEM] = None


def _number(text: str | None) -> float | str | None:
    try:
        return float((text or "").replace(",", "."))
    except ValueError:
        return text  # refused by RunConfig, which says what came


def _reset(project: Project) -> None:
    for key in _PLACES:
        renew(key)
    st.session_state[_PROBLEM] = None
    try:
        project.choose(train=None)
    except TransferError as error:
        st.session_state[_PROBLEM] = str(error)
