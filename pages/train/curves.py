"""Loss and accuracy of a run as a Plotly figure: plain data, so no page waits for Plotly to import."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

from pages.ui import charts as plot_layout
from pages.ui.charts import LEAST_EPOCHS, MARKED_EPOCHS, MUTED, TRAINING, VALIDATION
from transfer_core.runs.events import EpochEnded
from transfer_core.text import t

__all__ = ["HEIGHT", "alternative", "figure", "smooth"]

Metric = Literal["loss", "accuracy"]
HEIGHT = 360


def smooth(points: Sequence[float], factor: float) -> list[float]:
    """Exponential moving average: each point is `factor` of the one before and the rest of its own.

    As in F. Chollet, Deep Learning with Python, first edition, listing 5.22 (`smooth_curve`). 0 changes nothing.
    """
    smoothed: list[float] = []
    for point in points:
        smoothed.append(smoothed[-1] * factor + point * (1 - factor) if smoothed else point)
    return smoothed


def figure(epochs: Sequence[EpochEnded], *, run: str, smoothing: float, waiting: str = "") -> dict[str, Any]:
    """The two charts beside each other, as `{"data": [...], "layout": {...}}`.

    Args:
        epochs: of all phases, in order; may be empty.
        run: zoom is kept as long as this stays the same.
        smoothing: 0 to below 1, see `smooth`.
        waiting: what the empty charts say before the first epoch.
    """
    data: list[dict[str, Any]] = []
    for axis, metric in (("", "loss"), ("2", "accuracy")):
        for name, key, style in (
            ("training", metric, {"line": {"color": TRAINING, "width": 2.5}}),
            ("validation", f"val_{metric}", {"line": {"color": VALIDATION, "width": 2.5, "dash": "dash"}}),
        ):
            data += _traces(epochs, key, name, axis, smoothing, style)
    starts = _phase_starts(epochs)
    last = max(LEAST_EPOCHS, epochs[-1].epoch if epochs else 0)
    seen = [epoch.metrics[key] for epoch in epochs for key in ("accuracy", "val_accuracy")]
    layout = plot_layout.plain(run, HEIGHT, (52, 12, 64, 44)) | plot_layout.panels(
        (t("<b>Loss</b>, lower is better"), t("<b>Accuracy</b>")),
        18,
        epochs=_span(0.5, last + 0.5, bool(epochs)),
        accuracy=_span(plot_layout.accuracy_floor(seen), 1.01, bool(epochs)),
    )
    layout["legend"] = plot_layout.legend(1.2)
    layout["shapes"] = [shape for axis in ("", "2") for at in starts[1:] for shape in _boundary(axis, at, last)]
    layout["annotations"] += [label for axis in ("", "2") for at in starts[1:] for label in _labels(axis, at, last)]
    phases = [list(group) for _, group in groupby(epochs, key=lambda epoch: epoch.phase)]
    plot_layout.clip_losses(
        layout, [[epoch.metrics[key] for epoch in phase] for phase in phases for key in ("loss", "val_loss")]
    )
    if not epochs:
        layout["annotations"] += [_waiting(axis, waiting) for axis in ("", "2")]
        layout["yaxis"] |= _span(0, 2, False)
    return {"data": data, "layout": layout}


def _span(low: float, high: float, growing: bool) -> dict[str, Any]:
    """From `low` to `high`. A range given as such would change with each epoch, and zoom with it: Plotly keeps what a
    person did to an axis only as long as the figure itself says the same about it."""
    if not growing:
        return {"range": [low, high]}
    return {"autorange": True, "autorangeoptions": {"minallowed": low, "maxallowed": high, "include": [low, high]}}


def alternative(epochs: Sequence[EpochEnded]) -> str:
    """What the charts show, for people who don't see them."""
    if not epochs:
        return t("Training curves: no epoch has ended yet.")
    last = epochs[-1]
    best = max(epoch.metrics["val_accuracy"] for epoch in epochs)
    return t(
        "Training curves after {epoch} epochs: training accuracy {accuracy:.0%} and loss "
        "{loss:.2f}, validation accuracy {val_accuracy:.0%} and loss "
        "{val_loss:.2f}; best validation accuracy {best:.0%}.",
        epoch=last.epoch,
        accuracy=last.metrics["accuracy"],
        loss=last.metrics["loss"],
        val_accuracy=last.metrics["val_accuracy"],
        val_loss=last.metrics["val_loss"],
        best=best,
    )


