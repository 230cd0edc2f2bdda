"""The settings of training: sensible as they are, all in one place, kept with the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from pages.train.augmentation import augmentation
from pages.train.fields import Fields
from pages.train.more_settings import MORE_PLACES, more_settings
from pages.ui.glossary import explain
from pages.ui.widget_keys import renew, widget_key
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.runs.checks import plain_number
from transfer_core.runs.config import OPTIMIZER_NAMES, Optimizer, RunConfig, fine_tuning_rate
from transfer_core.text import Sentence, joined, plural, t

if TYPE_CHECKING:
    from transfer_core.photos.manifest import Manifest

__all__ = ["changed_elsewhere", "settings"]

AUTOMATIC = "automatic"
RATES = ("0.01", "0.003", "0.001", "0.0003", "0.0001", "0.00003", "0.00001", "0.000003", "0.000001")
_PROBLEM, _SEEN = "settings_problem", "settings_seen"
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
_PHASES = {"head": Sentence("Training the head"), "fine_tune": Sentence("Fine-tuning")}


def settings(project: Project, photos: Manifest | None = None) -> None:
    """Draw the settings. A change is checked and stored at once; those that do not fit are explained and stay as typed.

    Args:
        project: whose settings.
        photos: those to train on, if they can be; they say what augmentation costs.
    """
    stored = _stored(project)
    _follow(stored)
    fields = Fields(stored, partial(_store, project))
    if problems := st.session_state.get(_PROBLEM):
        st.error(
            t(
                plural(
                    "{problems} Until it is changed, training uses the value before.",
                    "{problems} Until they are changed, training uses the values before.",
                    len(problems),
                    problems=joined(problems),
                )
            ),
            icon=":material/error:",
        )
    with st.expander(t("Settings (the defaults are fine)"), icon=":material/tune:", key="settings"):
        first, second = st.columns(2, gap="large")
        with first:
            st.markdown(t("**First the head**, on the frozen base"))
            _epochs(fields, "head_epochs", t("How often the head sees all training photos, at most."))
            _rate(fields, "head_rate", RATES, t("How big a step the head takes after each batch of photos."))
        with second:
            st.markdown(t("**Then fine-tuning** of what you unfroze"))
            _epochs(fields, "fine_tune_epochs", t("0 skips fine-tuning."))
            _rate(
                fields,
                "fine_tune_rate",
                (AUTOMATIC, *RATES),
                t(
                    "Keep it far below the head's: big steps would wipe out what the base has learned. What suits "
                    "grows with the number of photos, up to 0.0003."
                ),
                photos,
            )
        st.markdown(t("**Both**"))
        first, second = st.columns(2, gap="large")
        with first:
            st.selectbox(
                t("Optimizer"),
                format_func=lambda name: t(OPTIMIZER_NAMES[name]),
                **fields.among("optimizer", get_args(Optimizer)),
            )
            st.number_input(
                t("Batch size"),
                step=1,
                help=t("Photos looked at before each step of learning."),
                **fields.at("batch_size"),
            )
            st.number_input(
                t("Shuffle number"),
                step=1,
                help=explain("seed"),
                **fields.at("seed"),
            )
        with second:
            st.slider(
                t("Dropout"),
                0.0,
                0.95,
                step=0.05,
                help=t(
                    "Share of what the base saw that is hidden from the head while it learns, so that it can't lean "
                    "on a single clue."
                ),
                **fields.at("dropout"),
            )
            st.number_input(
                t("Patience"),
                step=1,
                help=t(
                    "A phase ends early after so many epochs in which nothing got better on the validation photos; "
                    "the best weights are kept. 0: never end early. A rate that falls along a cosine is always let "
                    "fall to its end."
                ),
                **fields.at("patience"),
            )
            st.toggle(
                t("Let small classes count as much as large ones"),
                help=t("Class weights: a mistake in a class with few photos weighs more."),
                **fields.at("class_weights"),
            )
        augmentation(project, photos, fields)
        more_settings(project, photos, fields, partial(_use_rate, project))
        st.button(
            t("Back to the defaults"),
            key="reset_settings",
            icon=":material/restart_alt:",
            on_click=_reset,
            args=(project,),
        )


def changed_elsewhere(project: Project) -> bool:
    """Whether the settings are others than those this page was drawn with: another tab has changed them."""
    seen = st.session_state.get(_SEEN)
    return seen is not None and seen != _stored(project)


def _follow(stored: dict[str, Any]) -> None:
    """Have the widgets show what another tab has stored since they were drawn."""
    seen = st.session_state.get(_SEEN, stored)
    for name, value in stored.items():
        if seen[name] != value and st.session_state.get(widget_key(name), value) != value:
            renew(name)
    st.session_state[_SEEN] = stored


def _use_rate(project: Project, phase: str, rate: float) -> None:
    name = "head_rate" if phase == "head" else "fine_tune_rate"
    _store(project, {name: plain_number(rate)})
    renew(name)  # drawn anew with what is stored, whatever the browser still shows


def _epochs(fields: Fields, name: str, explained: str) -> None:
    st.number_input(t("Epochs, at most"), step=1, help=explained, **fields.at(name))


def _rate(fields: Fields, name: str, offered: Sequence[str], explained: str, photos: Manifest | None = None) -> None:
    value = fields.value(name)
    options = offered if value in offered else (*offered, value)
    st.selectbox(
        t("Learning rate"),
        format_func=partial(_rate_words, photos),
        help=explained,
        accept_new_options=True,
        **fields.among(name, options),
    )


def _rate_words(photos: Manifest | None, rate: str) -> str:
    """A rate for the person; the automatic one with what it is for these photos."""
    if rate != AUTOMATIC:
        return rate
    if photos is None:
        return t("by the number of photos")
    suits = fine_tuning_rate(len(photos.of("train")))
    return t("by the number of photos: {rate}", rate=plain_number(suits))


def _stored(project: Project) -> dict[str, Any]:
    """The value each widget starts with."""
    config = asdict(RunConfig())
    for name, part in project.choices.get("train", {}).items():
        config[name] = config[name] | part if isinstance(part, dict) else part
    values = {key: _find(config, place) for key, place in _PLACES.items()}
    for key in ("head_rate", "fine_tune_rate"):
        values[key] = AUTOMATIC if values[key] is None else plain_number(values[key])
    return values


def _find(config: dict[str, Any], place: tuple[str, ...]) -> Any:
    for name in place:
        config = config[name]
    return config


def _store(project: Project, other: Mapping[str, Any] | None = None) -> None:
    """Keep what stands in the widgets, or in `other` for some; where a value does not fit, that on disk stays."""
    problems: list[str] = []
    try:
        chosen = _chosen(_stored(project.workspace.open_project(project.id)), other or {}, problems)
        RunConfig.from_dict(chosen)  # each fits; all together may not
        kept = project.choose(train=chosen)
    except TransferError as error:
        problems.append(str(error))
    else:
        st.session_state[_SEEN] = _stored(kept)
    st.session_state[_PROBLEM] = problems


def _chosen(stored: Mapping[str, Any], other: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """What the widgets ask for besides the defaults, as parts of a RunConfig.

    Args:
        stored: what stands on disk now.
        other: instead of what stands in some widgets.
        problems: gets a sentence for each value that does not fit; what is stored goes on in its place.
    """
    chosen: dict[str, Any] = {}
    defaults, seen = asdict(RunConfig()), st.session_state.get(_SEEN, stored)
    for key, place in _PLACES.items():
        value = other.get(key, st.session_state.get(widget_key(key), stored[key]))
        if value == seen[key] and value != stored[key]:
            value = stored[key]  # untouched here, so what another tab has stored since stands
            renew(key)
        try:
            RunConfig.from_dict(_put({}, place, _as_number(key, value)))
        except TransferError as error:
            phase, problem = _PHASES.get(place[0]), str(error)
            problems.append(t("{phase}: {problem}", phase=phase, problem=problem) if phase else problem)
            value = stored[key]
        value = _as_number(key, value)
        if value != _find(defaults, place):  # else not chosen: it stays the default, whatever that will be
            _put(chosen, place, value)
    return chosen


def _put(config: dict[str, Any], place: tuple[str, ...], value: Any) -> dict[str, Any]:
    """`config` with `value` at `place`."""
    part = config
    for name in place[:-1]:
        part = part.setdefault(name, {})
    part[place[-1]] = value
    return config


def _as_number(key: str, value: Any) -> Any:
    return _number(value) if key.endswith("_rate") else value


def _number(text: str | None) -> float | str | None:
    if text == AUTOMATIC:
        return None
    try:
        return float((text or "").replace(",", "."))
    except ValueError:
        return text  # refused by RunConfig, which says what came


def _reset(project: Project) -> None:
    for key in _PLACES:
        renew(key)
    st.session_state[_PROBLEM] = []
    try:
        project.choose(train=None)
    except TransferError as error:
        st.session_state[_PROBLEM] = [str(error)]
