"""From a project's choices to a run that waits for its turn; a double click or a second tab makes no second run."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from pages.jobs.describe import stored_plan
from pages.ui.services import check_disk, engine, tree
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.weights import find_weights
from transfer_core.disk.workspace import Project
from transfer_core.errors import ConfigError, RunError, StorageError
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import Run, create_run, is_active, list_runs

if TYPE_CHECKING:
    from transfer_core.photos.manifest import Manifest
    from transfer_core.photos.store import PhotoStore

__all__ = ["active_job", "active_run", "configured", "launch", "launch_once", "split_choices", "split_photos"]

_DOUBLE_CLICK = 1.0  # seconds; a run as young as this is what the second click of a pair meant
_lock = threading.Lock()


def configured(project: Project) -> RunConfig:
    """What the project's choices ask for.

    Raises:
        ConfigError: no base is chosen, or a setting does not fit.
        WeightsError: the base's weights are not on this computer.
        TransferError: the layers of the base can't be read.
    """
    if "base" not in project.choices:
        raise ConfigError("No base is chosen yet. Choose one on the page Base.")
    base = project.choices["base"]
    find_weights(project.workspace, get_base(base["name"]), base.get("weights", "imagenet"))
    plan = stored_plan(project, base["name"], tree(base["name"]))
    split = project.choices.get("split", {})
    data: dict[str, Any] = {"source": project.id}
    data |= {name: split[name] for name in ("validation_fraction", "test_fraction") if name in split}
    chosen = {"data": data, "base": base, "plan": asdict(plan)}
    return RunConfig.from_dict({**project.choices.get("train", {}), **chosen})


def split_photos(project: Project, photos: PhotoStore) -> Manifest:
    """The photos as they would be trained on now.

    Raises:
        DataError: they can't be trained on, e.g. because there is only one class.
    """
    return photos.manifest(**split_choices(project, photos))


def split_choices(project: Project, photos: PhotoStore) -> dict[str, Any]:
    """How the photos are split: the arguments of `PhotoStore.manifest`. What was not chosen is the usual."""
    usual = {"validation_fraction": 0.2, "seed": 0, "test_fraction": photos.usual_test_fraction()}
    return usual | project.choices.get("split", {})


def active_run(project: Project) -> Run | None:
    """The project's run that waits or trains, or None."""
    return active_job(list_runs(project.runs_dir))


def active_job(jobs: Iterable[Run]) -> Run | None:
    """The first of `jobs` that waits or runs, or None."""
    return next((run for run in jobs if is_active(run)), None)


def launch(project: Project, photos: PhotoStore) -> Run:
    """Start a run of what the project's choices ask for, or give the one that is already at it.

    Raises:
        TransferError: as `configured` and `split_photos`, or the disk can't be written.
    """
    run = launch_once(
        list_runs(project.runs_dir),
        lambda: create_run(project.new_run_dir(), _asked(project, photos), split_photos(project, photos)),
    )
    project.choose(run=run.id, to_test=None)  # of the old and the new, the best stands for the project again
    return run


def _asked(project: Project, photos: PhotoStore) -> RunConfig:
    """With the shares by which the photos are split, chosen or not."""
    config, split = configured(project), split_choices(project, photos)
    shares = {name: split[name] for name in ("validation_fraction", "test_fraction")}
    return replace(config, data=replace(config.data, **shares))


def launch_once(jobs: Iterable[Run], create: Callable[[], Run]) -> Run:
    """Start a new job, unless one of `jobs` is going on or was begun by the first click of this very pair.

    Raises:
        TransferError: as `create`, or the disk can't be written.
    """
    with _lock:
        for run in jobs:
            with suppress(StorageError):  # a damaged one: the list says why
                status = run.status()
                if status.active or time.time() - status.created < _DOUBLE_CLICK:
                    return run
        check_disk()
        run = create()
        try:
            engine().start(run)
        except RunError:  # this person has as many as they may: a run left there would begin by itself
            shutil.rmtree(run.path)
            raise
    return run
