"""Find a learning rate: the buttons, the search in the query worker, its curve, and taking what it suggests."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.components.live_curves import live_curves
from pages.jobs.launch import configured
from pages.ui import charts as plot_layout
from pages.ui import tasks
from pages.ui.html import sentence
from pages.ui.services import engine
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.runs.checks import plain_number
from transfer_core.runs.folder import list_runs
from transfer_core.text import Sentence, joined, t

if TYPE_CHECKING:
    from transfer_core.photos.manifest import Manifest
    from transfer_core.runs.config import RunConfig

__all__ = ["decimal", "forget_refusal", "found_rates", "rate_figure", "rate_finder", "rates_task"]

_PHASES = {"head": Sentence("the head"), "fine-tune": Sentence("fine-tuning")}
_PATIENCE = 900.0  # seconds; a hundred steps of a whole large base on a small machine
_PROBLEM = "rates_problem"
_HEIGHT = 300


def rates_task(project: Project) -> str:
    """The key of the task that looks for a rate: one at a time."""
    return f"rates-{project.id}"


def rate_finder(project: Project, photos: Manifest | None, use: Callable[[str, float], None]) -> None:
    """Draw the search for a rate.

    Args:
        project: whose settings are searched for.
        photos: those to train on, if they can be.
        use: called with the phase (`head`, `fine-tune`) and the rate when the person takes the suggestion.
    """
    st.markdown(t("**Find a learning rate**"))
    st.caption(
        t(
            "Tries ever larger rates for one step each and watches the loss: too small and nothing happens, too large "
            "and the loss may explode. A good rate lies where the loss falls fastest. Nothing is changed by the "
            "search. It works on what a training with these photos, layers and augmentation computed, so train once "
            "first."
        )
    )
    key = rates_task(project)
    untrained = photos is None or not list_runs(project.runs_dir)
    with st.container(horizontal=True):
        for phase, words in _PHASES.items():
            st.button(
                t("For {words}", words=words),
                key=f"find_rate_{phase}",
                icon=":material/query_stats:",
                disabled=untrained or tasks.running(key) or (phase == "fine-tune" and not _fine_tunes(project)),
                help=t("Only the head trains now. Unfreeze layers on the page Layers first.")
                if phase == "fine-tune" and not _fine_tunes(project)
                else None,
                on_click=_begin,
                args=(project, photos, phase),
            )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(sentence(problem), icon=":material/error:")
    task = tasks.show(key)
    if task is not None:
        _found(project, task.result, use)


def _fine_tunes(project: Project) -> bool:
    try:
        return configured(project).fine_tunes
    except TransferError:
        return True  # why it can't be trained is said at the click


def _begin(project: Project, photos: Manifest, phase: str) -> None:
    try:
        config = configured(project)
    except TransferError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    worker = engine()  # here, because a thread of its own has no page

    def work(task: tasks.Task) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="thaw-rates-") as folder:
            manifest, stop = Path(folder) / "photos.json", Path(folder) / "stop"
            photos.write(manifest)

            def waited(_: float) -> None:
                if task.cancelled():
                    stop.touch()

            args = {"config": config.to_dict(), "manifest": str(manifest), "phase": phase, "stop": str(stop)}
            return worker.ask("rates", args, _PATIENCE, on_wait=waited) | {"of": _compared(config)}

    tasks.start(rates_task(project), t("Trying learning rates for {phases}", phases=_PHASES[phase]), work)


def _compared(config: RunConfig) -> dict[str, Any]:
    """What a curve depends on: the settings without the rates themselves."""
    value = config.to_dict()
    return {name: part for name, part in value.items() if name != "fine_tune"} | {"head": value["head"]["epochs"]}


def _found(project: Project, curve: dict[str, Any], use: Callable[[str, float], None]) -> None:
    phase, rate = curve["phase"], curve["suggestion"]
    live_curves(rate_figure(curve), key="rate_curve", label=_alternative(curve))
    try:
        stale = _compared(configured(project)) != curve["of"]
    except TransferError:
        stale = True
    if stale:
        st.caption(t("Settings or layers have changed since: this curve is of those before. Search again to be sure."))
    if rate is None:
        st.info(
            t(
                "The loss of {phases} never fell clearly, at no rate: there is little left to learn from these "
                "photos. Keep the rate as it is.",
                phases=_PHASES[phase],
            ),
            icon=":material/trending_flat:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            t("For {phases}, the loss falls fastest at **{decimal}**.", phases=_PHASES[phase], decimal=decimal(rate))
        )
        st.button(t("Use it"), key="use_rate", icon=":material/check:", on_click=use, args=(phase, rate))
    if phase == "fine-tune":
        st.caption(
            t(
                "This is how fast the training photos are learned, which need not help with new ones. With few "
                "photos take "
                "a lower rate, and watch whether the validation loss falls."
            )
        )


def forget_refusal(project: Project) -> None:
    """Before a training, which computes what the search may have asked for."""
    task = tasks.find(rates_task(project))
    if task and task.ended and task.error:
        tasks.dismiss(rates_task(project))


def found_rates(project: Project, config: RunConfig) -> dict[str, float]:
    """By phase, the rate that the last search suggests for settings such as `config`; nothing where there was none."""
    task = tasks.find(rates_task(project))
    curve = task.result if task and task.ended and not task.error else None
    if curve is None or curve["suggestion"] is None or curve["of"] != _compared(config):
        return {}
    return {curve["phase"]: curve["suggestion"]}


def rate_figure(curve: dict[str, Any]) -> dict[str, Any]:
    """The loss over the rate as a Plotly figure, with the suggestion marked.

    What exploded is cut off at one and a half times the loss to begin with: the fall is what there is to see.
    """
    rates, top = curve["rates"], 1.5 * max(curve["losses"][:1], default=1.0)
    common = {"x": rates, "type": "scatter", "hovertemplate": t("rate %{x:.2g}: loss %{y:.3f}<extra></extra>")}
    color = {"color": plot_layout.TRAINING}
    layout = plot_layout.plain(f"{curve['phase']} {curve['suggestion']}", _HEIGHT, (52, 12, 40, 44)) | {
        "showlegend": False,
        "xaxis": {
            "type": "log",
            "title": {"text": t("learning rate"), "standoff": 6},
            "exponentformat": "power",
            "dtick": 1,
            "tickfont": {"size": 11},
        },
        "yaxis": {"title": {"text": t("loss")}, "range": [0, top], "zeroline": False},
        "shapes": [],
        "annotations": [],
    }
    if (rate := curve["suggestion"]) is not None:
        line = {"color": plot_layout.VALIDATION, "width": 2, "dash": "dash"}
        layout["shapes"] = [plot_layout.upright(rate, line)]
        # On a logarithmic axis Plotly wants a note's place as an exponent, though not a shape's.
        layout["annotations"] = [
            {"x": math.log10(rate), "y": 1, "yref": "y domain", "yanchor": "bottom", "showarrow": False}
            | {"text": t("falls fastest: {decimal}", decimal=decimal(rate))}
        ]
    data = [
        {**common, "y": curve["losses"], "mode": "markers", "marker": {**color, "size": 5}, "opacity": 0.4},
        {**common, "y": curve["smoothed"], "mode": "lines", "line": {**color, "width": 2.5}},
    ]
    return {"data": data, "layout": layout}


def _alternative(curve: dict[str, Any]) -> str:
    rates, rate = curve["rates"], curve["suggestion"]
    if not rates:
        return t("Loss of {phase}: no learning rate was tried.", phase=_PHASES[curve["phase"]])
    said = [
        Sentence(
            "Loss of {phase} at {count} learning rates from {low} to {high}.",
            phase=_PHASES[curve["phase"]],
            count=len(rates),
            low=decimal(rates[0]),
            high=decimal(rates[-1]),
        )
    ]
    if rate is None:
        said.append(Sentence("It never falls clearly."))
    else:
        said.append(Sentence("It falls fastest at {rate}.", rate=decimal(rate)))
    if curve["exploded"]:
        said.append(Sentence("It explodes in the end."))
    return t(joined(said))


def decimal(rate: float) -> str:
    """0.00001, not 1e-05, to two digits."""
    return plain_number(rate, digits=2)
