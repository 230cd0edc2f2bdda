"""The training runs of a project, as a list."""

from __future__ import annotations

from pages.jobs.describe import config_words
from pages.jobs.job_list import JobList
from pages.jobs.trained_runs import Tested
from pages.ui import format as figures
from pages.ui.format import state_badge
from transfer_core.disk.workspace import Project
from transfer_core.runs.folder import Run, Status, list_runs
from transfer_core.text import t

__all__ = ["runs"]


def runs() -> JobList:
    """What `job_list` needs to list them."""
    return JobList(
        kind="run",
        parameter="run",
        title=t("Runs of this project"),
        delete_help=t("Delete this run. You can undo it."),
        deleted=t("Run deleted."),
        undo_key="undo_delete",
        find=lambda project: list_runs(project.runs_dir),
        row=_row,
        kept=_kept,
        keep=lambda project, run_id: project.choose(run=run_id),
    )


def _kept(project: Project) -> str | None:
    return project.workspace.open_project(project.id).choices.get("run")


def _row(run: Run, status: Status) -> str:
    # Of one that goes on after a stop, the report of before stands there still.
    report, config = None if status.active else run.report(), run.config()
    mark = state_badge(status.state)
    details = [figures.when(status.created)]
    if report:
        low, high = report["val_interval"]
        mark = f"**{report['val_accuracy']:.0%}** {mark}"
        if tested := Tested.of(report):
            details.append(
                t(
                    "test: {right:,} of {photos:,} right, between {low:.0f} and {high:.0f} of 100",
                    right=tested.right,
                    photos=tested.photos,
                    low=tested.low * 100,
                    high=tested.high * 100,
                )
            )
        details += [
            t("validation: between {low:.0f} and {high:.0f} of 100 right", low=low * 100, high=high * 100),
            t("took {span}", span=figures.span(sum(report["seconds"].values()))),
        ]
    return f"{mark} {config_words(config)}  \n:small[:gray[{' · '.join(details)}]]"
