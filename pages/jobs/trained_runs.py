"""The trained runs of a project and how each is named."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pages.jobs.describe import learned_words
from pages.jobs.figure_words import figure_words
from pages.ui import format as figures
from transfer_core.backbones.catalog import get_base
from transfer_core.disk.workspace import Project
from transfer_core.errors import RunError, StorageError
from transfer_core.runs.config import RunConfig
from transfer_core.runs.figure import Figure, run_figure
from transfer_core.runs.folder import Run, list_runs
from transfer_core.text import plural, t, visible

__all__ = ["Trained", "best_run", "chosen_run", "opened_classifiers", "read_trained", "run_names", "trained_runs"]


@dataclass(frozen=True)
class Trained:
    """One run with a model, and its figures."""

    run: Run
    figure: Figure | None
    """How good it is; None when the run ended before it could be measured."""
    validation: float
    """Share of the validation photos that were right, which every run has; -1 where none was measured."""
    base: str
    learned: str
    """What trained and on what, in words."""
    random: bool
    """Whether it started from random weights."""
    started: float
    ended: bool = True
    """Whether it ended by itself, and training had not got lost before."""
    opened: bool = False
    """Whether it was not trained here but opened from a file: nothing is known of its photos."""

    @property
    def name(self) -> str:
        """One line that tells this run from the others, and how good it is."""
        return f"{self._made} · {self.told} · {figures.when(self.started)}"

    @property
    def title(self) -> str:
        """The same for files and answers that are kept: with its full date, without its figure, which may change."""
        return f"{self._made} · {figures.stamp(self.started)}"

    @property
    def _made(self) -> str:
        marked = t(" (random weights)") if self.random else ""
        return t("{one}, {other}", one=f"{self.base}{marked}", other=self.learned)

    @property
    def told(self) -> str:
        """Its figure in a few words."""
        if self.opened:
            return plural("{n} class", "{n} classes", len(self.run.labels()["classes"]))
        return t(figure_words(self.figure)) if self.figure else t("not measured")


def trained_runs(project: Project) -> list[Trained]:
    """The runs that hold a model, newest first, but for damaged ones: the list of runs says so of those."""
    found = []
    for run in list_runs(project.runs_dir):
        with contextlib.suppress(StorageError):
            if run.model_path.is_file():
                found.append(read_trained(run))
    return found


def opened_classifiers(project: Project) -> list[Trained]:
    """The classifiers that were opened from a file, newest first."""
    found = []
    for run in list_runs(project.opened_dir):
        with contextlib.suppress(StorageError, RunError):  # one that is just being taken away
            file, began = run.labels()["file"], run.status().created
            words = t("from a file")
            found.append(Trained(run, None, -1.0, visible(file), words, random=False, started=began, opened=True))
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
    """Of those that ended by themselves, the one with the best figure; the newest of equals.

    One that was opened from a file stands back behind all that were trained here.

    Where all of them have one by which nothing was chosen, that counts; otherwise what all of them have, for the
    validation photos make every run look a little better than it is.

    Args:
        runs: newest first. Those that were stopped, or in which the loss was no longer a number, stand back.
    """
    runs = [trained for trained in runs if not trained.opened] or runs
    ended = [trained for trained in runs if trained.ended] or list(runs)
    figures_of = [trained.figure for trained in ended]
    if all(figure is not None and figure.honest for figure in figures_of):
        return max(ended, key=lambda trained: trained.figure.share if trained.figure else 0.0, default=None)
    return max(ended, key=lambda trained: trained.validation, default=None)


def read_trained(run: Run) -> Trained:
    """A run that holds a model, with its figures.

    Raises:
        StorageError: its folder is damaged or gone.
    """
    report, config, status = run.report() or {}, run.config(), run.status()
    stopped = bool(report.get("stopped", status.state != "FINISHED"))
    lost = any(phase.get("ending") == "diverged" for phase in report.get("phases", {}).values())
    return Trained(
        run=run,
        figure=run_figure(run, report),
        validation=report.get("val_accuracy", -1.0),
        base=get_base(config.base.name).title,
        learned=_learned(config, report, stopped),
        random=config.base.weights == "none",
        started=status.created,
        ended=not stopped and not lost,
    )


def _learned(config: RunConfig, report: Mapping[str, Any], stopped: bool) -> str:
    """What it trained, and whether it came to that."""
    learned = learned_words(config)
    if not stopped:
        return learned
    if config.fine_tunes and "fine-tune" not in report.get("seconds", {}):
        return t("{learned}, stopped before fine-tuning", learned=learned)
    return t("{learned}, stopped", learned=learned)
