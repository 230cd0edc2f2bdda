"""A workspace: the folder that holds one person's (or one server's) projects, caches and weights, and its limits.

Made once at an entry point (`Workspace.from_environment`) and handed on; nothing else asks the environment, so that
one process can hold several that do not meet. Nothing outside this room builds paths in it.
"""

import os
import re
import secrets
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from transfer_core.disk.files import slug
from transfer_core.disk.formats import read_current, write_current
from transfer_core.disk.trash import bring_back, delete, discard, empty, empty_all, restore
from transfer_core.errors import ConfigError, RunError, StorageError

__all__ = ["MAX_NAME", "Project", "Workspace"]

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
MAX_NAME = 60


@dataclass(frozen=True)
class Project:
    """One classifier in the making. `id` stands in URLs, `name` is what the person calls it."""

    workspace: "Workspace"
    id: str
    name: str
    created: float
    """Seconds since the epoch."""
    choices: dict[str, Any]
    """What the person chose so far, by page, as JSON values; each page reads and writes only its own keys."""

    @property
    def stem(self) -> str:
        """What the names of files made of it begin with: its id without the digits that tell it from others."""
        return self.id.rpartition("-")[0] or self.id

    @staticmethod
    def read(workspace: "Workspace", project_id: str) -> "Project":
        """The project as it is on disk.

        Raises:
            StorageError: its file is damaged, or of a newer version.
        """
        path = workspace.projects_dir / project_id / "project.json"
        value = read_current(path)
        try:
            return Project(workspace, project_id, value["name"], value["created"], dict(value["choices"]))
        except (KeyError, TypeError) as error:
            raise StorageError(
                "{path} is incomplete ({error}). Restore it from a copy or delete the project.",
                path=path,
                error=repr(error),
            ) from error

    def write(self) -> "Project":
        """Store it as it is here."""
        value = {"name": self.name, "created": self.created, "choices": self.choices}
        write_current(self.path / "project.json", value)
        return self

    @property
    def path(self) -> Path:
        """The project's folder."""
        return self.workspace.projects_dir / self.id

    @property
    def photos_dir(self) -> Path:
        """The folder of the project's PhotoStore."""
        return self.path / "photos"

    @property
    def runs_dir(self) -> Path:
        """The folder of its runs."""
        return self.path / "runs"

    @property
    def experiments_dir(self) -> Path:
        """The folder of its experiments."""
        return self.path / "experiments"

    @property
    def opened_dir(self) -> Path:
        """The folder of the classifiers that were opened from a file."""
        return self.path / "opened"

    def run_dir(self, run_id: str) -> Path:
        """The folder of a run, or of an opened classifier."""
        opened = self.opened_dir / run_id
        return opened if opened.is_dir() else self.runs_dir / run_id

    def choose(self, **choices: Any) -> "Project":
        """Store `choices` (a value of None forgets the key) and return the project as it is now."""
        current = self.workspace.open_project(self.id)
        merged = {key: value for key, value in (current.choices | choices).items() if value is not None}
        return Project(self.workspace, self.id, current.name, current.created, merged).write()

    def rename(self, name: str) -> "Project":
        """Give the project another name; its id and URL stay."""
        current = self.workspace.open_project(self.id)
        return Project(self.workspace, self.id, _clean(name), current.created, current.choices).write()

    def new_run_dir(self) -> Path:
        """A path for a new run; sorts by time, so the newest is last."""
        return self.runs_dir / f"{_stamp()}-{secrets.token_hex(2)}"

    def new_opened_dir(self) -> Path:
        """A path for a classifier from a file; sorts by time."""
        return self.opened_dir / f"{_stamp()}-{secrets.token_hex(2)}"

    def new_experiment_dir(self, kind: str) -> Path:
        """A path for a new experiment of the lab `kind`; sorts by time."""
        return self.experiments_dir / _experiment_name(kind)

    def delete_job(self, folder: Path) -> None:
        """Move a run or an experiment that has ended to a trash beside it, where `restore_job` finds it for 30 days.

        Raises:
            RunError: the project has none in `folder`.
            StorageError: it can't be moved.
        """
        delete(self._jobs_dir(folder), folder.name)

    def restore_job(self, folder: Path) -> None:
        """Undo `delete_job`: bring back what was in `folder`.

        Raises:
            RunError: the trash holds no such job.
            StorageError: it can't be moved.
        """
        restore(self._jobs_dir(folder), folder.name)

    def _jobs_dir(self, folder: Path) -> Path:
        if folder.parent not in (self.runs_dir, self.experiments_dir, self.opened_dir):
            raise RunError("{folder} is no run or experiment of {name}.", folder=folder, name=self.name)
        return folder.parent


