"""Depth probe: after which block of the base can the photos be told apart?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.labs.lab import Lab, lab_page
from pages.labs.probe.card import CARD
from pages.labs.probe.result import draw
from pages.ui.format import photo_count
from transfer_core.labs.probe.settings import LEAST_FOLDS, MOST_FOLDS, Settings, check_photos, probed
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

ABOUT = t("""
A network looks at a photo in many steps, its *blocks*: first edges and colors, then textures and parts, and things as
a whole at the end. Which of that do **your** photos need? Thaw stops after every block and tries.

1. **One look**: each photo goes through the base once. After every block, what each channel saw is averaged over the
   photo: a list of numbers.
2. **One simple classifier a block** (a *linear* one, as the new head is) learns from these numbers. The base stays as
   it is: nothing is fine-tuned.
3. **Only honest answers count**: the photos are dealt into folds, and each fold is answered by a classifier that
   learned from the others.

**How to read it.** Where the curve rises, the blocks still build up what your photos need. Where it is flat, they add
nothing to it: those blocks are made for the thousand classes of ImageNet. **The last block that matters** is the first
one after which the photos are told apart as well as anywhere; a difference counts if McNemar's exact test on the same
photos gives p below 5%. Fine-tuning the blocks after it can pay; fine-tuning deeper changes what works already.

The band is the 95% interval: where the true accuracy probably lies. The folds share photos to learn from, so in truth
it is a little wider. And it is a look at the frozen base: it says where to begin, not what fine-tuning will reach. The
depth sweep tries that.
""")


def form(project: Project, manifest: Manifest | None) -> Settings:
    """The few settings; refuses photos that are too few for the folds."""
    with st.container(horizontal=True):
        folds = st.number_input(
            t("Folds"),
            LEAST_FOLDS,
            MOST_FOLDS,
            Settings.folds,
            key="probe_folds",
            help=t(
                "Into how many parts the photos are dealt. Each part is answered by a classifier that learned from "
                "the others. Each class needs at least as many photos."
            ),
            width=220,
        )
        most = st.number_input(
            t("Photos at most"),
            20,
            100_000,
            Settings.photos,
            step=100,
            key="probe_photos",
            help=t("With many photos, a sample of them is enough: 2000 give each figure to about two points."),
            width=220,
        )
    settings = Settings(folds=int(folds), photos=int(most))
    if manifest is not None:
        check_photos(manifest, settings.folds)
        there = len(probed(manifest))
        looked = min(there, settings.photos)
        st.caption(
            t(photo_count(there))
            if looked == there
            else t("{looked:,} of {photos}", looked=looked, photos=photo_count(there))
        )
    return settings


lab_page(
    Lab(
        card=CARD,
        about=ABOUT,
        form=form,
        draw=draw,
        start=t("Start the probe"),
    )
)
