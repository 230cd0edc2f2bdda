"""Evaluate: what a trained classifier gets wrong among photos that it did not learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.labs.evaluate.card import CARD
from pages.labs.evaluate.result import draw
from pages.labs.lab import Lab, lab_page
from pages.labs.pick_run import pick_run
from pages.labs.time_needed import time_needed
from pages.ui.format import photo_count
from transfer_core.labs.evaluate.settings import Settings, folds_of, possible, usual
from transfer_core.text import Sentence, t

if TYPE_CHECKING:
    from pages.jobs.trained_runs import Trained
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

ABOUT = t(
    """
A figure is honest when nothing was chosen by the photos it comes from.

- **Test photos** were kept for the end. Neither the weights nor the best epoch were chosen by them.
- **Every photo, out of fold**: the photos are dealt into parts. For each part a classifier is trained like this one,
  without that part, and answers it. So every photo gets an answer from a classifier that had never seen it, and the
  figure rests on all of them. With a frozen base that takes seconds.
- **Validation photos** chose the best epoch, so the figure may be a little too good.

The **table of mistakes** (a *confusion matrix*) has a row for what photos show and a column for what was answered: what
is right lies on the diagonal. Click a cell to see the photos behind it. **Found** (*recall*): how many of a class's
photos were recognized. **Right when it says so** (*precision*): how many of the answers with that name were right. The
ranges are where the true shares most likely lie (95% intervals).

**Does it know when it is unsure?** Of answers that are 80% sure, 80 of 100 should be right: such a classifier is *well
calibrated*.
"""
)

_CHOICES = {
    "test": Sentence("Test photos"),
    "folds": Sentence("Every photo, out of fold"),
    "validation": Sentence("Validation photos"),
}


def form(project: Project, manifest: Manifest | None) -> Settings:
    """Choose the run and the photos."""
    trained = pick_run(project, "evaluate_run")
    photos, config = trained.run.manifest(), trained.run.config()
    offered = possible(photos)
    key = f"evaluate_on_{trained.run.id}"
    if st.session_state.get(key) not in offered:
        st.session_state[key] = usual(photos, config)
    on = st.segmented_control(
        t("On which photos?"),
        offered,
        key=key,
        format_func=lambda one: t(_CHOICES[one]),
        required=True,
    )
    settings = Settings(str(trained.run.path), on or usual(photos, config))
    st.caption(t(_about(settings.on, trained, photos)))
    time_needed(CARD.kind, project, photos, settings, base=config.base.name)
    return settings


def _about(on: str, trained: Trained, photos: Manifest) -> Sentence:
    if on == "folds":
        folds = folds_of(trained.run.config())
        return Sentence(
            "All {photos}: {folds} classifiers are trained like this one, each without some of the photos, and answer "
            "those.",
            photos=photo_count(len(photos.photos)),
            folds=folds,
        )
    if on == "test":
        return Sentence(
            "{photos} that were kept for the end: nothing was chosen by them.",
            photos=photo_count(len(photos.of("test"))),
        )
    return Sentence(
        "{photos} by which the best epoch was chosen, so the figure may be a little too good.",
        photos=photo_count(len(photos.of("validation"))),
    )


lab_page(Lab(card=CARD, about=ABOUT, form=form, draw=draw, photos=False, start=t("Evaluate")))
