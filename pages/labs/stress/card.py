"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "stress",
    Sentence("Stress test"),
    ":material/fitness_center:",
    Sentence("How well does a trained classifier answer photos that are blurred, dark, turned or noisy?"),
)
