"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "knowledge",
    Sentence("What it knows"),
    ":material/psychology:",
    Sentence("What did the base know before it saw any of your photos?"),
)
