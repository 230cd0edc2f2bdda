"""What the lesson is called and asks, for the overview and the row of links."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "lesson",
    Sentence("The lesson"),
    ":material/school:",
    Sentence(
        "For a class, in some 40 minutes: guess how deep to fine-tune, try it on photos, and explain what happened."
    ),
)
