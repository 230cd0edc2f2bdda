"""Accuracy by depth as Plotly figures: the curve with its band, and class by class. Plain data, no Plotly needed."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from pages.ui import charts as plot_layout
from pages.ui.charts import MUTED, TRAINING, VALIDATION
from transfer_core.labs.probe.verdict import may_go_on
from transfer_core.stats.paired import SIGNIFICANT
from transfer_core.text import t

__all__ = ["alternative", "class_figure", "probe_figure"]

_BAND = "rgba(47, 127, 209, 0.2)"  # TRAINING, see-through
_MOST_NAMES = 24  # below the chart
_LONGEST = 16  # letters of a class name beside the chart


def probe_figure(result: dict[str, Any], run: str) -> dict[str, Any]:
    """The curve.

    Args:
        result: of a probe, with at least one depth; those still to come leave their place empty.
        run: zoom is kept as long as this stays the same.
    """
    depths, chance = result["depths"], result["chance"]
    at = list(range(len(depths)))
    accuracy = [depth["accuracy"] for depth in depths]
    low, high = ([depth["interval"][end] for depth in depths] for end in (0, 1))
    common = {"type": "scatter", "x": at, "hoverinfo": "skip"}
    edge = {**common, "mode": "lines", "line": {"width": 0}}
    band = {**edge, "y": low, "fill": "tonexty", "fillcolor": _BAND, "name": t("95% interval"), "showlegend": True}
    curve = {
        **common,
        "y": accuracy,
        "mode": "lines+markers",
        "name": t("accuracy"),
        "line": {"color": TRAINING, "width": 2.5},
        "marker": {"color": TRAINING, "size": 7},
        "customdata": [[depth["block"], depth["stage"], *depth["interval"], _words(depth)] for depth in depths],
        "hovertemplate": (
            t(
                "<b>%{customdata[0]}</b> (%{customdata[1]})<br>%{y:.1%}, probably %{customdata[2]:.0%} to "
                "%{customdata[3]:.0%}<br>%{customdata[4]}<extra></extra>"
            )
        ),
    }
    curve.pop("hoverinfo")
    best = [place for place, depth in enumerate(depths) if depth["block"] == result.get("best")]
    star = {
        **common,
        "x": best,
        "y": [accuracy[place] for place in best],
        "mode": "markers",
        "name": t("perhaps the last block that matters")
        if may_go_on(depths, result.get("best"))
        else t("the last block that matters"),
        "marker": {"color": VALIDATION, "size": 16, "symbol": "star", "line": {"color": "white", "width": 1}},
    }
    guess = {
        "type": "scatter",
        "x": [-0.5, result["blocks"] - 0.5],
        "y": [chance, chance],
        "mode": "lines",
        "name": t("guessing ({chance:.0%})", chance=chance),
        "line": {"color": MUTED, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }
    upper = {**edge, "y": high, "showlegend": False}
    shapes, names = _stages(result)
    layout = plot_layout.plain(run, 420, (50, 12, 84, 70)) | {
        "legend": plot_layout.legend(1.08),
        "shapes": shapes,
        "annotations": names,
        "xaxis": _blocks(result),
        "yaxis": plot_layout.shares(max(0.0, min([chance, *low]) - 0.05), 1.02),
    }
    return {"data": [upper, band, guess, curve, star], "layout": layout}


def class_figure(result: dict[str, Any], run: str) -> dict[str, Any]:
    """Which share of each class is told right after each block, as a map: classes down, blocks across."""
    depths = result["depths"]
    classes = list(result["classes"])[::-1]
    colors = {"type": "heatmap", "zmin": 0, "zmax": 1, "colorscale": [[0, "#eef4fb"], [1, "#0b4f96"]]}
    share = {
        **colors,
        "x": list(range(len(depths))),
        "y": list(range(len(classes))),
        "z": [[depth["recall"][name] for depth in depths] for name in classes],
        "customdata": [[[name, depth["block"]] for depth in depths] for name in classes],
        "hovertemplate": t("%{customdata[0]} after %{customdata[1]}: %{z:.0%}<extra></extra>"),
        "xgap": 1,
        "ygap": 1,
        "colorbar": {"tickformat": ".0%", "thickness": 10, "outlinewidth": 0},
    }
    layout = plot_layout.plain(run, 130 + 26 * len(classes), (8, 8, 12, 70)) | {
        "xaxis": _blocks(result) | {"showgrid": False},
        "yaxis": {
            "tickvals": list(range(len(classes))),
            "ticktext": [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in classes],
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        },
    }
    return {"data": [share], "layout": layout}


def alternative(result: dict[str, Any]) -> str:
    """What the curve shows, for people who don't see it."""
    depths = result["depths"]
    highest = max(depths, key=lambda depth: depth["accuracy"])
    first, last = depths[0], depths[-1]
    text = t(
        "Accuracy by depth, {count} blocks: {begin:.0%} after {first}, "
        "at most {top:.0%} after {highest}, {end:.0%} after {last}; "
        "guessing gives {chance:.0%}.",
        count=len(depths),
        begin=first["accuracy"],
        first=first["block"],
        top=highest["accuracy"],
        highest=highest["block"],
        end=last["accuracy"],
        last=last["block"],
        chance=result["chance"],
    )
    best = result.get("best")
    if not best:
        return text
    if may_go_on(depths, best):
        return t("{text} Perhaps the last block that matters is {best}.", text=text, best=best)
    return t("{text} The last block that matters is {best}.", text=text, best=best)


def _words(depth: dict[str, Any]) -> str:
    if depth["p_value"] >= SIGNIFICANT:
        return t("no real difference from the highest (p = {p_value:.2f})", p_value=depth["p_value"])
    value = depth["p_value"]
    return t(
        "really less than the highest (p < 0.001)" if value < 0.001 else "really less than the highest (p = {p:.3f})",
        p=value,
    )


def _blocks(result: dict[str, Any]) -> dict[str, Any]:
    depths = result["depths"]
    shown = range(0, len(depths), -(-result["blocks"] // _MOST_NAMES))
    return {
        "tickvals": list(shown),
        "ticktext": [depths[at]["block"] for at in shown],
        "tickangle": -90,
        "tickfont": {"size": 10},
        "range": [-0.5, result["blocks"] - 0.5],
        "zeroline": False,
    }


def _stages(result: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A tint over every other stage, and the names of those wide enough."""
    shapes, names, start = [], [], 0
    for number, (stage, group) in enumerate(groupby(result["depths"], key=lambda depth: depth["stage"])):
        end = start + len(list(group))
        span = {"xref": "x", "yref": "y domain", "y0": 0, "y1": 1, "x0": start - 0.5, "x1": end - 0.5}
        if number % 2:
            shapes.append(
                {**span, "type": "rect", "layer": "below", "fillcolor": MUTED, "opacity": 0.1, "line": {"width": 0}}
            )
        if end - start > 1:
            middle = {"x": (start + end - 1) / 2, "y": 1, "xref": "x", "yref": "y domain", "showarrow": False}
            names.append({**middle, "yanchor": "bottom", "text": stage, "font": {"size": 10}})
        start = end
    return shapes, names
