"""What the lab is called and asks, for the overview, the sidebar and its own page."""

from pages.labs.card import LabCard
from transfer_core.text import Sentence

__all__ = ["CARD"]

CARD = LabCard(
    "probe",
    Sentence("Depth probe"),
    ":material/signal_cellular_alt:",
    Sentence("Where in the network is what your photos need? One look, no fine-tuning."),
)
