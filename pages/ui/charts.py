"""What all charts share in their Plotly layout: colors, clear ground, legend, and the pair of loss and accuracy."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from transfer_core.text import t

__all__ = [
    "LEAST_EPOCHS",
    "MARKED_EPOCHS",
    "MUTED",
    "TRAINING",
    "VALIDATION",
    "accuracy_floor",
    "clip_losses",
    "legend",
    "panels",
    "plain",
    "shares",
    "upright",
    "whole_epochs",
]

# All hold a contrast of 3:1 and more on white and on the dark background; dashes and markers tell them apart too.
TRAINING = "#2f7fd1"
VALIDATION = "#d9680c"
MUTED = "#808895"
MARKED_EPOCHS = 40  # with more, markers would run into a band; solid and dashed lines still differ
LEAST_EPOCHS = 5  # the axis is never shorter, so that the first points don't jump about
_EXPLODED, _LEFT = 10.0, 3.0
"""A curve explodes that goes so many times as high as usual; so many times as high as usual are then shown."""
_TICKS = 8  # of an axis, at most
_GUESSING = 0.7  # the loss of guessing between two classes, ln 2: nothing below it is high
_CLEAR = "rgba(0,0,0,0)"


def plain(revision: str, height: int, margin: tuple[int, int, int, int]) -> dict[str, Any]:
    """The layout every chart begins with: the page shows through.

    Args:
        revision: zoom is kept as long as this stays the same.
        height: in pixels.
        margin: left, right, top, bottom, in pixels.
    """
    return {
        "uirevision": revision,
        "height": height,
        "margin": dict(zip("lrtb", margin, strict=True)),
        "hovermode": "closest",
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "modebar": {"bgcolor": _CLEAR},
    }


def legend(y: float) -> dict[str, Any]:
    """A legend in a row above the chart, or below it where `y` is negative; 1 is the upper edge of the axes.

    At the left: at the right are the chart's tools.
    """
    return {"orientation": "h", "x": 0, "xanchor": "left", "y": y, "yanchor": "bottom" if y > 0 else "top"}


def shares(low: float, high: float) -> dict[str, Any]:
    """A vertical axis of shares as percentages, from `low` to `high` (0 to 1)."""
    return {"tickformat": ".0%", "zeroline": False, "range": [low, high]}


def accuracy_floor(values: Iterable[float]) -> float:
    """Where the accuracy axis begins: a tenth step below everything seen, 0 before there is anything."""
    return max(0.0, int(min(values, default=0.0) * 10 - 0.5) / 10)


def panels(titles: tuple[str, str], raised: int, *, epochs: dict[str, Any], accuracy: dict[str, Any]) -> dict[str, Any]:
    """Axes and titles of two charts beside each other, loss and accuracy over the epochs, to add to a layout.

    Args:
        titles: of the two, as HTML.
        raised: how far above its chart a title stands, in pixels.
        epochs: keys that say how far the epoch axes reach.
        accuracy: keys that say how far the accuracy axis reaches.
    """
    title = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": raised, "showarrow": False}
    layout: dict[str, Any] = {
        "hovermode": "x unified",
        "annotations": [
            {"xref": f"x{axis} domain", "yref": f"y{axis} domain", "text": text, **title}
            for axis, text in zip(("", "2"), titles, strict=True)
        ],
        "yaxis": {"anchor": "x", "zeroline": False, "rangemode": "tozero"},
        "yaxis2": {"anchor": "x2", "zeroline": False, "tickformat": ".0%", **accuracy},
    }
    for axis, domain in (("", [0, 0.46]), ("2", [0.56, 1])):
        layout[f"xaxis{axis}"] = {
            "domain": domain,
            "anchor": f"y{axis}",
            "title": {"text": t("epoch"), "standoff": 6},
            "tickformat": "d",
            "unifiedhovertitle": {"text": t("epoch %{x}")},
            "nticks": _TICKS,
            "zeroline": False,
            **epochs,
        }
    return layout


def whole_epochs(reach: Sequence[float]) -> dict[str, Any]:
    """The ticks of an axis of epochs over `reach`, its two ends: never between two epochs."""
    return {"dtick": 1} if reach[1] - reach[0] <= _TICKS else {"nticks": _TICKS}


def clip_losses(layout: dict[str, Any], curves: Iterable[Sequence[float]]) -> None:
    """Where a loss explodes, cut the axis above the other curves, which it would flatten to a line, and say so.

    Args:
        layout: with `panels`; changed in place.
        curves: all losses drawn, a phase of a training by itself; values that are no number are passed over.
    """
    tops = [max(finite) for one in curves if (finite := [value for value in one if math.isfinite(value)])]
    highest = max(tops, default=0.0)
    usual = max(statistics.median_low(tops) if tops else 0.0, _GUESSING)
    if highest <= _EXPLODED * usual or usual == highest:
        return
    layout["yaxis"] |= {"autorange": True, "autorangeoptions": {"minallowed": 0, "maxallowed": _LEFT * usual}}
    place = {"xref": "x domain", "yref": "y domain", "x": 1, "y": 1, "xanchor": "right", "yanchor": "top"}
    said = t("cut off here: it goes up to {highest:,.0f}", highest=highest)
    layout["annotations"].append({**place, "text": said, "showarrow": False, "font": {"size": 11}})


def upright(at: float, line: dict[str, Any], axis: str = "") -> dict[str, Any]:
    """A vertical line over the whole chart of `axis` ("" or "2"), at `at` on its horizontal axis."""
    place = {"xref": f"x{axis}", "yref": f"y{axis} domain", "x0": at, "x1": at, "y0": 0, "y1": 1}
    return {"type": "line", **place, "line": line}
