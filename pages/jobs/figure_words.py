"""How good a run's classifier is, in words: the same on every page."""

from __future__ import annotations

from collections.abc import Callable

from pages.ui import html as drawn
from pages.ui.format import percent_range
from transfer_core.runs.figure import Figure
from transfer_core.text import Sentence, joined, plural

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


def figure_sentence(figure: Figure, name: Callable[[str], str] = drawn.plain) -> Sentence:
    """In full: on what, and what to expect of new photos.

    Args:
        figure: how good it is.
        name: how a class is written; for text that is no Markdown, as it is.
    """
    values = {"right": figure.right, "photos": figure.photos, "low": figure.low * 100, "high": figure.high * 100}
    said = {
        "test": Sentence(
            "On the test photos, by which nothing was chosen: **right on {right:,} of {photos:,}**. Of 100 new "
            "photos like these, expect **between {low:.0f} and {high:.0f}** right.",
            **values,
        ),
        "folds": Sentence(
            "**Right on {right:,} of {photos:,} photos**, each answered by a classifier trained without it. Of 100 new "
            "photos like these, expect **between {low:.0f} and {high:.0f}** right.",
            **values,
        ),
        "validation": Sentence(
            "**Right on {right:,} of {photos:,} validation photos.** It did not learn from them, but they chose its "
            "best epoch. Of 100 new photos like these, expect **between {low:.0f} and {high:.0f}** right, or a little "
            "less.",
            **values,
        ),
    }[figure.on]
    more = []
    if figure.leaked:
        more.append(
            plural(
                "But {n:,} of these photos shows the same as one it learned from, or nearly, so it looks better than "
                "it is.",
                "But {n:,} of these photos show the same as some it learned from, or nearly, so it looks better than "
                "it is.",
                figure.leaked,
            )
        )
    if figure.missing:
        names = [name(missing) for missing in figure.missing]
        more.append(Sentence("Of {names} there was none among them, so that says nothing of it.", names=names))
    return joined([said, *more]) if more else said
