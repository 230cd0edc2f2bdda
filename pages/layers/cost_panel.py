"""What a freeze plan costs, in words and figures: parameters, risk of over-fitting, time, disk, where the cut lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import format as figures
from transfer_core.backbones.cost import Estimate, estimate
from transfer_core.errors import DataError

if TYPE_CHECKING:
    from transfer_core.backbones.freeze_plan import FreezePlan
    from transfer_core.backbones.tree import LayerTree
    from transfer_core.disk.workspace import Project
    from transfer_core.photos.store import PhotoStore

__all__ = ["PhotoCounts", "facts", "photo_counts"]


@dataclass(frozen=True)
class PhotoCounts:
    """How many photos and classes a plan is judged by."""

    classes: int
    train: int
    validation: int
    problem: str | None = None
    """Why the photos can't be trained on yet, in one sentence."""
    halved: bool = False
    """Whether what they give at the cut is to be kept as float16."""

    def head_parameters(self, tree: LayerTree) -> int:
        """Weights of the new head: one for each feature and class, and a bias a class."""
        return (tree.root.shape[-1] + 1) * self.classes


def photo_counts(project: Project, photos: PhotoStore) -> PhotoCounts:
    """Count the photos of `project` as they would be split now."""
    try:
        counts = photos.manifest(**project.choices.get("split", {})).counts()
    except DataError as error:
        return PhotoCounts(len(photos.classes()), 0, 0, str(error))
    train, validation = counts.get("train", {}), counts.get("validation", {})
    tuning = project.choices.get("train", {}).get("tuning", {})
    halved = tuning.get("cache_precision") == "float16"
    return PhotoCounts(len(train), sum(train.values()), sum(validation.values()), halved=halved)


def facts(tree: LayerTree, plan: FreezePlan, photos: PhotoCounts) -> None:
    """Draw the panel beside the tree."""
    figure = estimate(tree, plan, max(photos.classes, 2), photos.train, photos.validation)
    with st.container(border=True, key="facts"):
        _parameters(figure)
        if photos.problem:
            st.info(f"{photos.problem} Time and risk show here once there are photos.", icon=":material/photo_library:")
        else:
            _risk(figure, photos)
            _time(figure, photos)
        _cut(tree, plan, figure)


def _parameters(figure: Estimate) -> None:
    in_base = figure.trainable_parameters - figure.head_parameters
    st.metric(
        "Trainable parameters",
        figures.amount(figure.trainable_parameters),
        help="Numbers inside the network that training may change: "
        f"{figure.head_parameters:,} in the new head, {in_base:,} in the base.",
    )
    st.metric("Frozen parameters", figures.amount(figure.frozen_parameters), help="Numbers that stay as they are.")


def _risk(figure: Estimate, photos: PhotoCounts) -> None:
    ratio = (
        f"{figures.amount(1 / figure.photos_per_parameter)} parameters for each photo"
        if figure.photos_per_parameter and figure.photos_per_parameter < 1
        else f"{figure.photos_per_parameter:.1f} photos for each parameter"
    )
    words = f"**{photos.train:,} photos** teach {figures.amount(figure.trainable_parameters)} parameters: {ratio}."
    if figure.overfitting == "likely":
        st.warning(
            f"{words} **Over-fitting is likely**: the network can learn your photos by heart. "
            "Train fewer blocks, or add photos.",
            icon=":material/warning:",
        )
    elif figure.overfitting == "possible":
        st.markdown(
            f":material/info: {words} Over-fitting is **possible**: watch whether validation keeps up with training."
        )
    else:
        st.markdown(f":material/check_circle: {words} The risk of over-fitting is **low**.")


def _time(figure: Estimate, photos: PhotoCounts) -> None:
    known = "" if figure.measured else " A guess until the first training here has been timed."
    once = f"**{_about(figure.features_seconds)}** once, for what stays frozen"
    st.markdown(f":material/timer: **{_about(figure.seconds_per_epoch)}** an epoch, and {once}.{known}")
    size = figures.size(figure.disk_bytes(photos.halved))
    st.markdown(
        f":material/hard_drive: **{size}** on disk keep what the frozen part saw in "
        f"{photos.train + photos.validation:,} photos."
    )


def _about(seconds: float) -> str:
    words = figures.span(seconds)
    return words if words.startswith("under") else f"about {words}"


def _cut(tree: LayerTree, plan: FreezePlan, figure: Estimate) -> None:
    """Where the network is divided, naming blocks: layer names mean little to most people."""
    home = {layer.name: block.name for block in tree.blocks for layer in block.children}
    if plan.head_only:
        text = "The cut lies **after the whole base**: it runs once for each photo."
    elif not any(name in home for name in figure.frontier):
        text = "There is **no frozen part in front**: the whole network runs in every epoch."
    else:
        text = f"The cut lies after **{' and '.join(dict.fromkeys(home[n] for n in figure.frontier if n in home))}**."
    layers = ", ".join(f"`{name}`" for name in figure.frontier)
    st.markdown(
        f":material/content_cut: {text}",
        help=f"What crosses from the frozen part to the rest: the output of {layers}." if layers else None,
    )
