"""Accuracy of each depth against what it costs, as a Plotly figure: plain data, so no page waits for Plotly."""

from __future__ import annotations

from typing import Any, Literal

from pages.ui import charts as plot_layout
from pages.ui import format as figures
from pages.ui.charts import MUTED, TRAINING, VALIDATION
from transfer_core.labs.sweep.settings import HEAD
from transfer_core.labs.sweep.verdict import front, judge
from transfer_core.text import Sentence, joined, t

__all__ = ["Axis", "alternative", "sweep_figure"]

Axis = Literal["trainable_parameters", "seconds"]
_HEIGHT = 380
_TITLES = {"trainable_parameters": Sentence("trainable parameters"), "seconds": Sentence("seconds of training")}


def sweep_figure(result: dict[str, Any], axis: Axis, run: str) -> dict[str, Any]:
    """The chart.

    Args:
        result: of a sweep, with at least one depth.
        axis: what the depths cost.
        run: zoom is kept as long as this and `axis` stay the same.
    """
    rows = sorted(result["depths"], key=lambda row: row[axis])
    best = front(judge(result["trials"]), [axis])
    on_front = [row for row in rows if row["train_from"] in best]
    line = {
        "x": [row[axis] for row in on_front],
        "y": [row["accuracy"] for row in on_front],
        "mode": "lines",
        "type": "scatter",
        "name": t("the best for each cost"),
        "line": {"color": TRAINING, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": len(on_front) > 1,  # one point makes no line
    }
    groups = {
        "recommended": [row for row in rows if row["train_from"] == result["recommended"]],
        "front": [row for row in on_front if row["train_from"] != result["recommended"]],
        "others": [row for row in rows if row["train_from"] not in best | {result["recommended"]}],
    }
    styles = {
        "recommended": (VALIDATION, "star", 15),
        "front": (TRAINING, "circle", 10),
        "others": (MUTED, "circle-open", 9),
    }
    names = {"others": t("others"), "front": t("best for its cost"), "recommended": t("recommended")}
    data = [line, *(_points(names[name], groups[name], axis, name != "others", *styles[name]) for name in names)]
    lows, highs = [row["interval"][0] for row in rows], [row["interval"][1] for row in rows]
    layout = plot_layout.plain(f"{run} {axis}", _HEIGHT, (56, 64, 56, 48)) | {
        "legend": plot_layout.legend(1.02),
        "xaxis": {
            "title": {"text": t(_TITLES[axis]), "standoff": 6},
            "zeroline": False,
            "rangemode": "tozero",
            **({"tickformat": "~s"} if axis == "trainable_parameters" else {}),
        },
        "yaxis": plot_layout.shares(max(0.0, min(lows) - 0.03), min(1.02, max(highs) + 0.03)),
    }
    return {"data": data, "layout": layout}


def _points(
    name: str, rows: list[dict[str, Any]], axis: Axis, named: bool, color: str, symbol: str, size: int
) -> dict[str, Any]:
    return {
        "x": [row[axis] for row in rows],
        "y": [row["accuracy"] for row in rows],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [row["interval"][1] - row["accuracy"] for row in rows],
            "arrayminus": [row["accuracy"] - row["interval"][0] for row in rows],
            "color": color,
            "thickness": 1.5,
            "width": 5,
        },
        "mode": "markers+text",
        "type": "scatter",
        "name": name,
        # The others crowd where the first blocks add few parameters: their names show on hover and in the table.
        "text": [short(row["train_from"]) if named else "" for row in rows],
        "textposition": "top right",
        "textfont": {"size": 11},
        "cliponaxis": False,
        "marker": {"color": color, "symbol": symbol, "size": size},
        "customdata": [
            [row["train_from"], *row["interval"], row["photos"], figures.amount(row["trainable_parameters"])]
            for row in rows
        ],
        "hovertemplate": t(
            "<b>%{customdata[0]}</b><br>%{y:.1%} (%{customdata[1]:.0%} to %{customdata[2]:.0%}) of %{customdata[3]} "
            "photos<br>%{customdata[4]} parameters train<extra></extra>"
        ),
    }


def short(name: str) -> str:
    """The name of a depth, cut where it would run over its neighbours."""
    return t("head") if name == HEAD else name if len(name) <= 12 else f"{name[:11]}…"


def alternative(result: dict[str, Any]) -> str:
    """What the chart shows, for people who don't see it."""
    rows = [
        Sentence(
            "{depth}: {accuracy:.0%}, interval {low:.0%} to {high:.0%}, {parameters} parameters, {seconds:.0f} "
            "seconds.",
            depth=row["train_from"],
            accuracy=row["accuracy"],
            low=row["interval"][0],
            high=row["interval"][1],
            parameters=figures.amount(row["trainable_parameters"]),
            seconds=row["seconds"],
        )
        for row in result["depths"]
    ]
    return t(joined([Sentence("Accuracy by depth."), *rows]))
