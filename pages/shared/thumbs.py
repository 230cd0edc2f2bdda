"""Small pictures of photos that a result names, wherever their files lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from transfer_core.errors import PhotoError

__all__ = ["thumb", "thumb_bytes"]

SIZE = 160  # pixels


def thumb(photo: Mapping[str, Any]) -> None:
    """Draw a photo of a result (`photo`, `path`, `sha256`); one that is gone is named instead."""
    data = thumb_bytes(photo)
    if data:
        st.image(data, width="stretch", alt=photo["photo"])
    else:
        st.caption(":material/broken_image: This photo's file is gone or can't be read.")


def thumb_bytes(photo: Mapping[str, Any]) -> bytes:
    """A square JPEG of a photo of a result, or nothing where its file is gone or can't be read."""
    return _made(photo["path"], photo["sha256"])


@st.cache_data(show_spinner=False, max_entries=2000)
def _made(path: str, sha256: str) -> bytes:
    from transfer_core.images import thumbnail

    try:
        return thumbnail(Path(path), SIZE)
    except PhotoError:
        return b""  # the page says so in its place
