"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "sweep",
    Sentence("Depth sweep"),
    ":material/stacked_line_chart:",
    Sentence("How deep is worth fine-tuning? Thaw tries several depths within the minutes you give it."),
)
