"""See inside: the channels of a block that a photo excites most, and the training photos that excite them too."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs.layer_button import choose_layer, layer_button
from pages.jobs.where import shine, spotlight
from pages.ui import html as drawn
from pages.ui.html import cells
from pages.ui.services import engine, tree
from transfer_core.errors import PhotoError, TransferError
from transfer_core.text import Sentence, joined, plural, t

if TYPE_CHECKING:
    from transfer_core.backbones.tree import LayerTree
    from transfer_core.runs.folder import Run

__all__ = ["area", "cut_out", "depths", "look"]

_KEY = "inside"
_KEPT = "inside_looks"
_MOST = 12  # looks kept in a tab
_LONG = 40  # characters of a file's name
_TILE = 160  # side of a picture in a strip, pixels
_FULL = 0.02  # share of the places that are drawn in full
_GAMMA = 0.7
_DEPTHS = {"early": Sentence("Early"), "middle": Sentence("Middle"), "late": Sentence("Late")}


@dataclass(frozen=True)
class Channel:
    """One channel, ready to be drawn."""

    number: int
    above: int
    """On how many of the training photos it is weaker."""
    picture: bytes
    """The photo, lit where the channel finds what it answers to."""
    examples: tuple[bytes, ...]
    """What excites it most of the training photos."""
    classes: str
    """Whose they are."""


@dataclass(frozen=True)
class Look:
    """What was found in one photo, after one layer."""

    of: int
    """How many channels the layer has."""
    looked: int
    """At how many training photos."""
    learned: int
    """How many there are."""
    channels: tuple[Channel, ...]


def area(run: Run, photos: Sequence[tuple[str, bytes]]) -> None:
    """A switch, and behind it the look inside.

    Args:
        run: whose classifier is looked into; built as Thaw builds one.
        photos: name and picture, a square JPEG, of each photo that was answered, the newest first; at least one.
    """
    shown = st.toggle(
        t("See inside"),
        key="inside_on",
        help=t("What a block of the base finds in a photo, and which training photos it finds the same in."),
    )
    if not shown:
        return
    with st.container(key="inside_area", border=True):
        st.caption(
            t(
                "A block looks at a photo through many channels. A channel is one detector of this block: it lights up "
                "where it finds its pattern. Early blocks mostly find edges and colors, middle ones textures and "
                "patterns, late ones parts of things."
            )
        )
        try:
            layers = tree(run.labels()["base"])
            picture = _photo(photos)
            layer = _layer(layers)
            seen = look(run, picture, layer)
        except TransferError as error:
            st.warning(drawn.sentence(str(error)), icon=":material/visibility_off:")
            return
        _show(seen)


def depths(layers: LayerTree) -> dict[str, str]:
    """The layer that ends a block near the beginning, in the middle and at the end of a base, by `_DEPTHS`."""
    ends = []
    for block in layers.blocks:
        ends += [layer.name for layer in block.children if len(layer.shape) == 3][-1:]
    last = len(ends) - 1
    return {"early": ends[round(last / 6)], "middle": ends[round(last / 2)], "late": ends[last]}


def _photo(photos: Sequence[tuple[str, bytes]]) -> bytes:
    """Which photo to look at: the newest, until another is chosen."""
    pictures: dict[str, tuple[str, bytes]] = {}
    for name, picture in photos:
        pictures.setdefault(hashlib.sha256(picture).hexdigest(), (name, picture))
    names = {
        digest: f"{number}. {drawn.middle_cut(name, _LONG)}"  # two of one name would be one choice
        for number, (digest, (name, _)) in enumerate(pictures.items(), 1)
    }
    newest = next(iter(pictures))
    # Another box for each newest one, which it begins with.
    key = f"inside_photo_{newest[:12]}"
    chosen = st.selectbox(t("Photo"), list(names), format_func=lambda digest: names.get(digest, digest), key=key)
    return pictures.get(chosen, pictures[newest])[1]


def _layer(layers: LayerTree) -> str:
    """After which layer to look: three that are named, and all others in the tree."""
    named = depths(layers)

    def go() -> None:
        if st.session_state["inside_depth"] is not None:
            choose_layer(_KEY, named[st.session_state["inside_depth"]])

    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_layers"):
        place = st.container(width="content")
        layer = layer_button(layers, _KEY, named["early"], lambda name: t("After {layer}", layer=name))
        st.session_state["inside_depth"] = next((depth for depth, name in named.items() if name == layer), None)
        place.segmented_control(
            t("Where in the base?"),
            list(_DEPTHS),
            format_func=lambda depth: t(_DEPTHS[depth]),
            key="inside_depth",
            on_change=go,
        )
    return layer


def look(run: Run, picture: bytes, layer: str) -> Look:
    """What is found in a photo after a layer; asked for once in a tab.

    Raises:
        TransferError: there is no answer.
    """
    try:
        changed = run.model_path.stat().st_mtime_ns
    except OSError as error:
        raise TransferError("This classifier has been deleted since.") from error
    kept: dict[Any, Look] = st.session_state.setdefault(_KEPT, {})
    key = (str(run.path), changed, layer, hashlib.sha256(picture).hexdigest())
    if key not in kept:
        with (
            st.spinner(t("Looking inside: the first time after a layer, this can take a minute…"), show_time=True),
            tempfile.TemporaryDirectory(prefix="thaw-inside-") as folder,
        ):
            image = Path(folder) / "photo.jpg"
            image.write_bytes(picture)
            args = {"run": str(run.path), "image": str(image), "layer": layer}
            kept[key] = _drawn(picture, engine().ask("inside", args, timeout=300))
        while len(kept) > _MOST:
            kept.pop(next(iter(kept)))
    return kept[key]


def _drawn(picture: bytes, found: Mapping[str, Any]) -> Look:
    """What the query worker said, with its pictures."""
    channels = []
    for one in found["channels"]:
        parts = [part for example in one["examples"] if (part := cut_out(example))]
        counts = Counter(example["class"] for example in one["examples"])
        classes = " · ".join(f"{name} {count}" for name, count in counts.most_common())
        channels.append(
            Channel(one["channel"], one["above"], spotlight(picture, _light(one["map"])), tuple(parts), classes)
        )
    return Look(found["of"], found["looked"], found["learned"], tuple(channels))


def cut_out(example: Mapping[str, Any]) -> bytes:
    """The part of a training photo that excites a channel, lit; nothing where its file is gone."""
    from PIL import Image

    from transfer_core.photos.decode import decode

    left, top, width, height = example["box"]
    side = round(_TILE / max(width, height))
    try:
        photo = Image.fromarray(decode(Path(example["path"]), side))
    except PhotoError:
        return b""
    box = (left * side, top * side, (left + width) * side, (top + height) * side)
    return shine(photo.crop(tuple(round(edge) for edge in box)), _light(example["map"]))


def _light(values: Sequence[Sequence[float]]) -> list[list[float]]:
    """How bright a map is drawn: its highest places in full and what is weak a little more than that, for the peaks of
    an early block are so narrow that little else would be seen."""
    import numpy as np

    share = np.array(values)
    full = np.quantile(share, 1 - _FULL) or 1.0
    light: list[list[float]] = (np.minimum(share / full, 1) ** _GAMMA).tolist()
    return light


def _show(seen: Look) -> None:
    if seen.looked:
        st.markdown(
            t(
                plural(
                    "After this layer there are {of:,} channels. These answer most to this photo, compared with {n:,} "
                    "training photo.",
                    "After this layer there are {of:,} channels. These answer most to this photo, compared with {n:,} "
                    "training photos.",
                    seen.looked,
                    of=seen.of,
                )
            )
        )
    else:
        st.markdown(t("After this layer there are {of:,} channels. These stand out most in this photo.", of=seen.of))
        st.info(
            t("There are no training photos to compare it with: their files are gone or can't be read.")
            if seen.learned
            else t("There are no training photos to compare it with: a classifier from a file comes without them."),
            icon=":material/photo_library:",
        )
    legend = t("Bright: where the channel answers most. Dimmed: where it does not.")
    if 0 < seen.looked < seen.learned:
        some = t(
            "Of {learned:,} training photos, {looked:,} were looked at, taken from each class in turn.",
            learned=seen.learned,
            looked=seen.looked,
        )
        legend = t(joined([legend, some]))
    st.caption(legend)
    with cells("inside_channels", least=230, most=3):
        for channel in seen.channels:
            with st.container(border=True):
                _card(channel, seen.looked)


def _card(channel: Channel, looked: int) -> None:
    number = channel.number
    st.markdown(f"**{t('Channel {number}', number=number)}**")
    st.image(channel.picture, width="stretch", alt=t("The photo, lit where channel {number} answers", number=number))
    if not looked:
        return
    st.caption(
        t(
            plural(
                "Stronger here than on {above:,} of {n:,} training photo",
                "Stronger here than on {above:,} of {n:,} training photos",
                looked,
                above=channel.above,
            )
        )
    )
    st.caption(t("Training photos that excite it most: {classes}", classes=drawn.plain(channel.classes)))
    drawn.strip(
        channel.examples,
        t(
            "What excites channel {number} most in training photos: {classes}",
            number=number,
            classes=channel.classes,
        ),
        t("The files of these photos are gone"),
    )
