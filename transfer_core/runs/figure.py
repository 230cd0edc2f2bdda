"""The one figure that says how good a run's classifier is: the most honest there is, and what it rests on."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transfer_core.disk.files import disk_errors, read_json, write_json
from transfer_core.errors import StorageError
from transfer_core.runs.folder import Run
from transfer_core.stats.intervals import wilson
from transfer_core.text import Sentence, joined, plural

__all__ = ["Figure", "forget_out_of_fold", "in_full", "keep_out_of_fold", "run_figure"]

On = Literal["test", "folds", "validation"]


@dataclass(frozen=True)
class Figure:
    """How many of some photos were right."""

    on: On
    """`test`: photos kept for the end, which had no say in anything. `folds`: every photo, each answered by a
    classifier trained without it. `validation`: photos not learned from, but by which the best epoch was chosen."""
    share: float
    """Right answers, 0..1."""
    photos: int
    low: float
    """Of the 95 % interval, 0..1."""
    high: float
    missing: tuple[str, ...] = ()
    """Classes of which there was no photo."""
    leaked: int = 0
    """How many of these photos show the same as photos learned from, or nearly the same."""

    @property
    def right(self) -> int:
        """How many photos were right."""
        return round(self.share * self.photos)

    @property
    def honest(self) -> bool:
        """Whether nothing was chosen by these photos."""
        return self.on != "validation"

    @classmethod
    def read(cls, on: On, found: Mapping[str, Any], classes: tuple[str, ...], leaked: int = 0) -> "Figure":
        """From what was measured: `accuracy`, `interval` and `confusion`, whose rows are the true classes."""
        counts = [sum(row) for row in found["confusion"]]
        missing = tuple(name for name, count in zip(classes, counts, strict=False) if not count)
        low, high = found["interval"]
        return cls(on, found["accuracy"], sum(counts), low, high, missing, leaked)


def run_figure(run: Run, report: Mapping[str, Any] | None) -> Figure | None:
    """The figure of a run: of its test photos where it has some, else out of fold where that was measured, else of its
    validation photos; None where there is none.

    Args:
        run: the run.
        report: what its report.json holds; None where there is no model.
    """
    if not report or report.get("val_accuracy") is None:
        return None
    classes, leaked = tuple(report.get("classes", ())), report.get("leaked", {})
    if report.get("test"):
        return Figure.read("test", report["test"], classes, leaked.get("test", 0))
    with contextlib.suppress(StorageError, KeyError, TypeError, ValueError):  # not measured, or damaged
        kept = read_json(_kept_at(run))
        if kept["epochs"] == len(report.get("history", ())):  # else it has trained on since
            return Figure.read("folds", kept, classes)
    if report.get("validation"):
        return Figure.read("validation", report["validation"], classes, leaked.get("validation", 0))
    photos, share = len(run.manifest().of("validation")), report["val_accuracy"]
    return Figure("validation", share, photos, *report.get("val_interval", wilson(round(share * photos), photos)))


def in_full(figure: Figure, name: Callable[[str], str]) -> Sentence:
    """A figure in words, as Markdown: on what, and what to expect of new photos.

    Args:
        figure: how good it is.
        name: how a class is written where it stands.
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


def keep_out_of_fold(run: Run, found: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Keep with a run what was measured on every photo, each answered by a classifier trained without it.

    Args:
        run: what was measured.
        found: what Evaluate gave.
        report: of the run as it was when that began.

    Raises:
        StorageError: the disk is full or can't be written.
    """
    kept = {name: found[name] for name in ("accuracy", "interval", "confusion", "folds")}
    write_json(_kept_at(run), {**kept, "epochs": len(report.get("history", ()))})


def forget_out_of_fold(run: Run) -> None:
    """Drop what was measured, because the run trains on."""
    with disk_errors(_kept_at(run)):
        _kept_at(run).unlink(missing_ok=True)


def _kept_at(run: Run) -> Path:
    return run.path / "out_of_fold.json"
