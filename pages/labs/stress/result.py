"""What a stress test found, drawn: for each change one photo at every strength, and how many are right."""

from __future__ import annotations

import io
from typing import Any

import streamlit as st

from pages.ui.html import cells, thumb_bytes
from transfer_core.labs.stress.verdict import NAMES, suffers
from transfer_core.runs.folder import Run
from transfer_core.text import t

__all__ = ["draw"]

_BAD = 0.8  # of the share that is right as the photos are; below it a figure is marked


def draw(run: Run, result: dict[str, Any]) -> None:
    """Draw a result."""
    if not result.get("changes"):
        return
    worst = suffers(result)
    order = [*worst, *(name for name in result["changes"] if name not in worst)]
    before = result["as_they_are"]["accuracy"]
    st.caption(
        t(
            "The same photo at each strength. Below it: how many of {photos:,} photos are right when all of them are "
            "changed like that. As they are, {before:.0%} are. :material/trending_down: stands where more than a fifth "
            "of that is lost.",
            photos=result["photos"],
            before=before,
        )
    )
    picture = thumb_bytes(result["example"])
    for name in order:
        st.header(t("Photos that are {name}", name=t(NAMES[name])), anchor=False)
        with cells(f"stress_{name}", least=110, most=6):
            _cell(picture, "", 0, before, before)
            for one in result["changes"][name]:
                _cell(picture, name, one["strength"], one["accuracy"], before)


def _cell(picture: bytes, name: str, strength: int, accuracy: float, before: float) -> None:
    with st.container(gap="xxsmall"):
        if picture:
            changed = _changed(picture, name, strength) if name else picture
            st.image(changed, width="stretch", alt=t("strength {strength}", strength=strength))
        figure = f"{accuracy:.0%}"
        mark = " :material/trending_down:" if accuracy < _BAD * before else ""
        said = t("as it is") if not strength else t("strength {strength}", strength=strength)
        st.markdown(f"**{figure}**{mark}  \n:small[{said}]")


@st.cache_data(show_spinner=False, max_entries=500)
def _changed(picture: bytes, name: str, strength: int) -> bytes:
    import numpy as np
    from PIL import Image

    from transfer_core.photos.changes import change
    from transfer_core.photos.decode import jpeg

    with Image.open(io.BytesIO(picture)) as opened:
        square = np.asarray(opened.convert("RGB"))
    return jpeg(Image.fromarray(change(square, name, strength)), 90)
