"""What a depth sweep found: the chart, the depths and trainings as tables, and the recommendation, ready to be used."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components.live_curves import live_curves
from pages.jobs.describe import PlanEditor
from pages.labs.sweep.chart import Axis, alternative, sweep_figure
from pages.train.lr_finder import decimal
from pages.ui import format as figures
from pages.ui.frame import go, require_project
from pages.ui.html import sentence
from pages.ui.services import tree
from transfer_core.backbones.catalog import get_base
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import experiment_config
from transfer_core.labs.sweep.settings import HEAD, depth_plan, depth_words
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, joined, plural, t

__all__ = ["draw"]

_AXES: dict[Axis, Sentence] = {"trainable_parameters": Sentence("What trains"), "seconds": Sentence("Time")}


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw it, complete or not."""
    if not result.get("depths"):
        st.caption(t("The first figures come when the head has been trained."))
        return
    _spent(result)
    if not run.status().active:
        _use(run, result)
    axis: Axis = (
        st.segmented_control(
            t("Accuracy against"),
            list(_AXES),
            format_func=lambda name: t(_AXES[name]),
            default="trainable_parameters",
            key=f"sweep_axis_{run.id}",
        )
        or "trainable_parameters"
    )
    live_curves(sweep_figure(result, axis, run.id), key=f"sweep_chart_{run.id}", label=alternative(result))
    _depths(result)
    with st.expander(
        t("{trainings}, one by one", trainings=plural("{n:,} training", "{n:,} trainings", len(result["trials"]))),
        icon=":material/list:",
    ):
        _trials(result)


def _spent(result: dict[str, Any]) -> None:
    rounds = max(row["repeats"] for row in result["depths"])
    photos = max(row["photos"] for row in result["depths"])
    with st.container(horizontal=True, key="sweep_facts"):
        st.metric(t("Depths tried"), len(result["depths"]), width="content")
        st.metric(t("Trainings"), len(result["trials"]), width="content")
        st.metric(
            t("Photos measured"),
            f"{photos:,}",
            width="content",
            help=t(
                "In {rounds}, each on other photos, none of which were learned from there.",
                rounds=plural("{n:,} round", "{n:,} rounds", rounds),
            ),
        )
        if "spent" in result and "budget_seconds" in result:
            st.metric(
                t("Time spent"),
                figures.span(result["spent"]),
                width="content",
                help=t("Of a budget of {span}.", span=figures.span(result["budget_seconds"])),
            )


def _use(run: Run, result: dict[str, Any]) -> None:
    """The recommendation as a button."""
    config, name = experiment_config(run), result["recommended"]
    project = require_project()
    chosen = project.choices.get("base", {}).get("name")
    other = chosen != config.base.name
    with st.container(horizontal=True, vertical_alignment="center", key="sweep_use"):
        used = st.button(
            t("Use it: the head alone") if name == HEAD else t("Use it: train {depth}", depth=depth_words(name)),
            key="use_depth",
            type="primary",
            icon=":material/check:",
            disabled=other,
            help=t("Sets the layers on the page Layers. You can undo it there.")
            if name == HEAD
            else t(
                "Sets the layers on the page Layers and the rate of fine-tuning to {rate}. You can undo it there.",
                rate=decimal(result["recommended_rate"]),
            ),
        )
        if other:
            title = get_base(config.base.name).title
            st.markdown(
                t("This sweep was of {sentence}; the project now uses another base.", sentence=sentence(title)),
                width="stretch",
            )
    if used:
        try:
            _choose(config.base.name, name, result["recommended_rate"])
        except TransferError as error:
            st.error(sentence(str(error)), icon=":material/error:")
        else:
            go("layers")


def _choose(base: str, name: str, rate: float) -> None:
    """Make the recommendation the project's plan, with undo, and its rate that of fine-tuning."""
    project, layers = require_project(), tree(base)
    desk = PlanEditor(project.id, base, layers)
    desk.change(depth_plan(layers, name))
    if name != HEAD:
        train = project.choices.get("train") or {}
        tuned = RunConfig().to_dict()["fine_tune"] | train.get("fine_tune", {}) | {"learning_rate": rate}
        desk.project.choose(train=train | {"fine_tune": tuned})


