"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "health",
    Sentence("Health"),
    ":material/health_and_safety:",
    Sentence("Which of my photos would teach it something wrong, and does anything else give a class away?"),
)
