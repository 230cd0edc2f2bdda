"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "evaluate",
    Sentence("Evaluate"),
    ":material/fact_check:",
    Sentence("What does a trained classifier get wrong, and how good is it on photos it has never seen?"),
)
