"""Settings that few need: how the rate moves, label smoothing, BatchNormalization, the cache, and a rate finder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

import streamlit as st

from pages.train.fields import Fields
from pages.train.lr_finder import rate_finder
from transfer_core.disk.workspace import Project
from transfer_core.runs.config import PRECISION_NAMES, SCHEDULE_NAMES, CachePrecision, ScheduleName
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.photos.manifest import Manifest

__all__ = ["MORE_PLACES", "more_settings"]

# Where each widget's value stands in RunConfig.
MORE_PLACES = {
    "schedule": ("tuning", "schedule"),
    "warmup_epochs": ("tuning", "warmup_epochs"),
    "discriminative": ("tuning", "discriminative"),
    "label_smoothing": ("tuning", "label_smoothing"),
    "train_batch_norm": ("tuning", "train_batch_norm"),
    "cache_precision": ("tuning", "cache_precision"),
}


def more_settings(project: Project, photos: Manifest | None, fields: Fields, use: Callable[[str, float], None]) -> None:
    """Draw them.

    Args:
        project: whose settings.
        photos: those to train on, if they can be.
        fields: the widgets.
        use: takes a found rate, see `rate_finder`.
    """
    with st.expander(t("More, for those who know"), icon=":material/science:", key="more_settings"):
        rate_finder(project, photos, use)
        st.markdown(t("**How the learning rate moves**"))
        first, second = st.columns(2, gap="large")
        with first:
            st.selectbox(
                t("The learning rate"),
                format_func=lambda name: t(SCHEDULE_NAMES[name]) if name in SCHEDULE_NAMES else name,
                help=t(
                    "A rate that sinks to nothing, along a cosine, needs all its epochs to do its work, so give it "
                    "fewer of them."
                ),
                **fields.among("schedule", get_args(ScheduleName)),
            )
            st.number_input(
                t("Warm-up epochs"),
                step=1,
                help=t("Each phase begins with small steps that grow over so many epochs. 0: full steps at once."),
                **fields.at("warmup_epochs"),
            )
        with second:
            st.number_input(
                t("Divide the rate of each block by"),
                step=0.1,
                format="%.2f",
                help=t(
                    "Discriminative rates: blocks nearer to the photo see simple things that need less change. 1: the "
                    "same rate for all. 2.6 is usual for a few blocks; for many choose less."
                ),
                **fields.at("discriminative"),
            )
            st.slider(
                t("Label smoothing"),
                0.0,
                0.5,
                step=0.05,
                help=t(
                    "Share of each label that is spread over all classes, so that the network does not strive to be "
                    "surer than it can be. 0.1 is usual; 0 switches it off."
                ),
                **fields.at("label_smoothing"),
            )
        st.toggle(
            t("Train BatchNormalization of unfrozen layers"),
            help=t("Off, it uses what it learned from a million photos."),
            **fields.at("train_batch_norm"),
        )
        if fields.value("train_batch_norm"):
            st.warning(
                t(
                    "With few photos this usually hurts: the statistics swing from batch to batch and replace what the "
                    "base learned from a million photos."
                ),
                icon=":material/warning:",
            )
        st.markdown(t("**What is kept on disk**"))
        st.selectbox(
            t("What the frozen layers saw in each photo is kept"),
            format_func=lambda name: t(PRECISION_NAMES[name]) if name in PRECISION_NAMES else name,
            help=t(
                "While deeper layers are fine-tuned, Thaw keeps what enters them on disk and reads it again in every "
                "epoch. Rounded, it takes half the disk space and half the reading. The answers come out almost the "
                "same, "
                "but no longer equal to the last bit. The head alone is always trained exactly."
            ),
            **fields.among("cache_precision", get_args(CachePrecision)),
        )
