"""The experiment of a step: started from the lesson, followed, and found again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from pages.jobs.launch import split_photos
from pages.labs.lesson.state import change
from pages.labs.start import active_experiment, start_experiment
from pages.labs.time_needed import seconds_needed
from pages.ui.services import store
from transfer_core.errors import ConfigError, TransferError
from transfer_core.labs.experiment import experiment_config, fitted, list_experiments
from transfer_core.lessons.lesson import lab_settings

if TYPE_CHECKING:
    from typing import Any

    from transfer_core.disk.workspace import Project
    from transfer_core.lessons.lesson import Step
    from transfer_core.lessons.progress import StepState
    from transfer_core.photos.manifest import Manifest
    from transfer_core.runs.folder import Run

__all__ = ["asked", "begin_step", "experiment_of", "in_the_way", "photos_of", "seconds_of", "until_it_ends"]


def experiment_of(project: Project, state: StepState) -> Run | None:
    """The step's experiment; None where none was begun, or where it was deleted."""
    if not state.experiment:
        return None
    return next((run for run in list_experiments(project.experiments_dir) if run.id == state.experiment), None)


def photos_of(project: Project) -> Manifest:
    """The photos that the experiments work on.

    Raises:
        TransferError: there are too few.
    """
    return split_photos(project, store(project))


def asked(step: Step, photos: Manifest) -> Any:
    """The settings of the step's lab, as these photos allow them.

    Raises:
        TransferError: the lab can do nothing with these photos.
    """
    return fitted(str(step.lab), lab_settings(step), photos)


def seconds_of(project: Project, step: Step, photos: Manifest) -> float | None:
    """How long the step's experiment will take here; None where that can't be told."""
    if step.lab is None:
        return 0.0
    with suppress(TransferError):
        return seconds_needed(step.lab, project, photos, asked(step, photos))
    return None


def in_the_way(project: Project, step: Step) -> Run | None:
    """What keeps the step's lab busy: it does one experiment at a time."""
    return None if step.lab is None else active_experiment(project, step.lab)


def begin_step(project: Project, number: int, step: Step) -> None:
    """Start the step's experiment, or, where it has none, let its outcome be seen.

    Raises:
        TransferError: there is no guess yet, the photos are too few, or the lab is busy.
    """
    experiment = ""
    if step.lab is not None:
        photos = photos_of(project)
        settings = asked(step, photos)
        run = start_experiment(project, step.lab, settings, photos)
        if experiment_config(run).settings != settings:  # begun elsewhere in this very moment
            raise ConfigError("This lab is at work on something else. When that has ended, start this again.")
        experiment = run.id
    # Nothing of the session between the two: a second click would end this here, with an experiment nobody knows.
    change(project, lambda progress: progress.began(number, experiment))


def until_it_ends(run: Run) -> None:
    """Draw the page anew when what is in the way has ended: it frees the button. For a fragment that runs again."""
    if not run.path.is_dir() or not run.status().active:
        st.rerun()
