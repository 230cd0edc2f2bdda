"""A lesson's texts on the page: a teacher may have written anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.ui.html import plain

if TYPE_CHECKING:
    from transfer_core.lessons.lesson import Text

__all__ = ["written"]


def written(text: Text) -> str:
    """As Markdown that shows just its characters, in the lines and paragraphs it was written in."""
    blocks = str(text).replace("\r\n", "\n").split("\n\n")
    return "\n\n".join("  \n".join(plain(line.strip()) for line in block.strip().splitlines()) for block in blocks)
