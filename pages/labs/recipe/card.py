"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "recipe",
    Sentence("The recipe"),
    ":material/menu_book:",
    Sentence("What does each step of fine-tuning bring, and what if one is skipped?"),
)
