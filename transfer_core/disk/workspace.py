"""The workspace on disk: THAW_HOME, projects, and every path in it. Nothing else builds these paths."""

import os
import re
import secrets
import shutil
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from transfer_core.disk.files import disk_errors
from transfer_core.disk.formats import read_current, write_current
from transfer_core.errors import ConfigError, RunError, StorageError

__all__ = [
    "Project",
    "cache_dir",
    "create_project",
    "damaged_projects",
    "delete_experiment",
    "delete_project",
    "delete_run",
    "experiments_dir",
    "find_project",
    "home",
    "imports_dir",
    "lane_dir",
    "list_projects",
    "new_experiment_dir",
    "new_run_dir",
    "open_project",
    "restore_experiment",
    "restore_project",
    "restore_run",
    "runs_dir",
    "weights_dir",
]

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_RUN_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,100}")
_TRASH = ".trash"  # in a folder of runs; without a status.json, so it is no run itself
MAX_NAME = 60
KEPT_SECONDS = 30 * 86_400
"""How long what was deleted can be brought back."""


def home() -> Path:
    """Where projects, caches and weights live: THAW_HOME, or else the platform's user data folder."""
    named = os.environ.get("THAW_HOME")
    return Path(named).expanduser().absolute() if named else Path(platformdirs.user_data_dir("thaw", appauthor=False))


def weights_dir() -> Path:
    """Downloaded and imported pretrained weights."""
    return home() / "weights"


def cache_dir() -> Path:
    """What can be made again: pixels, features, layer trees."""
    return home() / "cache"


def imports_dir() -> Path:
    """Photo stores of folders and zips that the command line reads without making a project."""
    return home() / "imports"


def lane_dir() -> Path:
    """Requests to and answers from the interactive worker."""
    return home() / "lane"


@dataclass(frozen=True)
class Project:
    """One classifier in the making. `id` stands in URLs, `name` is what the person calls it."""

    id: str
    name: str
    created: float
    """Seconds since the epoch."""
    choices: dict[str, Any]
    """What the person chose so far, by page, as JSON values; each page reads and writes only its own keys."""

    @property
    def path(self) -> Path:
        """The project's folder."""
        return home() / "projects" / self.id

    @property
    def photos_dir(self) -> Path:
        """The folder of the project's PhotoStore."""
        return self.path / "photos"

    def choose(self, **choices: Any) -> "Project":
        """Store `choices` (a value of None forgets the key) and return the project as it is now."""
        current = open_project(self.id)
        merged = {key: value for key, value in (current.choices | choices).items() if value is not None}
        return _write(Project(self.id, current.name, current.created, merged))

    def rename(self, name: str) -> "Project":
        """Give the project another name; its id and URL stay."""
        current = open_project(self.id)
        return _write(Project(self.id, _clean(name), current.created, current.choices))


def _clean(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > MAX_NAME:
        raise ConfigError(
            "A project's name needs 1 to {max_name} characters; {name!r} has {count}.",
            max_name=MAX_NAME,
            name=name,
            count=len(name),
        )
    return name


def _write(project: Project) -> Project:
    value = {"name": project.name, "created": project.created, "choices": project.choices}
    write_current(project.path / "project.json", value)
    return project


def create_project(name: str) -> Project:
    """Make an empty project.

    Raises:
        ConfigError: the name is empty or too long.
        StorageError: the workspace can't be written.
    """
    name = _clean(name)
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:40].strip("-") or "project"
    return _write(Project(f"{slug}-{secrets.token_hex(3)}", name, time.time(), {}))


def open_project(project_id: str) -> Project:
    """Read a project.

    Raises:
        ConfigError: there is no such project.
        StorageError: its file is damaged.
    """
    # The id comes from a URL: only a checked pattern may become part of a path.
    if not _ID.fullmatch(project_id) or not (home() / "projects" / project_id / "project.json").is_file():
        raise ConfigError(
            "There is no project {project_id!r}. It may have been deleted; the home page lists those there are.",
            project_id=project_id,
        )
    path = home() / "projects" / project_id / "project.json"
    value = read_current(path)
    try:
        return Project(project_id, value["name"], value["created"], dict(value["choices"]))
    except (KeyError, TypeError) as error:
        raise StorageError(
            "{path} is incomplete ({error}). Restore it from a copy or delete the project.",
            path=path,
            error=repr(error),
        ) from error


