"""Stress test: a trained classifier is asked about photos that are harder to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.labs.lab import Lab, lab_page
from pages.labs.pick_run import pick_run
from pages.labs.stress.card import CARD
from pages.labs.stress.result import draw
from pages.labs.time_needed import time_needed
from pages.ui.format import photo_count
from transfer_core.labs.stress.settings import Settings, photos_of
from transfer_core.text import Sentence, t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

ABOUT = t(
    """
Photos that a classifier meets later are seldom as good as those it learned from. Here its photos are changed in seven
ways, each at five strengths from a little to very much, and it is asked again.

- **Blurred, dark, bright, noisy, compressed**: as a cheap camera, bad light or a messenger makes them.
- **Turned, cropped**: as when somebody holds the camera askew, or stands too close.

A class of things that are told by their color will not mind blur; one that is told by fine patterns will. What hurts
can be trained: by augmentation, or by photos like that. The ways are those of Hendrycks and Dietterich (2019).
"""
)


def form(project: Project, manifest: Manifest | None) -> Settings:
    """Choose the run."""
    trained = pick_run(project, "stress_run")
    settings = Settings(str(trained.run.path))
    material = photos_of(settings)
    used = min(len(material.photos), settings.photos)
    words = (
        Sentence("{photos} that were kept for the end.", photos=photo_count(used))
        if material.on == "test"
        else Sentence("{photos} by which the best epoch was chosen.", photos=photo_count(used))
    )
    st.caption(t(words))
    time_needed(CARD.kind, project, trained.run.manifest(), settings, base=trained.run.config().base.name)
    return settings


lab_page(Lab(card=CARD, about=ABOUT, form=form, draw=draw, photos=False, start=t("Put it to the test")))
