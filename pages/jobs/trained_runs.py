"""The trained runs of a project and how each is named."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pages.ui.format import percent_range
from transfer_core.backbones.catalog import get_base
from transfer_core.disk.workspace import Project
from transfer_core.runs.folder import Run, list_runs
from transfer_core.text import plural, t

__all__ = ["Trained", "best_run", "chosen_run", "read_trained", "run_names", "trained_runs"]


@dataclass(frozen=True)
class Trained:
    """One run with a model, and its figures."""

    run: Run
    accuracy: float | None
    """On the validation photos, 0..1; None when the run ended before it could be measured."""
    interval: tuple[float, float] | None
    """95 % interval of the accuracy."""
    base: str
    depth: str
    """What trained, in words."""
    random: bool
    """Whether it started from random weights."""
    ended: float
    stopped: bool = False
    """Whether it was stopped before it had ended by itself."""

    @property
    def result(self) -> str:
        """The validation accuracy in words."""
        if self.accuracy is None:
            return t("not measured")
        return percent_range(self.accuracy, self.interval)

    @property
    def name(self) -> str:
        """One line that tells this run from the others."""
        when = time.strftime("%b %d, %H:%M", time.localtime(self.ended))
        marked = t(" (random weights)") if self.random else ""
        return f"{self.base}{marked}, {self.depth} · {self.result} right · {when}"


def trained_runs(project: Project) -> list[Trained]:
    """The runs that hold a model, newest first."""
    return [read_trained(run) for run in list_runs(project.runs_dir) if run.model_path.is_file()]


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
    interval = report.get("val_interval")
    layers = len(config.plan.trainable)
    return Trained(
        run=run,
        accuracy=report.get("val_accuracy"),
        interval=None if interval is None else (interval[0], interval[1]),
        base=get_base(config.base.name).title,
        depth=t(plural("{n} layer fine-tuned", "{n} layers fine-tuned", layers))
        if config.fine_tunes
        else t("head only"),
        random=config.base.weights == "none",
        ended=status.ended or status.heartbeat,
        stopped=bool(report.get("stopped", status.state != "FINISHED")),
    )
