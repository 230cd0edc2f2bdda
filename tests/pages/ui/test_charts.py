"""A loss that explodes is cut off, and the chart says so; others are drawn as they are."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.labs.compare import chart as compare
from pages.labs.sanity.chart import sanity_figure
from pages.train import curves
from pages.ui.charts import clip_losses, panels, whole_epochs
from transfer_core.runs.events import EpochEnded

CALM = [1.0, 0.6, 0.4, 0.3]
WILD = [3.0, 90.0, 800.0, 3107.0]


def clipped(*losses: list[float]) -> tuple[float | None, str]:
    """Where the loss axis ends, if it was cut, and everything that is written on the charts."""
    layout = panels(("Loss", "Accuracy"), 4, epochs={}, accuracy={})
    clip_losses(layout, losses)
    end = layout["yaxis"].get("autorangeoptions", {}).get("maxallowed")
    return end, " ".join(note["text"] for note in layout["annotations"])


def test_what_explodes_is_cut_off_and_told() -> None:
    end, said = clipped(CALM, CALM, WILD, WILD)
    assert end == 3.0 and "it goes up to 3,107" in said
    assert clipped(CALM, [math.nan, math.inf, 4000.0])[0] == 3.0


@pytest.mark.parametrize(("epochs", "ticks"), [(2, {"dtick": 1}), (8, {"dtick": 1}), (50, {"nticks": 8})])
def test_no_tick_lies_between_two_epochs(epochs: int, ticks: dict[str, int]) -> None:
    assert whole_epochs([0.5, epochs + 0.5]) == ticks
    curve = {name: [0.5] * epochs for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    layout = sanity_figure({"frozen": curve}, "new", epochs=epochs, key="run")["layout"]
    for axis in ("xaxis", "xaxis2"):
        assert ticks.items() <= layout[axis].items()


@given(st.lists(st.lists(st.floats(0.001, 6.9), min_size=1, max_size=6), max_size=5))
def test_usual_losses_are_drawn_as_they_are(losses: list[list[float]]) -> None:
    assert clipped(*losses) == (None, "Loss Accuracy")


@pytest.mark.parametrize("losses", [[], [[]], [WILD], [WILD, WILD], [[0.0], [1.0]], [[math.nan]]])
def test_where_nothing_is_usual_nothing_is_cut(losses: list[list[float]]) -> None:
    assert clipped(*losses)[0] is None


def ended(phase: str, first: int, losses: list[float]) -> list[dict[str, Any]]:
    return [
        {"epoch": first + at, "phase": phase, "loss": loss, "val_loss": loss, "accuracy": 0.5, "val_accuracy": 0.5}
        for at, loss in enumerate(losses)
    ]


def test_compare_and_train_cut_the_phase_that_exploded() -> None:
    wild = [*ended("head", 1, CALM), *ended("fine-tune", 5, WILD)]
    figure = compare.figure([ended("head", 1, CALM), wild], key="a")
    assert figure["layout"]["yaxis"]["autorangeoptions"]["maxallowed"] == 3.0
    metrics = ("loss", "val_loss", "accuracy", "val_accuracy")
    epochs = [EpochEnded(one["phase"], one["epoch"], {key: one[key] for key in metrics}, 1.0, 1.0) for one in wild]
    layout = curves.figure(epochs, run="a", smoothing=0.0)["layout"]
    assert layout["yaxis"]["autorangeoptions"]["maxallowed"] == 3.0
    assert any("cut off here" in note["text"] for note in layout["annotations"])
