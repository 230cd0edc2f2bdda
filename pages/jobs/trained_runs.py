"""The trained runs of a project and how each is named."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pages.jobs.describe import learned_words
from pages.ui import format as figures
from pages.ui import html as drawn
from pages.ui.format import percent_range
from transfer_core.backbones.catalog import get_base
from transfer_core.disk.workspace import Project
from transfer_core.errors import StorageError
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import Run, list_runs
from transfer_core.text import Sentence, joined, t

__all__ = ["Tested", "Trained", "best_run", "chosen_run", "read_trained", "run_names", "trained_runs"]


@dataclass(frozen=True)
class Tested:
    """What came of the photos that were kept for the end: the figure that nothing was chosen by."""

    right: int
    photos: int
    low: float
    """Of the 95 % interval, 0..1."""
    high: float
    missing: tuple[str, ...] = ()
    """Classes of which there were none."""

    @classmethod
    def of(cls, report: Mapping[str, Any] | None) -> Tested | None:
        """Read a run's report; None where there were no test photos."""
        found = (report or {}).get("test")
        if not found:
            return None
        photos = sum(map(sum, found["confusion"]))
        rows = zip((report or {}).get("classes", ()), found["confusion"], strict=False)
        missing = tuple(name for name, row in rows if not sum(row))
        return cls(round(found["accuracy"] * photos), photos, *found["interval"], missing)

    @property
    def words(self) -> Sentence:
        """For people."""
        said = Sentence(
            "On the test photos, which it had never met before: **right on {right:,} of {photos:,}**. Of 100 new "
            "photos like these, expect **between {low:.0f} and {high:.0f}** right.",
            right=self.right,
            photos=self.photos,
            low=self.low * 100,
            high=self.high * 100,
        )
        if not self.missing:
            return said
        names = [drawn.plain(name) for name in self.missing]
        return joined(
            [said, Sentence("Of {names} there was none among them, so that says nothing of it.", names=names)]
        )


@dataclass(frozen=True)
class Trained:
    """One run with a model, and its figures."""

    run: Run
    accuracy: float | None
    """On the validation photos, 0..1; None when the run ended before it could be measured."""
    interval: tuple[float, float] | None
    """95 % interval of the accuracy."""
    base: str
    learned: str
    """What trained and on what, in words."""
    random: bool
    """Whether it started from random weights."""
    started: float
    stopped: bool = False
    """Whether it was stopped before it had ended by itself."""
    tested: Tested | None = None
    """On the photos kept for a test, where there are some."""

    @property
    def result(self) -> str:
        """The validation accuracy in words."""
        if self.accuracy is None:
            return t("not measured")
        return percent_range(self.accuracy, self.interval)

    @property
    def name(self) -> str:
        """One line that tells this run from the others."""
        when = figures.when(self.started)
        marked = t(" (random weights)") if self.random else ""
        return f"{self.base}{marked}, {self.learned} · {self.told} · {when}"

    @property
    def told(self) -> str:
        """Its figure in a few words: that of the test photos, by which nothing was chosen, where there are some."""
        if self.tested is None:
            return t("{result} right on validation photos", result=self.result)
        found = self.tested
        share = percent_range(found.right / found.photos, (found.low, found.high))
        return t("{result} right on test photos", result=share)


def trained_runs(project: Project) -> list[Trained]:
    """The runs that hold a model, newest first, but for damaged ones: the list of runs says so of those."""
    found = []
    for run in list_runs(project.runs_dir):
        with contextlib.suppress(StorageError):
            if run.model_path.is_file():
                found.append(read_trained(run))
    return found


def run_names(runs: Sequence[Trained]) -> dict[str, str]:
    """The name of each run by its id; runs whose names would be the same are told apart by the end of their ids.

    The browser sends a choice by its name, so two of one name would be one choice.
    """
    counts = Counter(trained.name for trained in runs)
    return {
        trained.run.id: trained.name if counts[trained.name] == 1 else f"{trained.name} · {trained.run.id[-4:]}"
        for trained in runs
    }


def chosen_run(project: Project, runs: Sequence[Trained]) -> Trained | None:
    """The run that stands for the project: the one a person chose to test, or else the best."""
    chosen = project.choices.get("to_test")
    return next((trained for trained in runs if trained.run.id == chosen), best_run(runs))


def best_run(runs: Sequence[Trained]) -> Trained | None:
    """Of those that ended by themselves, the one that got most validation photos right; the newest of equals.

    Args:
        runs: newest first. Those that were stopped stand back.
    """
    return max(runs, key=lambda trained: (not trained.stopped, trained.accuracy or 0.0), default=None)


def read_trained(run: Run) -> Trained:
    """A run that holds a model, with its figures.

    Raises:
        StorageError: its folder is damaged or gone.
    """
    report, config, status = run.report() or {}, run.config(), run.status()
    stopped = bool(report.get("stopped", status.state != "FINISHED"))
    interval = report.get("val_interval")
    return Trained(
        run=run,
        accuracy=report.get("val_accuracy"),
        interval=None if interval is None else (interval[0], interval[1]),
        base=get_base(config.base.name).title,
        learned=_learned(config, report, stopped),
        random=config.base.weights == "none",
        started=status.created,
        stopped=stopped,
        tested=Tested.of(report),
    )


def _learned(config: RunConfig, report: Mapping[str, Any], stopped: bool) -> str:
    """What it trained, and whether it came to that."""
    learned = learned_words(config)
    if not stopped:
        return learned
    if config.fine_tunes and "fine-tune" not in report.get("seconds", {}):
        return t("{learned}, stopped before fine-tuning", learned=learned)
    return t("{learned}, stopped", learned=learned)
