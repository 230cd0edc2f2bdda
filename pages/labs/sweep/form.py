"""What a depth sweep is asked, and what will probably fit into its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.labs.start import lab_base
from pages.train.lr_finder import decimal
from pages.ui import format as figures
from pages.ui.glossary import explain
from pages.ui.html import sentence
from pages.ui.services import tree
from transfer_core.errors import ConfigError
from transfer_core.labs.sweep.folds import counts, fold, fold_count, usable
from transfer_core.labs.sweep.schedule import forecast
from transfer_core.labs.sweep.settings import HEAD, Depth, Settings, alone, depth_words, depths
from transfer_core.runs.config import fine_tuning_rate
from transfer_core.text import Sentence, all_of, joined, plural, t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

__all__ = ["forecast_words", "form"]

_RATES = ("0.0003", "0.0001", "0.00003", "0.00001", "0.000003")


def form(project: Project, manifest: Manifest | None) -> Settings:
    """Draw the settings and give them.

    Raises:
        TransferError: a setting does not fit, or a class has too few photos.
    """
    budget = st.number_input(
        t("Budget in minutes"),
        min_value=0.1,
        max_value=600.0,
        value=Settings.budget,
        step=0.5,
        format="%g",
        key="sweep_budget",
        width=220,
        help=t("Everything included. The head alone is always trained, even if that takes longer."),
    )
    base = lab_base(project).name
    blocks = [block.name for block in reversed(tree(base).blocks)]  # outside, where its spinner shows
    with st.expander(t("More settings (the defaults are fine)"), icon=":material/tune:", key="sweep_more"):
        cuts, usual = _cuts(base, blocks), [decimal(rate) for rate in _usual(manifest)]
        rates = st.multiselect(
            t("Learning rates of fine-tuning, in the order in which to try them"),
            tuple(dict.fromkeys([*usual, *_RATES])),
            usual,
            key="sweep_rates",
            accept_new_options=True,
            help=t(
                "How big a step the layers take after each batch of photos. Each depth goes on with the rate that "
                "did best in its first round."
            ),
        )
        with st.container(horizontal=True):
            rounds = st.number_input(
                t("Rounds, at most"),
                min_value=1,
                max_value=100,
                value=Settings.repeats,
                key="sweep_rounds",
                width=220,
                help=t("Each is measured on photos that no other one was measured on. They end when the photos do."),
            )
            epochs = st.number_input(
                t("Epochs of fine-tuning, at most"),
                min_value=1,
                value=Settings.epochs,
                key="sweep_epochs",
                width=220,
                help=explain("epoch"),
            )
    settings = Settings(float(budget or 0), cuts, tuple(_number(rate) for rate in rates), rounds, epochs=epochs)
    if manifest is not None and base is not None:
        st.caption(_forecast(project, base, settings, manifest))
    return settings


def _usual(manifest: Manifest | None) -> tuple[float, ...]:
    """The rates that are tried unless others are wished: the one the page Train would take, and a bolder one."""
    if manifest is None:
        return Settings.rates
    rate = fine_tuning_rate(len(manifest.of("train")))
    return rate, float(f"{3 * rate:.1e}")


def _cuts(base: str | None, blocks: list[str]) -> tuple[str, ...]:
    chosen = st.multiselect(
        t("Depths to try: train from this block to the end"),
        blocks,
        key=f"sweep_cuts_{base}",
        placeholder=t("Thaw chooses"),
        disabled=not blocks,
        help=t("The head alone is always tried too."),
    )
    return tuple(chosen)


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ConfigError("A learning rate must be a number such as 0.00001; {text!r} came.", text=text) from None


def _forecast(project: Project, base: str, settings: Settings, manifest: Manifest) -> str:
    photos = usable(manifest)
    repeats = fold_count(photos, settings.repeats)
    found = depths(project.workspace, tree(base), settings, len(photos.classes), counts(fold(photos, 0)))
    return sentence(forecast_words(found, settings, repeats))


def forecast_words(found: list[Depth], settings: Settings, repeats: int) -> str:
    """What will probably fit, as far as speed is known before anything is measured."""
    trials = forecast(found, settings, repeats)
    rounds = {depth.name: len({trial.repeat for trial in trials if trial.depth == depth.name}) for depth in found}
    fit = [depth for depth in found if rounds[depth.name] and depth.name != HEAD]
    if not fit:
        if len(found) == 1:
            return t("Probably fits: the head alone.")
        needed = found[0].features_seconds + found[0].seconds + found[1].seconds
        return t(
            "Probably just enough for the head alone. To try {depth_words} too takes about {span}.",
            depth_words=depth_words(found[1].name),
            span=figures.span(needed),
        )
    single = [depth.words for depth in fit if alone(depth.name)]
    fit = [depth for depth in fit if not alone(depth.name)] or fit
    deepest = fit[-1]
    most, least = max(rounds[depth.name] for depth in fit), min(rounds[depth.name] for depth in fit)
    values = {"depths": plural("{n:,} depth", "{n:,} depths", len(fit)), "name": deepest.name}
    if most == least:
        values |= {"rounds": plural("{n:,} round", "{n:,} rounds", most)}
        words = [Sentence("Probably fits: the head alone and {depths} more, down to {name}, in {rounds}.", **values)]
    else:
        words = [
            Sentence(
                "Probably fits: the head alone and {depths} more, down to {name}, the deepest once, others in up to "
                "{most} rounds.",
                most=most,
                **values,
            )
        ]
    if single:
        words.append(Sentence("Besides, {stages}.", stages=all_of(single)))
    if left := [depth for depth in found if not rounds[depth.name]]:
        span = figures.span(left[0].seconds)
        depth = depth_words(left[0].name)
        words.append(Sentence("Probably not: {depth}, about {span} a training.", depth=depth, span=span))
    return t(joined(words))
