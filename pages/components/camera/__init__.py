"""The camera of the computer that shows the page: bursts of photos while a button is held, or a picture a second."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from transfer_core.text import t

__all__ = ["Shot", "camera", "shots"]

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "thaw_camera",
    html=(
        '<div class="camera"><video muted playsinline></video>'
        '<div class="row"><button type="button"></button><span class="count"></span>'
        '<span class="said" role="status"></span></div>'
        '<p class="problem" role="alert"></p></div>'
    ),
    css=(_HERE / "camera.css").read_text("utf-8"),
    js=(_HERE / "camera.js").read_text("utf-8"),
)

_SIDE = 480  # pixels of the shorter side: more than any base looks at
_MOST = 60  # photos of one burst
_BURST_EVERY, _LIVE_EVERY, _PATIENCE = 200, 1000, 20_000  # milliseconds


@dataclass(frozen=True)
class Shot:
    """One picture of the camera."""

    name: str
    """Says when it was taken, by the clock of the computer that has the camera."""
    data: bytes
    """A JPEG."""


def camera(mode: Literal["burst", "live"], *, key: str, on_shots: Callable[[dict[str, Any]], None]) -> None:
    """Show what the camera sees.

    Args:
        mode: `burst`: a button that takes five photos a second while it is held, and one at a click; `live`: a picture
            a second, the next only once the one before was answered.
        key: of the component.
        on_shots: called with what `shots` reads.
    """
    acknowledged = f"{key}_ack"

    def heard() -> None:
        message = st.session_state[key]["shots"]
        on_shots(message)
        # Last: another click may end this run in between, and then the shots come again.
        st.session_state[acknowledged] = message.get("number", 0)

    _COMPONENT(
        key=key,
        on_shots_change=heard,
        data={
            "mode": mode,
            "side": _SIDE,
            "most": _MOST,
            "every": _BURST_EVERY if mode == "burst" else _LIVE_EVERY,
            "patience": _PATIENCE,
            "ack": st.session_state.get(acknowledged, 0),
            "words": {
                "hold": t("Hold to take photos"),
                "recording": t("Taking photos…"),
                "taken": t("Photos taken: {n}", n="{n}"),
                "view": t("What the camera sees"),
                "denied": t("The browser may not use the camera. Allow it beside the address, then reload the page."),
                "none": t("No camera was found. Connect one, then reload the page."),
                "insecure": t("Browsers give the camera only to pages on this computer, or over https."),
                "failed": t("The camera can't be used, perhaps because another program has it."),
            },
        },
    )


def shots(message: dict[str, Any]) -> list[Shot]:
    """The pictures that a component sent; what is no picture is left out."""
    offset = message.get("offset", 0)
    zone = timezone(timedelta(minutes=-offset if isinstance(offset, int) and abs(offset) < 24 * 60 else 0))
    found = []
    for frame in message.get("frames", [])[:_MOST]:
        try:
            data = base64.b64decode(frame["jpeg"], validate=True)
            moment = datetime.fromtimestamp(frame["at"] / 1000, zone)
        except (binascii.Error, KeyError, TypeError, ValueError, OverflowError, OSError):
            continue
        found.append(Shot(f"camera {moment:%Y-%m-%d %H-%M-%S}-{moment.microsecond // 1000:03}.jpg", data))
    return found
