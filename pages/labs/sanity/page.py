"""Frozen or not: is training on saved features the same as freezing the base, and which mistakes make it differ?"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import streamlit as st

from pages.labs.lab import Lab, lab_page
from pages.labs.sanity.card import CARD
from pages.labs.sanity.result import draw
from pages.ui import format as figures
from pages.ui.glossary import explain
from transfer_core.errors import DataError
from transfer_core.labs.sanity.mistakes import MISTAKES, get_mistake
from transfer_core.labs.sanity.settings import Settings, needed, passes
from transfer_core.runs.config import Optimizer
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

ABOUT = t("""
"I froze everything but the top and trained. Why is it not the same as training a new layer on saved features?"
It **is** the same, if nothing goes wrong. This lab shows it on a few of your photos, and then does what usually goes
wrong, one mistake at a time.

- **Saved features**: every photo goes through the base once. What comes out, its *bottleneck features*, is kept, and a
  new layer learns from that alone. Fast.
- **Frozen, end to end**: the whole network learns, photo by photo, but the base is frozen, so only the new layer
  changes. The photos go through the base again in every epoch. Slow, and no better.
- **Each mistake** is the same training with one thing done wrong. All begin with the same weights and see the photos
  in the same order, so whatever differs comes from the mistake alone.

*Loss* is how wrong the answers are; lower is better. A mistake counts as harmless if losses and answers stay equal, but
for rounding (0.00001). The range behind an accuracy is where the true share most likely lies (95% interval): with a
dozen photos it is wide, so look at the losses first.
""")


def form(project: Project, manifest: Manifest | None) -> Settings:
    """Which mistakes, and on how much."""
    mistakes = st.pills(
        t("Mistakes to try"),
        [mistake.name for mistake in MISTAKES],
        format_func=lambda name: t(get_mistake(name).title),
        selection_mode="multi",
        default=Settings.mistakes,
        key="sanity_mistakes",
        help=t("Each takes as long as training end to end without a mistake."),
    )
    have = {split: sum(counts.values()) for split, counts in manifest.counts().items()} if manifest else {}
    with st.container(horizontal=True, vertical_alignment="bottom", key="sanity_sizes"):
        photos = st.number_input(
            t("Photos to learn from"),
            1,
            10_000,
            max(1, min(Settings.photos, have.get("train", Settings.photos))),
            key="sanity_photos",
            help=t(
                "As evenly over your classes as there are. A few are enough: the question is whether it is the same."
            ),
            width=190,
        )
        validation = st.number_input(
            t("Photos to check on"),
            1,
            10_000,
            max(1, min(Settings.validation, have.get("validation", Settings.validation))),
            key="sanity_validation",
            help=explain("validation"),
            width=190,
        )
        epochs = st.number_input(
            t("Epochs"), 1, 1000, Settings.epochs, key="sanity_epochs", help=explain("epoch"), width=140
        )
    with (
        st.expander(t("More settings (the defaults are fine)"), icon=":material/tune:", key="sanity_more"),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        batch = st.number_input(
            t("Photos a step"),
            1,
            256,
            Settings.batch_size,
            key="sanity_batch",
            help=t("The batch size. With 1, BatchNormalization in training mode sees a single photo at a time."),
            width=140,
        )
        rate = st.number_input(
            t("Learning rate"),
            1e-6,
            1.0,
            Settings.learning_rate,
            step=1e-4,
            format="%.5f",
            key="sanity_rate",
            width=160,
        )
        optimizer = st.selectbox(t("Optimizer"), get_args(Optimizer), get_args(Optimizer).index(Settings.optimizer),
            key="sanity_optimizer", width=160)  # fmt: skip
        dropout = st.slider(
            t("Dropout thrown away"),
            0.1,
            0.9,
            Settings.dropout,
            0.1,
            key="sanity_dropout",
            help=t("The share of the features that the mistake with dropout throws away."),
            width=220,
        )
    chosen = tuple(mistake.name for mistake in MISTAKES if mistake.name in mistakes)
    settings = Settings(
        chosen, int(photos), int(validation), int(epochs), int(batch), optimizer, float(rate), float(dropout)
    )
    times = figures.amount(passes(settings))
    st.caption(t("Photos go through the base {times} times.", times=times))
    if manifest is not None and (missing := needed(manifest, settings)):
        raise DataError(missing)
    return settings


lab_page(
    Lab(
        card=CARD,
        about=ABOUT,
        form=form,
        draw=draw,
        start=t("Compare"),
    )
)
