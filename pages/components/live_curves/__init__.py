"""Training curves that keep their zoom while they grow: Plotly.react on one node, as a Components v2 component."""

import json
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.static_files import ensure_plotly
from transfer_core.text import t

__all__ = ["live_curves"]

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "thaw_live_curves",
    # A figure, not an image: what zooms and saves it lies within, and the keyboard reaches that.
    html='<div class="thaw-curves"><div class="plot" role="figure"></div></div>',
    css=(_HERE / "live_curves.css").read_text("utf-8"),
    js=(_HERE / "live_curves.js").read_text("utf-8"),
    # Plotly writes its own style sheet into the document's head, which a shadow root would shut out.
    isolate_styles=False,
)


def live_curves(figure: dict[str, Any], *, key: str, label: str) -> None:
    """Draw `figure` (a Plotly figure as plain data, two charts beside each other).

    Zoom lasts as long as `figure["layout"]["uirevision"]` stays the same. `label` says in words what is to be seen.
    Where Plotly's script can't be served, Streamlit's own chart takes over, and zoom is lost at each update.
    """
    address = ensure_plotly()
    if address is None:
        st.plotly_chart(figure, key=f"{key}_chart", alt=label)
    else:
        unloaded = t("{label} (The chart itself could not be loaded; reload the page to try again.)", label=label)
        data = {"figure": json.dumps(figure), "height": figure["layout"]["height"], "label": label, "plotly": address}
        _COMPONENT(key=key, data=data | {"unloaded": unloaded})
