"""Augmentation among the settings: what it is, what each way costs, and how a photo's variants look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs.describe import stored_plan
from pages.train.fields import Fields
from pages.ui import format as figures
from pages.ui.html import cells, sentence
from pages.ui.services import engine, known_tree, workspace
from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.cost import Augmented, Estimate, estimate
from transfer_core.errors import TransferError
from transfer_core.runs.augmentation import MODE_NAMES, PRESETS
from transfer_core.text import Sentence, joined, plural, t

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest
    from transfer_core.runs.config import RunConfig

__all__ = ["augmentation", "head_words"]

_MODES = {
    "none": Sentence("Each photo as it is."),
    "cached": Sentence("Made once, looked at in every epoch."),
    "live": Sentence("The network never sees the same picture twice. What is frozen is computed anew, too."),
}
_SHOWN = 11  # variants in a preview: two rows with the photo itself
_SIZE = 224  # pixels, while no base is chosen


def augmentation(project: Project, photos: Manifest | None, fields: Fields) -> None:
    """Draw the settings of augmentation; `photos` are those to train on, if they can be."""
    st.markdown(t("**Augmentation**: learn from changed copies of your photos"))
    st.caption(
        t(
            "Turned, moved, mirrored or darker, a cat is still a cat. With few photos this can keep the network from "
            "learning them by heart. Photos that check what it can do, and the finished classifier, are never changed."
        )
    )
    costs = _costs(project, photos, fields)
    st.radio(
        t("Variants"),
        format_func=lambda mode: t(MODE_NAMES[mode]),
        captions=[t(joined([words, costs.get(mode, "")])) for mode, words in _MODES.items()],
        **fields.among("augment", list(_MODES)),
    )
    first, second = st.columns(2, gap="large")
    with first:
        st.selectbox(
            t("Kind of change"),
            format_func=lambda name: str(PRESETS[name].title),
            **fields.among("augment_preset", list(PRESETS)),
        )
        # Damaged settings are refused by training; here they only have no description.
        if preset := PRESETS.get(fields.value("augment_preset")):
            st.caption(str(preset.description))
    with second:
        st.number_input(
            t("Variants of each photo"),
            step=1,
            disabled=fields.value("augment") != "cached",
            help=t("More of them teach more and take longer: each goes through the base once."),
            **fields.at("augment_variants"),
        )
    if photos and photos.of("train"):
        _preview(project, photos, fields)


def head_words(config: RunConfig, train: int) -> Sentence:
    """What the head learns from, and for how long."""
    variants = plural("{n:,} variant", "{n:,} variants", config.augmentation.variants)
    values = {"train": train, "variants": variants, "epochs": config.head.epochs}
    match config.fit.augment:
        case "cached":
            return Sentence(
                "First a new head learns from **{train:,} photos**, each in {variants}, on a frozen base, for at most "
                "{epochs} epochs.",
                **values,
            )
        case "live":
            return Sentence(
                "First a new head learns from **{train:,} photos**, changed anew in every epoch, on a frozen base, for "
                "at most {epochs} epochs.",
                **values,
            )
        case _:
            return Sentence(
                "First a new head learns from **{train:,} photos** on a frozen base, for at most {epochs} epochs.",
                **values,
            )


def _costs(project: Project, photos: Manifest | None, fields: Fields) -> dict[str, str]:
    """What each mode costs, in words; nothing where the base or the photos are still to be chosen."""
    base = project.choices.get("base", {}).get("name")
    tree = known_tree(base) if base else None
    if tree is None or photos is None:
        return {}
    plan = stored_plan(project, base, tree)
    counts = len(photos.classes), len(photos.of("train")), len(photos.of("validation"))
    test = len(photos.of("test"))
    variants, halved = fields.value("augment_variants"), fields.value("cache_precision") == "float16"
    return {
        mode: _cost_words(
            estimate(workspace(), tree, plan, *counts, Augmented(mode, max(variants, 1)), test_photos=test),
            not plan.head_only,
            halved,
        )
        for mode in ("none", "cached", "live")
    }


def _cost_words(figure: Estimate, fine_tunes: bool, halved: bool) -> str:
    at_once = figure.features_seconds < 1
    values = {
        "once": figures.span(figure.features_seconds),
        "head": figures.span(figure.head_seconds_per_epoch),
        "deep": figures.span(figure.seconds_per_epoch),
        "size": figures.size(figure.disk_bytes(halved)),
    }
    if fine_tunes:
        return t(
            "Under a second once, then {head} an epoch of the head, {deep} an epoch of fine-tuning; {size} on disk."
            if at_once
            else "About {once} once, then {head} an epoch of the head, {deep} an epoch of fine-tuning; {size} on disk.",
            **values,
        )
    return t(
        "Under a second once, then {head} an epoch; {size} on disk."
        if at_once
        else "About {once} once, then {head} an epoch; {size} on disk.",
        **values,
    )


def _preview(project: Project, photos: Manifest, fields: Fields) -> None:
    learned = photos.of("train")
    if st.button(t("Show variants"), key="show_variants", icon=":material/auto_awesome_motion:"):
        # Each click takes another photo, from all over the classes.
        turn = st.session_state["variants_turn"] = st.session_state.get("variants_turn", -1) + 1
        with st.spinner(t("Making variants…"), show_time=True):
            _ask(project, fields, learned[turn * max(1, len(learned) // 7) % len(learned)].path)
    shown = st.session_state.get("variants_shown")
    if shown and shown["of"] == _asked(project, fields):
        with cells("variants", least=96, most=6):
            st.image(shown["original"], caption=t("The photo"), width="stretch", alt=t("The photo as it is"))
            for number, picture in enumerate(shown["variants"], 1):
                st.image(
                    picture,
                    caption=t("Variant {number}", number=number),
                    width="stretch",
                    alt=t("Variant {number} of the photo", number=number),
                )


def _asked(project: Project, fields: Fields) -> tuple[Any, ...]:
    """What a preview is of; another choice needs another preview."""
    return (project.id, fields.value("augment_preset"), fields.value("seed"), _shown(fields))


def _shown(fields: Fields) -> int:
    """As many as are made, where so many are; of those that are made anew in every epoch, some."""
    return max(1, min(_SHOWN, fields.value("augment_variants"))) if fields.value("augment") == "cached" else _SHOWN


def _ask(project: Project, fields: Fields, photo: str) -> None:
    base = project.choices.get("base", {}).get("name")
    args = {
        "photo": photo,
        "preset": fields.value("augment_preset"),
        "count": _shown(fields),
        "seed": fields.value("seed"),
        "size": get_base(base).input_size if base else _SIZE,
    }
    st.session_state.pop("variants_shown", None)
    try:
        said = engine().ask("augment", args, timeout=120)
        st.session_state["variants_shown"] = {
            "of": _asked(project, fields),
            "original": _take(said["original"]),
            "variants": [_take(path) for path in said["paths"]],
        }
    except TransferError as error:
        st.error(sentence(str(error)), icon=":material/error:")


def _take(path: str) -> bytes:
    """Read a picture of the worker's and remove it."""
    data = Path(path).read_bytes()
    Path(path).unlink()
    return data
