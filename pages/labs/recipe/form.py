"""What the recipe lab is asked, and how long that will probably take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.labs.start import lab_base
from pages.ui.glossary import explain
from pages.ui.services import tree
from transfer_core.labs.recipe.settings import LEAST_EPOCHS, VARIANTS, Settings, check_photos
from transfer_core.runs.config import fine_tuning_rate
from transfer_core.text import t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest

__all__ = ["form"]

_WIDTH = 210


def form(project: Project, manifest: Manifest | None) -> Settings:
    """Draw the settings and give them.

    Raises:
        TransferError: a setting does not fit, or there are too few photos.
    """
    chosen = st.multiselect(
        t("What to compare"),
        list(VARIANTS),
        list(VARIANTS),
        key="recipe_variants",
        format_func=lambda name: t(VARIANTS[name].title),
    )
    base = lab_base(project).name
    blocks = [block.name for block in reversed(tree(base).blocks)]
    with st.expander(t("More settings (the defaults are fine)"), icon=":material/tune:", key="recipe_more"):
        block = st.selectbox(
            t("Step 4: unfreeze from this block to the end"),
            ["", *blocks],
            format_func=lambda block: block or t("the last stage"),
            key=f"recipe_block_{base}",
            help=t("The shallowest that changes more than a block or two. The lab Depth sweep finds a good depth."),
        )
        with st.container(horizontal=True):
            head = _whole(t("Epochs of the head"), "head_epochs", explain("epoch"))
            tune = _whole(t("Epochs of fine-tuning"), "fine_tune_epochs")
            scratch = _whole(t("Epochs from scratch"), "scratch_epochs")
        with st.container(horizontal=True):
            head_rate = _rate(
                t("Rate of the head"), "head_rate", t("Also of the base in the variants that are too fast.")
            )
            usual = fine_tuning_rate(len(manifest.of("train"))) if manifest else None
            tune_rate = _rate(t("Rate of fine-tuning"), "fine_tune_rate", default=usual)
            scratch_rate = _rate(t("Rate from scratch"), "scratch_rate")
        with st.container(horizontal=True):
            copies = _whole(t("Changed copies a photo"), "photo_variants", t("For the variants with augmentation."))
            batch = _whole(t("Photos in a batch"), "batch_size")
    settings = Settings(
        tuple(chosen),
        head,
        tune,
        scratch,
        head_rate,
        tune_rate,
        scratch_rate,
        block or "",
        copies,
        batch,
    )
    if manifest is not None:
        check_photos(manifest)
    return settings


def _whole(label: str, name: str, hint: str | None = None) -> int:
    default, least = getattr(Settings, name), LEAST_EPOCHS if name.endswith("epochs") else 1
    return int(st.number_input(label, least, value=default, step=1, key=f"recipe_{name}", width=_WIDTH, help=hint) or 0)


def _rate(label: str, name: str, hint: str | None = None, default: float | None = None) -> float:
    default = default or getattr(Settings, name)
    value = st.number_input(
        label, value=default, step=default / 2, format="%.6f", key=f"recipe_{name}", width=_WIDTH, help=hint
    )
    return float(value or 0)
