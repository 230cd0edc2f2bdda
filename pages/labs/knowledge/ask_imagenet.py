"""The base's own ImageNet answer to any photo that is dropped here, before it has learned anything of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.test import ask as test_photos
from pages.ui import html as drawn
from pages.ui.html import cells
from transfer_core.disk.workspace import Project
from transfer_core.errors import PhotoError, TransferError
from transfer_core.text import Sentence, t

__all__ = ["tool"]

_KEPT = "imagenet_answers"
_MOST = 12  # answers kept in a tab; older ones go first
_PICTURE = 320  # side of the picture beside an answer, pixels


@dataclass(frozen=True)
class _Answer:
    name: str
    picture: bytes
    names: Sequence[tuple[str, float]]
    """ImageNet names with their probabilities, the likeliest first."""
    milliseconds: float
    error: Sentence


def tool(project: Project) -> None:
    """Take photos in and show what the base says of them."""
    with st.container(border=True, key="imagenet_tool"):
        st.markdown(t("**Ask it about any photo**"))
        key = f"imagenet_images_{st.session_state.get('imagenet_images_taken', 0)}"
        with st.container(key="test_images"):
            uploads = st.file_uploader(
                t("Drop photos here"),
                accept_multiple_files=True,
                key=key,
                help=t(
                    "The base answers with the names it learned from ImageNet: 1000 kinds of things, none of them "
                    "yours. To paste a picture, click here first, then press Ctrl+V (⌘V on a Mac)."
                ),
            )
        if uploads:
            st.session_state["imagenet_images_taken"] = st.session_state.get("imagenet_images_taken", 0) + 1
            _ask([(drawn.file_name(upload), upload.getvalue()) for upload in uploads])
        _show()


def _ask(files: Sequence[tuple[str, bytes]]) -> None:
    try:
        said = test_photos.ask_about("imagenet", files)
    except TransferError as error:
        st.session_state["imagenet_refusal"] = str(error)
    else:
        fresh = [_answer(name, data, one) for (name, data), one in zip(files, said, strict=True)]
        st.session_state[_KEPT] = [*fresh, *st.session_state.get(_KEPT, [])][:_MOST]
    st.rerun()


def _answer(name: str, data: bytes, said: Mapping[str, Any]) -> _Answer:
    from transfer_core.photos.decode import thumbnail

    try:
        picture = thumbnail(data, _PICTURE)
    except PhotoError:
        picture = b""  # the answer carries the reason in words
    names = [(answer, share) for answer, share in said.get("answers", ())]
    return _Answer(name, picture, names, said.get("milliseconds", 0.0), Sentence.from_json(said.get("error", "")))


def _show() -> None:
    if refusal := st.session_state.pop("imagenet_refusal", None):
        st.error(drawn.sentence(refusal), icon=":material/error:")
    kept: list[_Answer] = st.session_state.get(_KEPT, [])
    if not kept:
        return
    for answer in kept:
        if answer.error:
            st.warning(
                t(
                    "**{name}** could not be read. {sentence}",
                    name=drawn.plain(answer.name),
                    sentence=drawn.sentence(answer.error),
                ),
                icon=":material/broken_image:",
            )
    with cells("imagenet_answers", least=300, most=2):
        for answer in kept:
            if not answer.error:
                with st.container(border=True):
                    _card(answer)
    st.button(t("Clear"), key="clear_imagenet", icon=":material/clear_all:", on_click=_clear)


def _card(answer: _Answer) -> None:
    picture, words = st.columns([2, 3], vertical_alignment="center")
    with picture:
        st.image(answer.picture, width="stretch", alt=answer.name)
    with words:
        drawn.answer(answer.names[0][0])
        drawn.probability_bars(dict(answer.names))
        st.caption(t("{name} · {milliseconds:.0f} ms", name=drawn.plain(answer.name), milliseconds=answer.milliseconds))


def _clear() -> None:
    st.session_state.pop(_KEPT, None)
