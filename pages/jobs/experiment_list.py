"""The experiments of one lab in a project, as a list."""

from __future__ import annotations

from pages.jobs.job_list import JobList
from pages.ui import format as figures
from pages.ui.format import state_badge
from pages.ui.html import sentence
from transfer_core.backbones.catalog import get_base
from transfer_core.labs.experiment import experiment_config, list_experiments, read_result
from transfer_core.runs.folder import Run, Status
from transfer_core.text import t

__all__ = ["experiments"]


def experiments(kind: str) -> JobList:
    """What `job_list` needs to list those of the lab `kind`."""
    return JobList(
        kind=kind,
        parameter="experiment",
        title=t("Tried so far"),
        delete_help=t("Delete this experiment. You can undo it."),
        deleted=t("Deleted."),
        undo_key="undo_delete_lab",
        find=lambda project: list_experiments(project.experiments_dir, kind),
        row=_row,
    )


def _row(run: Run, status: Status) -> str:
    config, result = experiment_config(run), read_result(run) or {}
    details = figures.when(status.created)
    if config.data.source:
        details = f"{get_base(config.base.name).title} · {details}"
    if about := result.get("about"):
        details = f"{sentence(about)} · {details}"
    words = sentence(result.get("conclusion") or t("No conclusion yet."))
    return f"{state_badge(status.state)} {words}  \n:small[:gray[{details}]]"
