"""How good a run's classifier is, in words: the same on every page."""

from __future__ import annotations

from pages.ui import html as drawn
from pages.ui.format import percent_range
from transfer_core.runs.figure import Figure, in_full
from transfer_core.text import Sentence

__all__ = ["figure_sentence", "figure_title", "figure_words"]


def figure_title(figure: Figure) -> Sentence:
    """What the figure is called."""
    return {
        "test": Sentence("Test accuracy"),
        "folds": Sentence("Accuracy out of fold"),
        "validation": Sentence("Validation accuracy"),
    }[figure.on]


def figure_words(figure: Figure) -> Sentence:
    """In a few words, for a list."""
    result = percent_range(figure.share, (figure.low, figure.high))
    return {
        "test": Sentence("{result} right on test photos", result=result),
        "folds": Sentence("{result} right on every photo, out of fold", result=result),
        "validation": Sentence("{result} right on validation photos", result=result),
    }[figure.on]


def figure_sentence(figure: Figure) -> Sentence:
    """In full, as Markdown: on what, and what to expect of new photos."""
    return in_full(figure, drawn.plain)
