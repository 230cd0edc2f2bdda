"""What changed: two trained runs against each other, on photos that neither learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.jobs.trained_runs import run_names, trained_runs
from pages.labs.compare.card import CARD
from pages.labs.compare.result import draw
from pages.labs.lab import Lab, lab_page
from pages.ui.format import photo_count
from transfer_core.errors import ConfigError
from transfer_core.labs.compare.settings import LEAST_PHOTOS, Settings, material
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

ABOUT = t(
    """
Two runs can have the same accuracy and yet get different photos wrong. So this lab lets both answer the same photos:
those that **both were checked on and neither learned from**.

- **Fixed**: the first is wrong, the second is right. **Broken**: the other way round.
- **Is it real?** If both were equally good, each photo that changed would be as likely fixed as broken, like tosses of
  a coin. The exact *McNemar test* tells how often chance alone would make a difference this large (in statistics:
  the *p-value*); below 5 of 100 the difference counts as real. With fewer than {least_photos} photos nothing could
  ever be told.
- **How far the weights lie apart**: for each layer, the length of the change over the length of its weights. Layers
  that stayed frozen show 0%. Runs on different bases have different layers, so each is shown against its own base.

The photos for validation also chose the best epoch of each run, so both look a little better on them than on photos
nobody has seen.
""",
    least_photos=LEAST_PHOTOS,
)


def form(project: Project, manifest: Manifest | None) -> Settings:
    """Choose the two runs."""
    runs = trained_runs(project)
    if len(runs) < 2:
        raise ConfigError(
            "Two trained classifiers are needed, and this project has one. Train with other layers or settings, then "
            "come back."
            if runs
            else "Two trained classifiers are needed, and this project has none yet. Train with other layers or "
            "settings, then come back."
        )
    names = run_names(runs)
    folders = {trained.run.id: str(trained.run.path) for trained in runs}
    chosen = [
        st.selectbox(title, list(names), index=index, key=key, format_func=lambda run: names.get(run, run), help=words)
        for title, key, index, words in (
            (t("From"), "compare_first", 1, t("The first run: what is there to begin with.")),
            (
                t("To"),
                "compare_second",
                0,
                t("The second run: what is fixed and broken is told from the first to this one."),
            ),
        )
    ]
    settings = Settings(*(folders[run] for run in chosen))
    found = material(settings)
    st.caption(
        t(
            "{photos} that both were checked on and neither learned from.",
            photos=photo_count(len(found.photos)),
        )
    )
    return settings


lab_page(
    Lab(
        card=CARD,
        about=ABOUT,
        form=form,
        draw=draw,
        photos=False,
        start=t("Compare"),
    )
)
