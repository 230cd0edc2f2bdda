"""The curves of two runs over each other as a Plotly figure: color tells the run, dashes tell training photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from pages.train.curves import HEIGHT
from pages.ui import charts as plot_layout
from pages.ui.charts import LEAST_EPOCHS, MARKED_EPOCHS, TRAINING, VALIDATION
from transfer_core.text import Sentence, t

__all__ = ["alternative", "figure"]

Epochs = Sequence[Mapping[str, Any]]
_RUNS = ((Sentence("first"), TRAINING, "circle"), (Sentence("second"), VALIDATION, "diamond"))


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
    layout = plot_layout.plain(key, HEIGHT, (52, 12, 84, 44)) | plot_layout.panels(
        (t("<b>Loss</b>, lower is better"), t("<b>Accuracy</b>")),
        4,
        epochs={"range": [0.5, last + 0.5]},
        accuracy={"range": [plot_layout.accuracy_floor(shares), 1.01]},
    )
    phases = [list(group) for epochs in curves for _, group in groupby(epochs, key=lambda epoch: epoch["phase"])]
    plot_layout.clip_losses(
        layout, [[epoch[metric] for epoch in phase] for phase in phases for metric in ("loss", "val_loss")]
    )
    layout["legend"] = plot_layout.legend(1.2)
    layout["shapes"] = [
        plot_layout.upright(start, {"color": color, "width": 1.5, "dash": "dash"}, axis)
        | {"layer": "below", "opacity": 0.6}
        for axis in ("", "2")
        for epochs, (_, color, _) in zip(curves, _RUNS, strict=True)
        for start in _phase_starts(epochs)
    ]
    return {"data": data, "layout": layout}


def alternative(curves: Sequence[Epochs]) -> str:
    """What the charts show, for people who don't see them."""
    parts = [
        t(
            "the {name} trained for {count} epochs and reached a validation accuracy of {value:.0%} at best",
            name=name,
            count=len(epochs),
            value=max(epoch["val_accuracy"] for epoch in epochs),
        )
        for epochs, (name, _, _) in zip(curves, _RUNS, strict=True)
        if epochs
    ]
    if not parts:
        return t("Training curves of both runs: no epoch was kept.")
    return t("Training curves of both runs: {ends}.", ends=t("; ").join(parts))


def _trace(epochs: Epochs, run: Sentence, color: str, symbol: str, axis: str, metric: str) -> dict[str, Any]:
    checked = metric.startswith("val_")
    name = t("{run}, validation" if checked else "{run}, training", run=run)
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
