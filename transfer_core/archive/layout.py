"""What lies where in the zip of a project."""

from pathlib import Path
from typing import Any

from transfer_core.disk.workspace import Project

__all__ = ["BASES", "CARD", "JOBS", "PHOTOS", "VERSION", "folders", "replaced"]

VERSION = 1
CARD = "thaw-project.json"
"""`version`, `name`, `id`, `path`, `choices`, `classes`, and `photos` [{`file`, `name`, `class`, `split`}]."""
PHOTOS = "photos"
BASES = "bases"
"""Networks that somebody brought, a folder each: those that the project starts from, or a run of it did."""
JOBS = {
    "runs": {
        *("config.json", "photos.json", "status.json", "report.json", "events.jsonl", "model.keras", "labels.json"),
        *("known.npz", "answers.json", "out_of_fold.json"),
    },
    "opened": {"status.json", "model.keras", "labels.json", "known.npz"},
    "experiments": {"experiment.json", "result.json", "photos.json", "status.json", "events.jsonl"},
}
"""The files of a run, of an opened classifier and of an experiment that are taken along: all but logs and what only a
resumed one needs."""


def folders(project: Project) -> dict[str, Path]:
    """Where the jobs of a project lie, by the name of the folder in the zip."""
    return {"runs": project.runs_dir, "opened": project.opened_dir, "experiments": project.experiments_dir}


def replaced(value: Any, old: tuple[str, str], new: tuple[str, str]) -> Any:
    """JSON values with the project's place and id in them replaced.

    Args:
        value: JSON.
        old: path and id of the project it comes from.
        new: path and id of the project it becomes.
    """
    if isinstance(value, dict):
        return {key: replaced(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, old, new) for item in value]
    if isinstance(value, str):
        if value == old[1]:
            return new[1]
        if value.startswith(old[0]) and value[len(old[0]) : len(old[0]) + 1] in ("", "/", "\\"):
            return new[0] + value[len(old[0]) :].replace("\\", "/")
    return value
