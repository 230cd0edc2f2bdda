"""The training runs of a project, as a list."""

from __future__ import annotations

from pages.jobs.describe import config_words
from pages.jobs.figure_words import figure_words
from pages.jobs.job_list import JobList
from pages.ui import format as figures
from pages.ui.format import state_badge
from transfer_core.disk.workspace import Project
from transfer_core.runs.figure import run_figure
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
    figure = run_figure(run, report)
    if report and figure:
        mark = f"**{figure.share:.0%}** {mark}"
        details += [t(figure_words(figure)), t("took {span}", span=figures.span(sum(report["seconds"].values())))]
    return f"{mark} {config_words(config)}  \n:small[:gray[{' · '.join(details)}]]"