def _depths(result: dict[str, Any]) -> None:
    rows = [
        {
            t("Best"): "★" if row["train_from"] == result["recommended"] else "",
            t("Trains"): t(depth_words(row["train_from"])),
            t("Accuracy"): f"{row['accuracy']:.1%}",
            t("95% interval"): _interval(row),
            t("Photos"): row["photos"],
            t("Against the head"): ""
            if row["train_from"] == HEAD
            else t("{points:+.1f} points", points=row["gain"] * 100),
            t("Against the best"): _against(row["against_best"]),
            t("Time"): figures.span(row["seconds"]),
            t("Parameters"): figures.amount(row["trainable_parameters"]),
            t("Rate"): decimal(row["rate"]),
        }
        for row in result["depths"]
    ]
    st.dataframe(
        rows, hide_index=True, key="sweep_depths", column_config={t("Best"): st.column_config.Column(width=50)}
    )
    words = [
        Sentence(
            "★ recommended. *Fixed*: photos that the best depth gets right and this one wrong; *broken*: the other "
            "way. "
            "*p*: how often chance alone would make such a difference."
        )
    ]
    if len({row["photos"] for row in result["depths"]}) > 1:
        words.append(
            Sentence(
                "Not all depths were measured on as many photos; what stands *against* the head and the best was "
                "counted on the same ones."
            )
        )
    if result.get("untried") and result.get("complete"):
        words.append(_untried(result["untried"]))
    st.caption(t(joined(words)))


def _untried(untried: list[dict[str, Any]]) -> Sentence:
    names = [
        t("{depth} (about {span} a training)", depth=sentence(depth_words(row["train_from"])), span=span)
        for row in untried[:3]
        for span in [figures.span(row["seconds"])]
    ]
    if len(untried) > 3:
        more = len(untried) - 3
        return Sentence("Not tried, for lack of time: {depths}, and {more} others.", depths=names, more=more)
    return Sentence("Not tried, for lack of time: {depths}.", depths=names)


def _against(pair: dict[str, Any] | None) -> str:
    if pair is None:
        return t("the best")
    return t(
        "{fixed} fixed, {broken} broken (p {p:.2f})"
        if pair["p_value"] >= 0.01
        else "{fixed} fixed, {broken} broken (p below 0.01)",
        fixed=pair["fixed"],
        broken=pair["broken"],
        p=pair["p_value"],
    )


def _interval(found: dict[str, Any]) -> str:
    low, high = found["interval"]
    return t("{low:.0f} to {high:.0%}", low=low * 100, high=high)


_ENDINGS = {
    "done": Sentence("all epochs"),
    "early": Sentence("ended early"),
    "stopped": Sentence("cut short by the budget"),
    "diverged": Sentence("the loss was lost"),
}


def _kept(trial: dict[str, Any]) -> str:
    """Which weights a trial was measured with."""
    if trial["best_epoch"] == 0:
        return t("as it began")
    share = trial.get("share", 1.0)  # trials of before the mixture have none
    if share == 1:
        return t("of epoch {epoch}", epoch=trial["best_epoch"])
    return t("{share:.0%} of the way to epoch {epoch}", share=share, epoch=trial["best_epoch"])


def _trials(result: dict[str, Any]) -> None:
    st.dataframe(
        [
            {
                t("Trains"): t(depth_words(trial["train_from"])),
                t("Round"): trial["repeat"] + 1,
                t("Rate"): decimal(trial["rate"]),
                t("Accuracy"): f"{trial['accuracy']:.1%}",
                t("95% interval"): _interval(trial),
                t("Photos"): trial["photos"],
                t("Time"): figures.span(trial["seconds"]),
                t("Epochs"): trial["epochs"],
                t("Weights kept"): _kept(trial),
                t("Ending"): t(_ENDINGS[trial["ending"]]) if trial["ending"] in _ENDINGS else trial["ending"],
            }
            for trial in result["trials"]
        ],
        hide_index=True,
        key="sweep_trials",
    )