def _traces(
    epochs: Sequence[EpochEnded], key: str, name: str, axis: str, smoothing: float, style: dict[str, Any]
) -> list[dict[str, Any]]:
    x = [epoch.epoch for epoch in epochs]
    raw = [epoch.metrics[key] for epoch in epochs]
    common = {"x": x, "xaxis": f"x{axis}", "yaxis": f"y{axis}", "type": "scatter", "legendgroup": name}
    marker = {"symbol": "circle" if name == "training" else "diamond-open", "size": 6 if name == "training" else 8}
    shown = t("training") if name == "training" else t("validation")
    values = "%{y:.1%}" if "accuracy" in key else "%{y:.3f}"
    drawn = {
        **common,
        "name": shown,
        "y": _smooth_phases(epochs, raw, smoothing),
        "mode": "lines" if smoothing or len(epochs) > MARKED_EPOCHS else "lines+markers",
        "marker": marker | {"color": style["line"]["color"]},
        "showlegend": axis == "",
        "hovertemplate": f"{shown} {values}<extra></extra>",
        **style,
    }
    # Both are always there, so that Plotly keeps the identity of each line when smoothing is switched on.
    points = {
        **common,
        "name": t("{name}, as measured", name=shown),
        "x": x if smoothing else [],
        "y": raw if smoothing else [],
        "mode": "markers",
        "marker": marker | {"color": style["line"]["color"]},
        "opacity": 0.35,
        "visible": bool(smoothing),
        "showlegend": False,
        "hoverinfo": "skip",
    }
    return [points, drawn]


def _smooth_phases(epochs: Sequence[EpochEnded], raw: Sequence[float], factor: float) -> list[float]:
    # Each phase by itself: a jump where fine-tuning begins is something to see, not noise.
    smoothed: list[float] = []
    start = 0
    for at in range(1, len(epochs) + 1):
        if at == len(epochs) or epochs[at].phase != epochs[start].phase:
            smoothed += smooth(raw[start:at], factor)
            start = at
    return smoothed


def _phase_starts(epochs: Sequence[EpochEnded]) -> list[float]:
    """Where on the epoch axis each phase begins: half a step before its first epoch."""
    return [
        epoch.epoch - 0.5 for before, epoch in zip([None, *epochs], epochs, strict=False) if _changes(before, epoch)
    ]


def _changes(before: EpochEnded | None, epoch: EpochEnded) -> bool:
    return before is None or before.phase != epoch.phase


def _boundary(axis: str, at: float, last: int) -> list[dict[str, Any]]:
    """The line where fine-tuning begins, and a tint over its epochs."""
    line = plot_layout.upright(at, {"color": MUTED, "width": 1.5, "dash": "dot"}, axis) | {"layer": "below"}
    tint = {"type": "rect", "x1": last + 0.5, "fillcolor": MUTED, "opacity": 0.12, "line": {"width": 0}}
    return [line | tint, line]


def _labels(axis: str, at: float, last: int) -> list[dict[str, Any]]:
    """Names of the two phases on either side of the line; where one side is narrow, all on the other."""
    common = {
        "xref": f"x{axis}",
        "yref": f"y{axis} domain",
        "x": at,
        "y": 1,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 11},
    }
    late = (at - 0.5) / last > 0.5
    label = {"text": t("fine-tuning begins \u2193") if late else t("\u2193 fine-tuning begins")}
    return [{**common, **label, "xanchor": "right" if late else "left", "xshift": 4 if late else -4}]


def _waiting(axis: str, text: str) -> dict[str, Any]:
    return {
        "xref": f"x{axis} domain",
        "yref": f"y{axis} domain",
        "x": 0.5,
        "y": 0.5,
        "text": text,
        "showarrow": False,
        "font": {"size": 14},
    }
