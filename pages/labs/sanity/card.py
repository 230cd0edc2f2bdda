"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "sanity",
    Sentence("Frozen or not?"),
    ":material/rule:",
    Sentence("Is training on saved features the same as freezing the base? And which mistakes make it differ?"),
)
