"""Where it looked: a photo whose bright parts are what spoke for the classifier's answer."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.jobs.layer_button import layer_button
from pages.ui.html import sentence
from pages.ui.services import engine, workspace
from transfer_core.backbones.stored_trees import stored_tree
from transfer_core.errors import TransferError
from transfer_core.text import t

if TYPE_CHECKING:
    from PIL import Image

    from transfer_core.backbones.tree import LayerTree
    from transfer_core.runs.folder import Run

__all__ = ["choose", "lit", "maps_of", "shine", "spotlight"]

_KEPT = "where_maps"
_MOST = 300  # maps kept in a tab
_DIMMED = (
    0.4  # brightness of what did not speak for the answer: dark photos can still be told, and bright parts stand out
)
_LAST = ""

Map = Sequence[Sequence[float]]


def choose(run: Run, key: str) -> str | None:
    """A switch, and after which layer to look.

    Returns:
        The layer, empty for the last one; None where it is switched off.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        shown = st.toggle(
            t("Show where it looked"),
            key=f"{key}_on",
            help=t(
                "Bright parts are what spoke for the answer. After the last layer that is exact: the answer is the sum "
                "of what is found there (a class activation map). After an earlier layer it shows which parts of what "
                "that layer found mattered (Grad-CAM)."
            ),
        )
        if not shown:
            return None
        layer = _layer(stored_tree(workspace(), run.labels()["base"]), key)
    st.caption(t("Bright: what spoke for the answer. Dimmed: what did not."))
    return layer


def _layer(tree: LayerTree | None, key: str) -> str:
    """Where the tree is known: a tree behind a button, to choose in."""
    if tree is None:
        return _LAST
    last = next(reversed(tree.layers))

    def words(name: str) -> str:
        return t("After the last layer, which the answer rests on") if name == last else t("After {layer}", layer=name)

    name = layer_button(tree, key, last, words)
    return _LAST if name == last else name


def lit(run: Run, photos: Sequence[tuple[str | bytes, str]], pictures: Sequence[bytes], layer: str) -> list[bytes]:
    """The pictures, each lit where the classifier looked; as they are, with a warning, where it can't be asked.

    Args:
        run, photos, layer: as `maps_of` takes them.
        pictures: of the photos, JPEG; empty: the file is gone.
    """
    try:
        found = maps_of(run, photos, layer)
    except TransferError as error:
        st.warning(sentence(str(error)), icon=":material/visibility_off:")
        return list(pictures)
    return [
        spotlight(picture, values) if picture and values is not None else picture
        for picture, values in zip(pictures, found, strict=True)
    ]


def maps_of(run: Run, photos: Sequence[tuple[str | bytes, str]], layer: str) -> list[Map | None]:
    """The map of each photo, None where its file can't be read.

    Args:
        run: whose classifier is asked.
        photos: path or bytes of each, and the class it is asked about.
        layer: as `choose` gave it.

    Raises:
        TransferError: there is no answer.
    """
    kept: dict[Any, Map | None] = st.session_state.setdefault(_KEPT, {})
    try:
        changed = run.model_path.stat().st_mtime_ns
    except OSError as error:
        raise TransferError("This classifier has been deleted since.") from error
    keys = [
        (str(run.path), changed, layer, hashlib.sha256(one).hexdigest() if isinstance(one, bytes) else one, label)
        for one, label in photos
    ]
    missing = [number for number, key in enumerate(keys) if key not in kept]
    if missing:
        with (
            st.spinner(t("Looking where it looked…"), show_time=True),
            tempfile.TemporaryDirectory(prefix="thaw-where-") as folder,
        ):
            images = []
            for number in missing:
                one = photos[number][0]
                if isinstance(one, bytes):
                    images.append(str(Path(folder) / f"{number}.jpg"))
                    Path(images[-1]).write_bytes(one)
                else:
                    images.append(one)
            labels = [photos[number][1] for number in missing]
            args = {"run": str(run.path), "images": images, "labels": labels, "layer": layer}
            for number, values in zip(missing, engine().ask("where", args, timeout=180)["maps"], strict=True):
                kept[keys[number]] = values
    found = [kept[key] for key in keys]
    while len(kept) > max(_MOST, len(keys)):
        kept.pop(next(iter(kept)))
    return found


def spotlight(picture: bytes, values: Map) -> bytes:
    """A picture as a JPEG, as bright as the map says: what speaks most for the class in full, the rest dimmed.

    Args:
        picture: the square that the network saw.
        values: rows of numbers; what is not above 0 is dimmed.
    """
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as opened:
        return shine(opened.convert("RGB"), values)


def shine(photo: Image.Image, values: Map) -> bytes:
    """As `spotlight`, of a picture that is open; mode RGB."""
    import numpy as np
    from PIL import Image

    from transfer_core.photos.decode import jpeg

    heat = np.maximum(np.array(values, np.float32), 0)
    heat /= max(float(heat.max()), 1e-12)
    light = Image.fromarray(heat).resize(photo.size, Image.Resampling.BICUBIC)
    share = _DIMMED + (1 - _DIMMED) * np.clip(np.asarray(light), 0, 1)[..., None]
    return jpeg(Image.fromarray((np.asarray(photo) * share).astype(np.uint8)), 88)
