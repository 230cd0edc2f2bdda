"""How long an experiment will take: one estimate wherever it is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.labs.start import lab_base
from pages.ui import format as figures
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import expected_seconds
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

__all__ = ["seconds_needed", "time_needed"]


def time_needed(
    kind: str, project: Project, photos: Manifest | None, settings: Any = None, *, base: str | None = None
) -> None:
    """Say how long it takes here with these photos and `base`; nothing where that can't be told.

    `base`: None is the project's.
    """
    seconds = seconds_needed(kind, project, photos, settings, base=base)
    if seconds is not None:
        span = figures.span(seconds)
        st.caption(t(":material/schedule: Takes about {span} here, if nothing else is running.", span=span))


def seconds_needed(
    kind: str, project: Project, photos: Manifest | None, settings: Any = None, *, base: str | None = None
) -> float | None:
    """The same in seconds."""
    base = base or lab_base(project).name
    try:
        return None if photos is None else expected_seconds(kind, project.workspace, base, photos, settings)
    except TransferError:
        return None  # the form says what does not fit
