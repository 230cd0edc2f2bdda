"""The curves of the sanity check over each other as a Plotly figure: a color and dashes for each training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from pages.ui import charts as plot_layout
from pages.ui.charts import TRAINING, VALIDATION
from transfer_core.text import Sentence, t

__all__ = ["STYLES", "Photos", "Style", "alternative", "legend", "sanity_figure"]

Photos = Literal["new", "learned"]
_KEYS: dict[Photos, tuple[str, str]] = {"new": ("val_loss", "val_accuracy"), "learned": ("loss", "accuracy")}
_WORDS: dict[Photos, Sentence] = {"new": Sentence("new photos"), "learned": Sentence("photos learned from")}
_HEIGHT = 330


@dataclass(frozen=True)
class Style:
    """How one training is drawn."""

    label: Sentence
    """Short, for the legend."""
    color: str
    """With a contrast of 3:1 and more on white and on the dark background."""
    dash: str
    """Lengths of dashes and gaps in turn, in pixels; empty: a solid line."""
    width: float = 2.0


STYLES: dict[str, Style] = {
    # The second is drawn over the first: where they are equal, both colors show.
    "bottleneck": Style(Sentence("saved features"), TRAINING, "", 5.0),
    "frozen": Style(Sentence("frozen, end to end"), VALIDATION, "6,6", 2.5),
    "dropout": Style(Sentence("dropout"), "#8e63ce", "2,4"),
    "batch_norm": Style(Sentence("BatchNormalization"), "#d6404f", "10,4"),
    "scaling": Style(Sentence("scaling"), "#16897b", "8,3,2,3"),
    "no_shuffle": Style(Sentence("no shuffling"), "#957000", "14,4"),
    "softmax": Style(Sentence("softmax"), "#c0479f", "4,2"),
    "training_true": Style(Sentence("training=True"), "#5a841c", "14,3,2,3"),
    "overruled": Style(Sentence("overruled by fit"), "#808895", "2,2"),
}


def sanity_figure(
    curves: Mapping[str, Mapping[str, Sequence[float]]], photos: Photos, *, epochs: int, key: str
) -> dict[str, Any]:
    """Loss and accuracy beside each other, as `{"data": [...], "layout": {...}}`.

    Args:
        curves: of each training by name (of STYLES), see `labs.sanity.CURVES`; one value an epoch.
        photos: those whose loss and accuracy are drawn.
        epochs: how many each training takes.
        key: zoom is kept as long as this stays the same.
    """
    data = [
        _trace(STYLES[name], values[metric], axis)
        for axis, metric in zip(("", "2"), _KEYS[photos], strict=True)
        for name, values in curves.items()
    ]
    reach = [0.5, epochs + 0.5]
    layout = plot_layout.plain(key, _HEIGHT, (52, 12, 40, 44)) | plot_layout.panels(
        (t("<b>Loss</b>, {photos}", photos=_WORDS[photos]), t("<b>Accuracy</b>, {photos}", photos=_WORDS[photos])),
        6,
        epochs={"range": reach, **plot_layout.whole_epochs(reach)},
        accuracy={"range": [-0.02, 1.02]},
    )
    plot_layout.clip_losses(layout, [values[_KEYS[photos][0]] for values in curves.values()])
    layout |= {"showlegend": False, "legend": {}}
    return {"data": data, "layout": layout}


def legend(names: Sequence[str]) -> str:
    """Lines and names as HTML, which finds room on a narrow page."""
    items = [
        '<span style="display:inline-flex;align-items:center;gap:.4rem">'
        f'<span style="width:34px;height:{STYLES[name].width:g}px;background:{_painted(STYLES[name])}"></span>'
        f"{escape(t(STYLES[name].label))}</span>"
        for name in names
    ]
    return f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.85rem">{"".join(items)}</div>'


def _painted(style: Style) -> str:
    """A line as a CSS background: what is allowed in a page's HTML has no drawings."""
    if not style.dash:
        return style.color
    stops, place = [], 0
    for index, length in enumerate(int(part) for part in style.dash.split(",")):
        stops.append(f"{'transparent' if index % 2 else style.color} {place}px {place + length}px")
        place += length
    return f"repeating-linear-gradient(90deg,{','.join(stops)})"


def alternative(curves: Mapping[str, Mapping[str, Sequence[float]]], photos: Photos) -> str:
    """What the charts show, for people who don't see them."""
    loss, accuracy = _KEYS[photos]
    parts = [
        t(
            "{label} ends at loss {loss:.2f} and accuracy {accuracy:.0%}",
            label=STYLES[name].label,
            loss=values[loss][-1],
            accuracy=values[accuracy][-1],
        )
        for name, values in curves.items()
        if values[loss]
    ]
    if not parts:
        return t("Curves on {photos}: no epoch has ended yet.", photos=_WORDS[photos])
    return t("Curves on {photos}: {ends}.", photos=_WORDS[photos], ends=t("; ").join(parts))


def _trace(style: Style, values: Sequence[float], axis: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": t(style.label),
        "x": list(range(1, len(values) + 1)),
        "y": list(values),
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        # A single point makes no line.
        "mode": "lines" if len(values) > 1 else "markers",
        "marker": {"color": style.color, "size": 8},
        "line": {"color": style.color, "width": style.width, "dash": style.dash.replace(",", "px,") + "px"}
        if style.dash
        else {"color": style.color, "width": style.width},
        "opacity": 0.45 if style.width > 4 else 1,
        "hovertemplate": f"{style.label} {'%{y:.0%}' if axis else '%{y:.4f}'}<extra></extra>",
    }
