"""The curves of two runs over each other as a Plotly figure: color tells the run, dashes tell training photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from pages.shared.curves import HEIGHT, LEAST_EPOCHS, MARKED_EPOCHS, TRAINING, VALIDATION

__all__ = ["alternative", "figure"]

Epochs = Sequence[Mapping[str, Any]]
_RUNS = (("first", TRAINING, "circle"), ("second", VALIDATION, "diamond"))


def figure(curves: Sequence[Epochs], *, key: str) -> dict[str, Any]:
    """Loss and accuracy of both runs beside each other, as `{"data": [...], "layout": {...}}`.

    Args:
        curves: epochs of the first and of the second run, see `labs.compare.curves`.
        key: zoom is kept as long as this stays the same.
    """
    data = [
        _trace(epochs, name, color, symbol, axis, metric)
        for axis, metric in (("", "loss"), ("2", "accuracy"), ("", "val_loss"), ("2", "val_accuracy"))
        for epochs, (name, color, symbol) in zip(curves, _RUNS, strict=True)
    ]
    last = max([LEAST_EPOCHS, *(epoch["epoch"] for epochs in curves for epoch in epochs)])
    shares = [epoch[metric] for epochs in curves for epoch in epochs for metric in ("accuracy", "val_accuracy")]
    layout: dict[str, Any] = {
        "uirevision": key,
        "height": HEIGHT,
        "margin": {"l": 52, "r": 12, "t": 84, "b": 44},
        "hovermode": "x unified",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1.2, "yanchor": "bottom"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)"},
        "shapes": [
            _boundary(axis, start, color)
            for axis in ("", "2")
            for epochs, (_, color, _) in zip(curves, _RUNS, strict=True)
            for start in _phase_starts(epochs)
        ],
        "annotations": _titles(),
        "yaxis": {"anchor": "x", "zeroline": False, "rangemode": "tozero"},
        "yaxis2": {
            "anchor": "x2",
            "zeroline": False,
            "tickformat": ".0%",
            "range": [max(0.0, int(min(shares, default=0.0) * 10 - 0.5) / 10), 1.01],
        },
    }
    for axis, domain in (("", [0, 0.46]), ("2", [0.56, 1])):
        layout[f"xaxis{axis}"] = {
            "domain": domain,
            "anchor": f"y{axis}",
            "title": {"text": "epoch", "standoff": 6},
            "tickformat": "d",
            "unifiedhovertitle": {"text": "epoch %{x}"},
            "nticks": 8,
            "zeroline": False,
            "range": [0.5, last + 0.5],
        }
    return {"data": data, "layout": layout}


def alternative(curves: Sequence[Epochs]) -> str:
    """What the charts show, for people who don't see them."""
    parts = [
        f"the {name} trained for {len(epochs)} epochs and reached a validation accuracy of "
        f"{max(epoch['val_accuracy'] for epoch in epochs):.0%} at best"
        for epochs, (name, _, _) in zip(curves, _RUNS, strict=True)
        if epochs
    ]
    return f"Training curves of both runs: {'; '.join(parts) or 'no epoch was kept'}."


def _trace(epochs: Epochs, run: str, color: str, symbol: str, axis: str, metric: str) -> dict[str, Any]:
    checked = metric.startswith("val_")
    name = f"{run}, {'validation' if checked else 'training'}"
    line = {"color": color, "width": 2.5} if checked else {"color": color, "width": 1.5, "dash": "dot"}
    marked = checked and len(epochs) <= MARKED_EPOCHS
    return {
        "type": "scatter",
        "name": name,
        "legendgroup": name,
        "showlegend": axis == "",
        "x": [epoch["epoch"] for epoch in epochs],
        "y": [epoch[metric] for epoch in epochs],
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "mode": "lines+markers" if marked else "lines",
        "marker": {"symbol": symbol, "size": 6, "color": color},
        "line": line,
        "opacity": 1 if checked else 0.7,
        "hovertemplate": f"{name} {'%{y:.1%}' if 'accuracy' in metric else '%{y:.3f}'}<extra></extra>",
    }


def _phase_starts(epochs: Epochs) -> list[float]:
    """Half a step before the epochs with which fine-tuning begins."""
    return [epoch["epoch"] - 0.5 for before, epoch in pairwise(epochs) if before["phase"] != epoch["phase"]]


def _boundary(axis: str, at: float, color: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": f"x{axis}",
        "yref": f"y{axis} domain",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "opacity": 0.6,
        "line": {"color": color, "width": 1.5, "dash": "dash"},
    }


def _titles() -> list[dict[str, Any]]:
    common = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 4, "showarrow": False}
    return [
        {"xref": f"x{axis} domain", "yref": f"y{axis} domain", "text": text, **common}
        for axis, text in (("", "<b>Loss</b>, lower is better"), ("2", "<b>Accuracy</b>"))
    ]
