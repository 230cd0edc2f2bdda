"""All parts of the help, in groups, as its first page lists them."""

from pages.help.class_room import CLASSROOM
from pages.help.labs import LABS
from pages.help.more import MEASURES, TEACHERS, WORDS
from pages.help.part import Part
from pages.help.steps import STEPS
from transfer_core.text import Sentence

__all__ = ["GROUPS", "PAGES", "PARTS"]

GROUPS: tuple[tuple[Sentence, tuple[Part, ...]], ...] = (
    (Sentence("Step by step"), STEPS),
    (Sentence("Labs"), LABS),
    (Sentence("A class on one computer"), CLASSROOM),
    (Sentence("And besides"), (MEASURES, TEACHERS, WORDS)),
)
PAGES = {part.name: part for part in (*STEPS, *LABS, *CLASSROOM)}
"""Those about a page, by its name; the pages of a classroom are there in a classroom only."""
PARTS = {part.name: part for _, group in GROUPS for part in group}
