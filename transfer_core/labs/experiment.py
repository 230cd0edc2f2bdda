"""An experiment is a folder like a run's: experiment.json says what was asked, result.json what was found."""

from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import Any

from transfer_core.backbones.stored_trees import stored_tree
from transfer_core.disk.files import read_json, write_json
from transfer_core.disk.formats import read_current
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, RunError, StorageError
from transfer_core.labs import KINDS
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.checks import check_number
from transfer_core.runs.config import BaseConfig, DataConfig
from transfer_core.runs.folder import Run, create_job, list_runs, open_run
from transfer_core.text import Sentence, restored, stored

__all__ = [
    "ExperimentConfig",
    "check_settings",
    "create_experiment",
    "expected_seconds",
    "experiment_config",
    "fitted",
    "is_experiment",
    "list_experiments",
    "needs_weights",
    "read_result",
    "trained_run",
    "write_result",
]


@dataclass(frozen=True)
class ExperimentConfig:
    """What an experiment is asked to do."""

    kind: str
    """One of `labs.KINDS`."""
    settings: Any
    """`Settings` of the lab's module: a frozen dataclass of JSON values, checked when it is made."""
    data: DataConfig = field(default_factory=DataConfig)
    base: BaseConfig = field(default_factory=BaseConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        expected = _settings_class(self.kind)
        if not isinstance(self.settings, expected):
            raise ConfigError(
                "The lab {kind} takes its own settings; {settings} came.", kind=self.kind, settings=self.settings
            )
        check_number(Sentence("The shuffle number (seed)"), self.seed, 0, 2**31 - 1, whole=True)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "ExperimentConfig":
        """Inverse of `to_dict`; missing keys take their defaults.

        Raises:
            ConfigError: an unknown lab, an unknown key, or a value that does not fit.
        """
        kind = value.get("kind", "")
        parts: dict[str, Any] = {
            "settings": _make(_settings_class(kind), value.get("settings", {}), f"{kind}.settings"),
            "data": _make(DataConfig, value.get("data", {}), f"{kind}.data"),
            "base": _make(BaseConfig, value.get("base", {}), f"{kind}.base"),
        }
        made: ExperimentConfig = _make(cls, {**value, **parts}, "experiment")
        return made


def needs_weights(kind: str) -> bool:
    """Whether the lab runs the base that was asked for, so that its weights must be on this computer.

    Raises:
        ConfigError: there is no such lab.
    """
    return bool(getattr(_module(kind), "NEEDS_WEIGHTS", True))


def check_settings(config: ExperimentConfig) -> None:
    """Refuse now what the lab could only refuse later; see `check` in the `settings` of those that have one.

    Raises:
        TransferError: what the settings name is not there, or can't be used.
    """
    check = getattr(_module(config.kind), "check", None)
    if check is not None:
        check(config.settings)


def fitted(kind: str, settings: Any, manifest: Manifest) -> Any:
    """The settings as these photos allow them, such as no more photos than there are.

    Args:
        kind: the lab, whose `settings` module may have a function of this name.
        settings: `Settings` of the lab.
        manifest: the photos.

    Raises:
        TransferError: the lab can do nothing with these photos; says what is missing.
    """
    fit = getattr(_module(kind), "fitted", None)
    return settings if fit is None else fit(settings, manifest)


def expected_seconds(
    kind: str, workspace: Workspace, base: str, manifest: Manifest, settings: Any = None
) -> float | None:
    """How long an experiment will take on this machine if nothing else runs, in seconds.

    Args:
        kind: the lab, whose `settings` module may have a function of this name.
        workspace: that knows how fast this machine is.
        base: a name of the catalog.
        manifest: the photos.
        settings: `Settings` of the lab; None: as they are unless changed.

    Returns:
        None where the lab does not say, or the layers of the base are not known yet.

    Raises:
        TransferError: the settings do not fit the base.
    """
    known = getattr(_module(kind), "expected_seconds", None)
    tree = stored_tree(workspace, base)
    return None if known is None or tree is None else float(known(workspace, tree, settings, manifest))


def _module(kind: str) -> Any:
    if kind not in KINDS:
        raise ConfigError("There is no lab {kind!r}; there are {kinds}.", kind=kind, kinds=list(KINDS))
    return import_module(f"transfer_core.labs.{kind}.settings")


def _settings_class(kind: str) -> Any:
    return _module(kind).Settings


def _make(cls: Any, value: dict[str, Any], where: str) -> Any:
    known = {item.name for item in fields(cls)}
    if unknown := sorted(set(value) - known):
        raise ConfigError(
            "{where} has an unknown key {unknown!r}; it knows {known}.",
            where=where,
            unknown=unknown[0],
            known=sorted(known),
        )
    try:
        # JSON has no tuples; settings do.
        return cls(**{name: tuple(part) if isinstance(part, list) else part for name, part in value.items()})
    except TypeError as error:
        raise ConfigError("{where} does not fit: {error}.", where=where, error=error) from error


def create_experiment(folder: Path, config: ExperimentConfig, manifest: Manifest | None = None) -> Run:
    """Make an experiment's folder, QUEUED. The status comes last: a folder without one is no experiment yet.

    Args:
        folder: to be made.
        config: what to do.
        manifest: the photos; None where the lab takes them from runs.

    Raises:
        RunError: `folder` already holds something of the kind, or is a file.
        StorageError: the disk is full or can't be written.
    """
    return create_job(folder, "experiment.json", config.to_dict(), manifest)


def is_experiment(run: Run) -> bool:
    """Whether the folder is that of an experiment, not of a training run."""
    return (run.path / "experiment.json").is_file()


def trained_run(folder: str) -> Run:
    """The training run in a folder.

    Raises:
        RunError: there is none, or it has no model.
    """
    run = open_run(Path(folder))
    if is_experiment(run):
        raise RunError("{path} is an experiment of a lab. Give the folder of a training run.", path=run.path)
    run.labels()  # refuses a run without a model
    return run


def experiment_config(run: Run) -> ExperimentConfig:
    """What the experiment was asked to do.

    Raises:
        ConfigError: its file is of another version.
        StorageError: it is damaged or gone.
    """
    return ExperimentConfig.from_dict(read_current(run.path / "experiment.json"))


def read_result(run: Run) -> dict[str, Any] | None:
    """What was found so far; `complete` says whether that is all. None before the first finding.

    What is said in it is a `Sentence`, or English text where an earlier version wrote it: `t` shows either.
    """
    path = run.path / "result.json"
    return dict(restored(read_json(path))) if path.is_file() else None


def write_result(run: Run, result: dict[str, Any], *, complete: bool) -> None:
    """Keep what was found so far, atomically: pages show it while the work goes on."""
    write_json(run.path / "result.json", stored({**result, "complete": complete}))


def list_experiments(folder: Path, kind: str | None = None) -> list[Run]:
    """The experiments below `folder` (`projects.experiments_dir`), of one lab or of all, newest first."""
    return [run for run in list_runs(folder) if is_experiment(run) and kind in (None, _kind(run))]


def _kind(run: Run) -> str:
    try:
        return str(read_current(run.path / "experiment.json")["kind"])
    except (StorageError, KeyError, TypeError):
        # Damaged; it must still be listed, so that a person sees why and can delete it. The folder's name tells too.
        return next((kind for kind in KINDS if f"-{kind}-" in run.id), "")