def list_projects() -> list[Project]:
    """Every readable project, newest first; `damaged_projects` names the others."""
    return sorted(_read_all()[0], key=lambda project: project.created, reverse=True)


def damaged_projects() -> list[str]:
    """One sentence for each project whose file can't be read."""
    return _read_all()[1]


def _read_all() -> tuple[list[Project], list[str]]:
    folder = home() / "projects"
    projects, damaged = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _ID.fullmatch(path.name) and (path / "project.json").is_file():
            try:
                projects.append(open_project(path.name))
            except StorageError as error:
                damaged.append(str(error))
    return projects, damaged


def find_project(name: str) -> Project | None:
    """The newest project with this name or id, or None."""
    return next((project for project in list_projects() if name in (project.id, project.name)), None)


def delete_project(project_id: str) -> None:
    """Move a project to the trash, where `restore_project` finds it; after 30 days there it goes for good."""
    project = open_project(project_id)
    trash = home() / "trash"
    _discard(project.path, trash)


def restore_project(project_id: str) -> Project:
    """Undo `delete_project`.

    Raises:
        ConfigError: the trash holds no such project.
    """
    kept = home() / "trash" / project_id
    if not _ID.fullmatch(project_id) or not kept.is_dir():
        raise ConfigError(
            "The trash holds no project {project_id!r}, so it can't be brought back.", project_id=project_id
        )
    _bring_back(kept, home() / "projects", "project.json")
    return open_project(project_id)


def delete_run(project: Project, run_id: str) -> None:
    """Move a run that has ended to its project's trash, where `restore_run` finds it for 30 days.

    Raises:
        RunError: the project has no such run.
        StorageError: it can't be moved.
    """
    _delete(runs_dir(project), run_id)


def restore_run(project: Project, run_id: str) -> Path:
    """Undo `delete_run`.

    Returns:
        The run's folder.

    Raises:
        RunError: the trash holds no such run.
        StorageError: it can't be moved.
    """
    return _restore(runs_dir(project), run_id, "config.json")


def delete_experiment(project: Project, experiment_id: str) -> None:
    """As `delete_run`, for an experiment of a lab."""
    _delete(experiments_dir(project), experiment_id)


def restore_experiment(project: Project, experiment_id: str) -> Path:
    """Undo `delete_experiment`, as `restore_run` does."""
    return _restore(experiments_dir(project), experiment_id, "experiment.json")


def _delete(folder: Path, name: str) -> None:
    path = folder / name
    if not _RUN_ID.fullmatch(name) or not path.is_dir():
        raise RunError("There is no such run or experiment. It may have been deleted in another tab; reload the page.")
    _discard(path, folder / _TRASH)


def _restore(folder: Path, name: str, sign: str) -> Path:
    kept = folder / _TRASH / name
    if not _RUN_ID.fullmatch(name) or not kept.is_dir():
        raise RunError("This can't be brought back: it is no longer in the trash.")
    _bring_back(kept, folder, sign)
    return folder / name


def _discard(path: Path, trash: Path) -> None:
    """Move a folder into `trash`, and let go for good of what has lain there too long."""
    with disk_errors(trash):
        trash.mkdir(parents=True, exist_ok=True)
        for old in trash.iterdir():
            if old.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(old)
        path.rename(trash / path.name)
        os.utime(trash / path.name)


def _bring_back(kept: Path, folder: Path, sign: str) -> None:
    """Move a folder from the trash into `folder`; what stands in its place without the file `sign` is no loss."""
    place = folder / kept.name
    with disk_errors(kept):
        folder.mkdir(parents=True, exist_ok=True)
        if place.is_dir() and not (place / sign).exists():
            shutil.rmtree(place)  # a worker that outlived the folder wrote its last status there
        kept.rename(place)


def runs_dir(project: Project) -> Path:
    """The folder of a project's runs."""
    return project.path / "runs"


def new_run_dir(project: Project) -> Path:
    """A path for a new run; sorts by time, so the newest is last."""
    return runs_dir(project) / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


def experiments_dir(project: Project | None = None) -> Path:
    """The folder of a project's experiments; without a project, of those made from the command line."""
    return (project.path if project else home()) / "experiments"


def new_experiment_dir(kind: str, project: Project | None = None) -> Path:
    """A path for a new experiment of the lab `kind`; sorts by time."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return experiments_dir(project) / f"{stamp}-{kind}-{secrets.token_hex(2)}"
