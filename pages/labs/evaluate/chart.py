"""The reliability diagram as a Plotly figure: how often answers are right, by how sure they are."""

from __future__ import annotations

import math
from typing import Any

from pages.ui import charts as plot_layout
from pages.ui.charts import MUTED, TRAINING
from transfer_core.stats.intervals import wilson
from transfer_core.text import t

__all__ = ["alternative", "figure"]

_LARGEST = 26.0  # pixels


def figure(result: dict[str, Any], run: str) -> dict[str, Any]:
    """The diagram; zoom is kept as long as `run` stays the same."""
    groups = result["reliability"]
    most = max(group["photos"] for group in groups)
    intervals = [wilson(round(group["right"] * group["photos"]), group["photos"]) for group in groups]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [group["sure"] for group in groups],
        "y": [group["right"] for group in groups],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [high - group["right"] for group, (_, high) in zip(groups, intervals, strict=True)],
            "arrayminus": [group["right"] - low for group, (low, _) in zip(groups, intervals, strict=True)],
            "color": MUTED,
            "thickness": 1,
            "width": 3,
        },
        "marker": {
            "color": TRAINING,
            "size": [max(7.0, _LARGEST * math.sqrt(group["photos"] / most)) for group in groups],
            "opacity": 1,
        },
        "cliponaxis": False,  # a large point at 100% is whole
        "customdata": [[group["photos"]] for group in groups],
        "hovertemplate": t("%{x:.0%} sure, %{y:.0%} of %{customdata[0]} right<extra></extra>"),
        "showlegend": False,
    }
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": MUTED, "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    axis = plot_layout.shares(0.0, 1.03) | {"automargin": True}
    layout = plot_layout.plain(run, 360, (50, 12, 36, 50)) | {
        "xaxis": axis | {"title": {"text": t("how sure it is"), "standoff": 6}, "range": [0.0, 1.03]},
        "yaxis": axis | {"title": {"text": t("how often it is right"), "standoff": 6}},
    }
    return {"data": [line, points], "layout": layout}


def alternative(result: dict[str, Any]) -> str:
    """What the diagram shows, for people who don't see it."""
    groups = [
        t(
            "{photos} answers {sure:.0%} sure, {right:.0%} right",
            photos=group["photos"],
            sure=group["sure"],
            right=group["right"],
        )
        for group in result["reliability"]
    ]
    return t("How often answers are right, by how sure they are: {groups}.", groups=t("; ").join(groups))
