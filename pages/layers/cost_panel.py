"""What a freeze plan costs, in words and figures: parameters, risk of over-fitting, time, disk, where the cut lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.jobs.launch import split_photos
from pages.ui import format as figures
from pages.ui.services import workspace
from transfer_core.backbones.cost import Estimate, estimate
from transfer_core.errors import DataError
from transfer_core.text import Sentence, all_of, joined, t

if TYPE_CHECKING:
    from transfer_core.backbones.freeze_plan import FreezePlan
    from transfer_core.backbones.tree import LayerTree
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.manifest import Manifest
    from transfer_core.photos.store import PhotoStore

__all__ = ["PhotoCounts", "facts", "photo_counts"]


@dataclass(frozen=True)
class PhotoCounts:
    """How many photos and classes a plan is judged by."""

    classes: int
    train: int
    validation: int
    test: int = 0
    problem: str | None = None
    """Why the photos can't be trained on yet, in one sentence."""
    split: Manifest | None = None
    """As they would be trained on now; None while they can't be."""
    halved: bool = False
    """Whether what they give at the cut is to be kept as float16."""

    def head_parameters(self, tree: LayerTree) -> int:
        """Weights of the new head: one for each feature and class, and a bias a class."""
        return (tree.root.shape[-1] + 1) * self.classes


def photo_counts(project: Project, photos: PhotoStore) -> PhotoCounts:
    """Count the photos of `project` as they would be split now."""
    try:
        split = split_photos(project, photos)
    except DataError as error:
        return PhotoCounts(len(photos.classes()), 0, 0, problem=str(error))
    counts = split.counts()
    train, validation = counts.get("train", {}), counts.get("validation", {})
    tuning = project.choices.get("train", {}).get("tuning", {})
    halved = tuning.get("cache_precision") == "float16"
    test = sum(counts.get("test", {}).values())
    return PhotoCounts(len(train), sum(train.values()), sum(validation.values()), test, split=split, halved=halved)


def facts(tree: LayerTree, plan: FreezePlan, photos: PhotoCounts) -> None:
    """Draw the panel beside the tree."""
    classes = max(photos.classes, 2)
    figure = estimate(workspace(), tree, plan, classes, photos.train, photos.validation, test_photos=photos.test)
    with st.container(border=True, key="facts"):
        _parameters(tree, figure)
        if photos.problem:
            st.info(
                t("{problem} Time and risk show here once there are photos.", problem=photos.problem),
                icon=":material/photo_library:",
            )
        else:
            _risk(figure, photos)
            _time(figure, photos, in_front=_in_front(tree, plan, figure))
        _cut(tree, plan, figure)


def _parameters(tree: LayerTree, figure: Estimate) -> None:
    in_base = figure.trainable_parameters - figure.head_parameters
    st.metric(
        t("Trainable parameters"),
        figures.amount(figure.trainable_parameters),
        help=t(
            "Numbers inside the network that training may change: "
            "{head_parameters:,} in the new head, {in_base:,} in the base.",
            head_parameters=figure.head_parameters,
            in_base=in_base,
        ),
    )
    st.metric(
        t("Frozen parameters"),
        figures.amount(figure.frozen_parameters),
        help=t("Numbers that stay as they are."),
    )
    statistics = sum(node.parameters - node.facts.trainable_parameters for node in tree.layers.values() if node.facts)
    if statistics and figure.frozen_parameters == statistics:
        st.caption(
            t(
                "What is left frozen are averages that BatchNormalization took over a million photos. They stay, "
                "whichever layers train: your photos are too few to replace them."
            )
        )


def _risk(figure: Estimate, photos: PhotoCounts) -> None:
    ratio = (
        t("{amount} parameters for each photo", amount=figures.amount(1 / figure.photos_per_parameter))
        if figure.photos_per_parameter and figure.photos_per_parameter < 1
        else t("{photos_per_parameter:.1f} photos for each parameter", photos_per_parameter=figure.photos_per_parameter)
    )
    words = Sentence(
        "**{photos:,} photos** teach {amount} parameters: {ratio}.",
        photos=photos.train,
        amount=figures.amount(figure.trainable_parameters),
        ratio=ratio,
    )
    if figure.overfitting == "likely":
        st.warning(
            t(
                "{words} **Over-fitting is likely**: the network can learn your photos by heart. "
                "Train fewer blocks, or add photos.",
                words=words,
            ),
            icon=":material/warning:",
        )
    elif figure.overfitting == "possible":
        st.markdown(
            t(
                ":material/info: {words} Over-fitting is **possible**: watch whether validation keeps up with "
                "training.",
                words=words,
            )
        )
    else:
        said = t("The risk of over-fitting is **low**, though so few parameters, too, can learn some photos by heart.")
        st.markdown(f":material/check_circle: {words} {said}")


def _in_front(tree: LayerTree, plan: FreezePlan, figure: Estimate) -> bool:
    """Whether any layer is computed once for each photo, because all before it is frozen too."""
    return plan.head_only or any(name in tree.layers for name in figure.frontier)


def _time(figure: Estimate, photos: PhotoCounts, *, in_front: bool) -> None:
    said = [
        Sentence(
            ":material/timer: **{epoch}** an epoch, and **{once}** once, for what stays frozen."
            if in_front
            else ":material/timer: **{epoch}** an epoch, and **{once}** once: first the head learns, on the base as it "
            "is.",
            epoch=_about(figure.seconds_per_epoch),
            once=_about(figure.features_seconds),
        )
    ]
    if not figure.measured:
        said.append(Sentence("A guess: nothing with this base has run here long enough to be timed."))
    st.markdown(t(joined(said)))
    size = figures.size(figure.disk_bytes(photos.halved))
    st.markdown(
        t(
            ":material/hard_drive: **{size}** on disk for what the frozen part saw in {train:,} photos."
            if in_front
            else ":material/hard_drive: **{size}** on disk keep {train:,} photos as the network reads them, and what "
            "the head learns from first.",
            size=size,
            train=photos.train + photos.validation + photos.test,
        )
    )


def _about(seconds: float) -> str:
    return figures.span(seconds) if seconds < 1 else t("about {span}", span=figures.span(seconds))


def _cut(tree: LayerTree, plan: FreezePlan, figure: Estimate) -> None:
    """Where the network is divided, naming blocks: layer names mean little to most people."""
    home = {layer.name: block.name for block in tree.blocks for layer in block.children}
    if plan.head_only:
        text = t("The cut lies **after the whole base**: it runs once for each photo.")
    elif not _in_front(tree, plan, figure):
        text = t("There is **no frozen part in front**: the whole network runs in every epoch.")
    else:
        text = t(
            "The cut lies after **{blocks}**.",
            blocks=all_of(list(dict.fromkeys(home[name] for name in figure.frontier if name in home))),
        )
    layers = t(", ").join(f"`{name}`" for name in figure.frontier)
    st.markdown(
        f":material/content_cut: {text}",
        help=t("What crosses from the frozen part to the rest: the output of {layers}.", layers=layers)
        if layers
        else None,
    )
