"""The classifier looks through the camera: about an answer a second, as long as the page is seen."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components.camera import camera, shots
from pages.jobs.trained_runs import Trained
from pages.test import strangers
from pages.test.ask import ask_quietly
from pages.ui import html as drawn
from transfer_core.errors import TransferError
from transfer_core.text import Sentence, t

__all__ = ["area"]

_KEY = "live_camera"
_SAID = "live_said"


def area(chosen: Trained, coverage: float) -> None:
    """Offer it; nothing is looked at and the camera is off until a person turns it on."""
    if st.toggle(
        t("Look through the camera"),
        key="use_live_camera",
        help=t("About an answer a second. Works in a browser on this computer, or over https."),
    ):
        st.fragment(_live)(chosen, coverage)
    else:
        st.session_state.pop(_SAID, None)


def _live(chosen: Trained, coverage: float) -> None:
    def look(message: dict[str, Any]) -> None:
        for shot in shots(message):
            try:
                (said,) = ask_quietly("predict", [(shot.name, shot.data)], run=str(chosen.run.path))
            except TransferError as error:
                said = {"error": error.sentence.to_json()}
            st.session_state[_SAID] = (chosen.run.id, said)

    left, right = st.columns([3, 2], gap="large")
    with left:
        camera("live", key=_KEY, on_shots=look)
    with right, st.container(key="live_answer"):
        run, said = st.session_state.get(_SAID, ("", {}))
        if run != chosen.run.id:
            st.caption(t("Show it something."))
        elif "error" in said:
            st.error(drawn.sentence(t(Sentence.from_json(said["error"]))), icon=":material/error:")
        else:
            new = strangers.is_new(chosen.run, said.get("alike"), coverage)
            strangers.draw_answer(said["label"], said["probabilities"], new)
