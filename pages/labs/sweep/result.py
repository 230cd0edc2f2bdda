"""What a depth sweep found: the chart, the depths and trainings as tables, and the recommendation, ready to be used."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components.live_curves import live_curves
from pages.jobs.describe import PlanDesk
from pages.labs.sweep.chart import Axis, alternative, sweep_figure
from pages.train.lr_finder import decimal
from pages.ui import format as figures
from pages.ui.format import plural
from pages.ui.frame import go, require_project
from pages.ui.html import sentence
from pages.ui.services import tree
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.freeze_plan import FreezePlan, from_block
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import experiment_config
from transfer_core.labs.sweep.settings import HEAD, depth_words
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import Run

__all__ = ["draw"]

_AXES: dict[Axis, str] = {"trainable_parameters": "What trains", "seconds": "Time"}


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw it, complete or not."""
    if not result.get("depths"):
        st.caption("The first figures come when the head has been trained.")
        return
    _spent(result)
    if not run.status().active:
        _use(run, result)
    axis: Axis = (
        st.segmented_control(
            "Accuracy against",
            list(_AXES),
            format_func=lambda name: _AXES[name],
            default="trainable_parameters",
            key=f"sweep_axis_{run.id}",
        )
        or "trainable_parameters"
    )
    live_curves(sweep_figure(result, axis, run.id), key=f"sweep_chart_{run.id}", label=alternative(result))
    _depths(result)
    with st.expander(f"{plural(len(result['trials']), 'training')}, one by one", icon=":material/list:"):
        _trials(result)


def _spent(result: dict[str, Any]) -> None:
    rounds = max(row["repeats"] for row in result["depths"])
    photos = max(row["photos"] for row in result["depths"])
    with st.container(horizontal=True, key="sweep_facts"):
        st.metric("Depths tried", len(result["depths"]), width="content")
        st.metric("Trainings", len(result["trials"]), width="content")
        st.metric(
            "Photos measured",
            f"{photos:,}",
            width="content",
            help=f"In {plural(rounds, 'round')}, each on other photos, none of which were learned from there.",
        )
        if "spent" in result and "budget_seconds" in result:
            st.metric(
                "Time spent",
                figures.span(result["spent"]),
                width="content",
                help=f"Of a budget of {figures.span(result['budget_seconds'])}.",
            )


def _use(run: Run, result: dict[str, Any]) -> None:
    """The recommendation as a button."""
    config, name = experiment_config(run), result["recommended"]
    project = require_project()
    chosen = project.choices.get("base", {}).get("name")
    other = chosen != config.base.name
    with st.container(horizontal=True, vertical_alignment="center", key="sweep_use"):
        used = st.button(
            f"Use it: {'the head alone' if name == HEAD else f'train {depth_words(name)}'}",
            key="use_depth",
            type="primary",
            icon=":material/check:",
            disabled=other,
            help="Sets the layers on the page Layers"
            + ("." if name == HEAD else f" and the rate of fine-tuning to {decimal(result['recommended_rate'])}.")
            + " You can undo it there.",
        )
        if other:
            title = get_base(config.base.name).title
            st.markdown(f"This sweep was of {sentence(title)}; the project now uses another base.", width="stretch")
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
    plan = FreezePlan() if name == HEAD else from_block(layers, name)
    desk = PlanDesk(project.id, base, layers)
    desk.change(plan)
    if name != HEAD:
        train = project.choices.get("train") or {}
        tuned = RunConfig().to_dict()["fine_tune"] | train.get("fine_tune", {}) | {"learning_rate": rate}
        desk.project.choose(train=train | {"fine_tune": tuned})
        st.session_state.pop("fine_tune_rate", None)  # the page Train takes it from the project then


def _depths(result: dict[str, Any]) -> None:
    rows = [
        {
            "": "★" if row["train_from"] == result["recommended"] else "",
            "Trains": depth_words(row["train_from"]),
            "Accuracy": f"{row['accuracy']:.1%}",
            "95% interval": f"{row['interval'][0] * 100:.0f} to {row['interval'][1]:.0%}",
            "Photos": row["photos"],
            "Against the head": "" if row["train_from"] == HEAD else f"{row['gain'] * 100:+.1f} points",
            "Against the best": _against(row["against_best"]),
            "Time": figures.span(row["seconds"]),
            "Parameters": figures.amount(row["trainable_parameters"]),
            "Rate": decimal(row["rate"]),
        }
        for row in result["depths"]
    ]
    st.dataframe(rows, hide_index=True, key="sweep_depths", column_config={"": st.column_config.Column(width=30)})
    words = (
        "★ recommended. *Fixed*: photos that the best depth gets right and this one wrong; *broken*: the other way. "
        "*p*: how often chance alone would make such a difference."
    )
    if len({row["photos"] for row in result["depths"]}) > 1:
        words += (
            " Not all depths were measured on as many photos; what stands *against* the head and the best was counted "
            "on the same ones."
        )
    if result.get("untried") and result.get("complete"):
        untried = result["untried"]
        names = ", ".join(
            f"{depth_words(row['train_from'])} (about {figures.span(row['seconds'])} a training)" for row in untried[:3]
        )
        more = f", and {len(untried) - 3} deeper" if len(untried) > 3 else ""
        words += f" Not tried, for lack of time: {sentence(names)}{more}."
    st.caption(words)


def _against(duel: dict[str, Any] | None) -> str:
    if duel is None:
        return "the best"
    p = f"{duel['p_value']:.2f}" if duel["p_value"] >= 0.01 else "below 0.01"
    return f"{duel['fixed']} fixed, {duel['broken']} broken (p {p})"


_ENDINGS = {
    "done": "all epochs",
    "early": "ended early",
    "stopped": "cut short by the budget",
    "diverged": "the loss was lost",
}


def _trials(result: dict[str, Any]) -> None:
    st.dataframe(
        [
            {
                "Trains": depth_words(trial["train_from"]),
                "Round": trial["repeat"] + 1,
                "Rate": decimal(trial["rate"]),
                "Accuracy": f"{trial['accuracy']:.1%}",
                "95% interval": f"{trial['interval'][0] * 100:.0f} to {trial['interval'][1]:.0%}",
                "Photos": trial["photos"],
                "Time": figures.span(trial["seconds"]),
                "Epochs": trial["epochs"],
                "Best epoch": "as it began" if trial["best_epoch"] == 0 else str(trial["best_epoch"]),
                "Ending": _ENDINGS.get(trial["ending"], trial["ending"]),
            }
            for trial in result["trials"]
        ],
        hide_index=True,
        key="sweep_trials",
    )
