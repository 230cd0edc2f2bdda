"""What an evaluation found, drawn: the table of mistakes, the photos behind it, class by class, and how sure it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.live_curves import live_curves
from pages.jobs.trained_runs import read_trained
from pages.labs.evaluate import chart, gallery, matrix
from pages.ui import html as drawn
from pages.ui.format import percent_range, photo_count
from pages.ui.html import plain
from transfer_core.backbones.catalog import get_base
from transfer_core.errors import TransferError
from transfer_core.labs.evaluate.verdict import FOLDS, answered
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, plural, t

__all__ = ["draw"]

_ON = {
    "validation": Sentence("Validation photos"),
    "test": Sentence("Test photos"),
    FOLDS: Sentence("Every photo, each answered by a classifier that had not seen it"),
}


_ENOUGH = 100  # photos; with fewer, chance alone drives the groups apart


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw a result."""
    if "answers" not in result:
        return
    if st.session_state.get("evaluate_run") not in (None, Path(result["run"]).name):
        st.info(t("This is what was found of another classifier than the one chosen above."), icon=":material/info:")
    share = percent_range(result["accuracy"], result["interval"])
    drawn.facts(
        {
            t("Classifier"): _name(result),
            t("Photos"): t(_ON.get(result["on"], Sentence("The photos of {data}", data=result["on"]))),
            t("Right"): t("{share} of {photos}", share=share, photos=photo_count(result["photos"])),
        }
    )
    if skipped := result.get("skipped"):
        st.caption(t(plural("{n:,} photo could not be read.", "{n:,} photos could not be read.", skipped)))
    shown = gallery.shown_key(run)
    st.header(t("The table of mistakes"), anchor=False)
    matrix.draw(result, key=f"evaluate_matrix_{run.id}_{gallery.turn(shown)}", shown=shown)
    gallery.draw(run, result, shown)
    st.header(t("Class by class"), anchor=False)
    _classes(result)
    st.header(t("Does it know when it is unsure?"), anchor=False)
    live_curves(chart.figure(result, run.id), key=f"evaluate_chart_{run.id}", label=chart.alternative(result))
    st.caption(
        t(
            "Each point is a group of answers that are about as sure; the larger, the more answers. On the dashed line "
            "they are right as often as they are sure. Below it the classifier is too sure of itself. The thin lines "
            "are how far chance reaches."
        )
    )
    if result["photos"] >= _ENOUGH:
        st.caption(t("Over all groups the two lie {ece:.0%} apart (*expected calibration error*).", ece=result["ece"]))


def _name(result: dict[str, Any]) -> str:
    """The run as the rest of the app calls it; by its base alone when it has been deleted since."""
    try:
        return read_trained(Run(Path(result["run"]))).name
    except TransferError:
        return t("{title} (deleted since)", title=get_base(result["base"]).title)


def _classes(result: dict[str, Any]) -> None:
    rows = {
        t("Class"): [plain(name) for name in result["classes"]],
        t("Photos"): [found["photos"] for found in result["per_class"].values()],
        t("Found"): [_range(found, "recall", found["photos"]) for found in result["per_class"].values()],
        t("Right when it says so"): [
            _range(found, "precision", answered(result, name)) for name, found in result["per_class"].items()
        ],
    }
    st.table(rows)


def _range(found: dict[str, Any], figure: str, photos: int) -> str:
    """A share in words; of no photos nothing is known."""
    return percent_range(found[figure], found[f"{figure}_interval"]) if photos else "–"
