"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "compare",
    Sentence("What changed"),
    ":material/compare_arrows:",
    Sentence("Which photos did one run get right and another wrong, and is the difference real?"),
)
