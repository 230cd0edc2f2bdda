"""None of these: how careful the classifier is with photos that look new to it, and what a photo reminds it of."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import html as drawn
from pages.ui.html import strip, thumb_bytes
from transfer_core.errors import StorageError
from transfer_core.runs.folder import Run
from transfer_core.stats.abstention import COVERAGE, expected_coverage, threshold_for
from transfer_core.text import Sentence, t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["choose", "draw_answer", "is_new", "least_alike", "reminds_of"]

_KEY = "how_careful"
_LEVELS: dict[str, tuple[float, Sentence, Sentence]] = {
    "always": (
        1.0,
        Sentence("Always answer"),
        Sentence("It answers with one of its classes, whatever a photo shows."),
    ),
    "usual": (
        COVERAGE,
        Sentence("Balanced"),
        Sentence(
            "It says *none of these* to what looks unlike all it learned from. About {coverage:.0%} of new photos of "
            "your classes still get an answer."
        ),
    ),
    "careful": (
        0.8,
        Sentence("Rather silent than wrong"),
        Sentence(
            "It says *none of these* as soon as a photo looks a little unlike what it learned from. About "
            "{coverage:.0%} of new photos of your classes still get an answer."
        ),
    ),
}
"""By name: the share of new photos that are to be answered, the level's name, and what it means."""


def choose(run: Run) -> float:
    """Choose how careful it is; the share of new photos of its classes that it answers. One that can't be careful
    answers all of them; the answers of others, which are still on the page, stay as they were."""
    checked = _checked(run)
    if checked is None:
        st.caption(t("It always answers with one of the classes it learned, whatever a photo shows."))
        return _LEVELS[st.session_state.get(_KEY, "usual")][0]
    level = st.select_slider(
        t("How careful should it be?"),
        list(_LEVELS),
        value="usual",
        key=_KEY,
        format_func=lambda name: t(_LEVELS[name][1]),
    )
    coverage, _, words = _LEVELS[level]
    st.caption(t(words.id, coverage=expected_coverage(len(checked), coverage)))
    return coverage


def is_new(run: Run, alike: float | None, coverage: float) -> bool:
    """Whether a photo looks too new to `run` for an answer.

    Args:
        run: the one that was asked.
        alike: what it said of the photo's likeness; None: nothing.
        coverage: what `choose` gave.
    """
    return alike is not None and alike < least_alike(run, coverage)


def least_alike(run: Run, coverage: float) -> float:
    """The likeness that a photo needs for an answer of `run`."""
    checked = _checked(run)
    return -math.inf if checked is None or coverage >= 1 else float(threshold_for(checked, coverage))


def draw_answer(label: str, probabilities: Mapping[str, float], new: bool) -> None:
    """Say what was answered, or that it looks like none of the classes, and how sure of each."""
    if new:
        drawn.answer(t("None of these"))
        st.caption(t("It looks unlike what the classifier learned from. If it had to choose:"))
    else:
        drawn.answer(label)
    drawn.probability_bars(probabilities)


def reminds_of(run: Run, nearest: Sequence[str]) -> None:
    """Draw the photos learned from that look most alike."""
    photos = _photos(str(run.path))
    pictures = [picture for sha in nearest if sha in photos and (picture := thumb_bytes(photos[sha]))]
    if pictures:
        st.caption(t("What it learned from that looks most alike"))
        strip(pictures, t("Photos it learned from that look most alike"))


def _checked(run: Run) -> NDArray[np.float32] | None:
    """Likeness of the photos the run was checked on; None where it kept none."""
    try:
        changed = run.known_path.stat().st_mtime_ns
    except OSError:
        return None
    return _read(str(run.known_path), changed)


@st.cache_data(show_spinner=False, max_entries=20)
def _read(path: str, changed: int) -> NDArray[np.float32] | None:
    from transfer_core.runs.known import read_known

    known = read_known(Path(path))
    return None if known is None else known.checked


@st.cache_data(show_spinner=False, max_entries=5)
def _photos(folder: str) -> dict[str, dict[str, str]]:
    try:
        photos = Run(Path(folder)).manifest().photos
    except StorageError:
        return {}  # the run is gone; its answers are still here
    return {photo.sha256: {"photo": photo.name, "path": photo.path, "sha256": photo.sha256} for photo in photos}
