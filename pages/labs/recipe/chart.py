"""Charts of the recipe lab as Plotly figures: plain data, so no page waits for Plotly to import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any, Literal

from pages.ui import charts as plot_layout
from pages.ui.charts import MUTED, TRAINING, VALIDATION
from transfer_core.labs.recipe.settings import VARIANTS
from transfer_core.text import t

__all__ = ["COLORS", "drift_figure", "losses_figure", "variants_figure"]

# All hold 3:1 on white and on the dark background; dashes tell them apart too.
COLORS = {
    "feature_extraction": (MUTED, "dot"),
    "augmented": ("#8a63d2", "dash"),
    "fine_tuned": (TRAINING, "solid"),
    "skipped": (VALIDATION, "solid"),
    "fine_tuned_fast": (TRAINING, "dash"),
    "skipped_fast": (VALIDATION, "dash"),
    "from_scratch": ("#1f9a63", "dashdot"),
}
_HEIGHT = 400
_LOG_FROM = 8.0  # how many times the largest value must be the smallest for a logarithmic axis

Variants = Mapping[str, Mapping[str, Any]]
Metric = Literal["val_loss", "val_accuracy", "drift"]


def variants_figure(variants: Variants, metric: Metric, run: str) -> dict[str, Any]:
    """A figure of all variants over the epochs, one line each; the point at 0 is before the first step.

    Args:
        variants: by name, as in the result; at least one.
        metric: what is drawn.
        run: zoom is kept as long as this stays the same.
    """
    titles = {
        "val_loss": t("loss on new photos"),
        "val_accuracy": t("accuracy on new photos"),
        "drift": t("base moved"),
    }
    template = {"val_loss": "%{y:.3f}", "val_accuracy": "%{y:.0%}", "drift": "%{y:.3%}"}[metric]
    data, values, last = [], [], 1
    for name, found in variants.items():
        points = [found["start"].get(metric, 0.0), *(epoch[metric] for epoch in found["epochs"])]
        values += points
        last = max(last, len(points) - 1)
        if metric == "drift":
            points = [value or None for value in points]  # there is no logarithm of 0
        color, dash = COLORS[name]
        data.append(
            {
                "x": list(range(len(points))),
                "y": points,
                "type": "scatter",
                "mode": "lines+markers" if len(points) < 20 else "lines",
                "name": t(VARIANTS[name].title),
                "line": {"color": color, "width": 2.5, "dash": dash},
                "marker": {"size": 6, "color": color},
                "hovertemplate": t(
                    "{variant}, epoch {at}: {value}", variant=VARIANTS[name].title, at="%{x}", value=template
                )
                + "<extra></extra>",
            }
        )
    axis: dict[str, Any] = {"title": {"text": titles[metric]}, "zeroline": False}
    if metric == "val_accuracy":
        axis |= {"tickformat": ".0%", "range": [0, 1.02]}
    elif metric == "val_loss" and max(values) > _LOG_FROM * max(min(values), 1e-9) > 0:
        axis |= {"type": "log", "dtick": "D2", "tickformat": "~g"}
    else:
        axis |= {"rangemode": "tozero"}
    if metric == "drift":
        # A gentle rate moves the base by a hundredth of what the head's rate does: only a logarithm shows both.
        moved = [value for value in values if value] or [0.01]
        reach = [log10(_round(min(moved), down=True)), log10(_round(max(moved)))]  # figures at both ends
        axis |= {"type": "log", "dtick": "D2", "tickformat": "~%", "range": [reach[0] - 0.02, reach[1] + 0.02]}
    layout = _layout(f"{run} {metric} {len(data)}", axis, t("epoch"))
    reach = [-0.03 * last, 1.03 * last]
    layout["xaxis"] |= {"range": reach, "tickformat": "d", **plot_layout.whole_epochs(reach)}
    return {"data": data, "layout": layout}


def _round(value: float, down: bool = False) -> float:
    """The next of ..., 0.1, 0.2, 0.5, 1, ... at or above a value, or at or below it."""
    power = 10.0 ** floor(log10(value))
    steps = [step * power for step in (1, 2, 5, 10)]
    return max(step for step in steps if step <= value) if down else min(step for step in steps if step >= value)


def drift_figure(variants: Variants, run: str) -> dict[str, Any]:
    """How far the base had moved after each epoch."""
    return variants_figure(variants, "drift", run)


def losses_figure(rising: Mapping[str, Any], run: str) -> dict[str, Any]:
    """How many photos have which loss at the two epochs, in steps of the loss.

    Args:
        rising: as in the result.
        run: zoom is kept as long as this stays the same.
    """
    step = _step(max([*rising["before"], *rising["after"], 0.5]))
    data = []
    for key, which, color in (("before", "earlier", TRAINING), ("after", "later", VALIDATION)):
        counts = _histogram(rising[key], step)
        data.append(
            {
                "x": [(place + 0.5) * step for place in range(len(counts))],
                "y": counts,
                "type": "bar",
                "name": t("epoch {number}", number=rising[which]["epoch"]),
                "marker": {"color": color},
                "hovertemplate": t("%{y} photos with a loss around %{x}<extra></extra>"),
            }
        )
    layout = _layout(run, {"title": {"text": t("photos")}, "zeroline": False}, t("loss of a photo"))
    # One sure mistake is a bar one photo high beside dozens of small losses: the logarithm keeps it in sight.
    ticks = [factor * 10**power for power in range(5) for factor in (1, 2, 5)]
    top = max(max(bar["y"]) for bar in data)
    layout["yaxis"] |= {"type": "log", "tickvals": ticks, "range": [log10(0.6), log10(1.3 * top)]}
    layout["shapes"] = [
        plot_layout.upright(value, {"color": color, "width": 2, "dash": "dash"})
        for value, color in ((rising["earlier"]["val_loss"], TRAINING), (rising["later"]["val_loss"], VALIDATION))
    ]
    return {"data": data, "layout": layout}


def _histogram(losses: Sequence[float], step: float) -> list[int]:
    counts = [0] * (int(max(losses) / step) + 1)
    for loss in losses:
        counts[int(loss / step)] += 1
    return counts


def _step(largest: float) -> float:
    """A width that makes about twenty bars, in halves."""
    return max(0.25, ceil(largest / 20 * 4) / 4)


def _layout(revision: str, yaxis: dict[str, Any], xtitle: str) -> dict[str, Any]:
    return plot_layout.plain(revision, _HEIGHT, (56, 12, 24, 120)) | {
        "legend": plot_layout.legend(-0.25),
        "xaxis": {"title": {"text": xtitle, "standoff": 4}, "zeroline": False, "gridcolor": MUTED + "30"},
        "yaxis": yaxis,
    }