@dataclass(frozen=True)
class Workspace:
    """Where everything lies."""

    root: Path
    """Absolute; made when something is first written."""
    cache_gb: str | None = None
    """A limit of the caches that was set from outside, as it came; None: what `cache.set_limit` stored holds."""
    shared: Path | None = None
    """Where weights, caches and answers lie, if not in `root`: people in a classroom have these in common."""

    @classmethod
    def from_environment(cls) -> "Workspace":
        """That of this process: THAW_HOME, or else the platform's user data folder; its limit in THAW_CACHE_GB."""
        named = os.environ.get("THAW_HOME")
        root = Path(named).expanduser().absolute() if named else Path(platformdirs.user_data_dir("thaw", False))
        return cls(root, os.environ.get("THAW_CACHE_GB"))

    @property
    def environment(self) -> dict[str, str]:
        """What makes `from_environment` of another process give this workspace."""
        limit = {} if self.cache_gb is None else {"THAW_CACHE_GB": self.cache_gb}
        return {"THAW_HOME": str(self.root)} | limit

    @property
    def weights_dir(self) -> Path:
        """Downloaded and imported pretrained weights."""
        return (self.shared or self.root) / "weights"

    @property
    def cache_dir(self) -> Path:
        """What can be made again: pixels, features, layer trees."""
        return (self.shared or self.root) / "cache"

    @property
    def imports_dir(self) -> Path:
        """Photo stores of folders and zips that the command line reads without making a project."""
        return self.root / "imports"

    @property
    def queries_dir(self) -> Path:
        """Answers of the query worker on their way to whoever asked."""
        return (self.shared or self.root) / "queries"

    @property
    def settings_path(self) -> Path:
        """Settings of the whole workspace, as JSON."""
        return self.root / "settings.json"

    @property
    def projects_dir(self) -> Path:
        """A folder a project."""
        return self.root / "projects"

    @property
    def experiments_dir(self) -> Path:
        """Experiments made from the command line, of no project."""
        return self.root / "experiments"

    def new_experiment_dir(self, kind: str) -> Path:
        """A path for a new experiment of the lab `kind` that belongs to no project; sorts by time."""
        return self.experiments_dir / _experiment_name(kind)

    def create_project(self, name: str) -> Project:
        """Make an empty project.

        Raises:
            ConfigError: the name is empty or too long.
            StorageError: the workspace can't be written.
        """
        name = _clean(name)
        return Project(self, f"{slug(name) or 'project'}-{secrets.token_hex(3)}", name, time.time(), {}).write()

    def open_project(self, project_id: str) -> Project:
        """Read a project.

        Raises:
            ConfigError: there is no such project.
            StorageError: its file is damaged, or of a newer version.
        """
        self._project_dir(project_id)
        return Project.read(self, project_id)

    def list_projects(self) -> list[Project]:
        """Every readable project, newest first; `read_projects` names the others."""
        return self.read_projects()[0]

    def read_projects(self) -> tuple[list[Project], dict[str, str]]:
        """Every readable project, newest first; and of each other one, by its id, a sentence that says why."""
        projects, damaged = [], {}
        for path in sorted(self.projects_dir.iterdir()) if self.projects_dir.is_dir() else ():
            if _ID.fullmatch(path.name) and (path / "project.json").is_file():
                try:
                    projects.append(self.open_project(path.name))
                except StorageError as error:
                    damaged[path.name] = str(error)
        return sorted(projects, key=lambda project: project.created, reverse=True), damaged

    def find_project(self, name: str) -> Project | None:
        """The newest project with this name or id, or None."""
        return next((project for project in self.list_projects() if name in (project.id, project.name)), None)

    def free_name(self, name: str) -> str:
        """`name`, or with a number behind it where a project has that name already: `Cats (2)`."""
        name, taken = _clean(name), {project.name.casefold() for project in self.list_projects()}
        free, number = name, 2
        while free.casefold() in taken:
            mark = f" ({number})"
            free, number = name[: MAX_NAME - len(mark)].rstrip() + mark, number + 1
        return free

    def delete_project(self, project_id: str) -> None:
        """Move a project, damaged or not, to the trash, where `restore_project` finds it for 30 days.

        Raises:
            ConfigError: there is no such project.
        """
        discard(self._project_dir(project_id), self.root / "trash")

    def restore_project(self, project_id: str) -> Project:
        """Undo `delete_project`.

        Raises:
            ConfigError: the trash holds no such project.
        """
        kept = self.root / "trash" / project_id
        if not _ID.fullmatch(project_id) or not kept.is_dir():
            raise ConfigError(
                "The trash holds no project {project_id!r}, so it can't be brought back.", project_id=project_id
            )
        bring_back(kept, self.projects_dir, "project.json")
        return self.open_project(project_id)

    def empty_trash(self) -> None:
        """Let go for good of projects, runs and experiments that were deleted more than 30 days ago.

        Raises:
            StorageError: something can't be removed.
        """
        empty(self.root / "trash")
        for project in self.list_projects():
            empty_all((project.runs_dir, project.experiments_dir, project.opened_dir))

    def _project_dir(self, project_id: str) -> Path:
        # The id comes from a URL: only a checked pattern may become part of a path.
        if not _ID.fullmatch(project_id) or not (self.projects_dir / project_id / "project.json").is_file():
            raise ConfigError(
                "There is no project {project_id!r}. It may have been deleted; the home page lists those there are.",
                project_id=project_id,
            )
        return self.projects_dir / project_id


def _clean(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > MAX_NAME:
        raise ConfigError(
            "A project's name needs 1 to {max_name} characters; {name!r} has {count}.",
            max_name=MAX_NAME,
            name=name if len(name) <= 2 * MAX_NAME else f"{name[:MAX_NAME]}…",
            count=len(name),
        )
    return name


def _experiment_name(kind: str) -> str:
    return f"{_stamp()}-{kind}-{secrets.token_hex(2)}"


def _stamp() -> str:
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime())
