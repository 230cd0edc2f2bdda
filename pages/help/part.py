"""What a part of the help is made of."""

from __future__ import annotations

from dataclasses import dataclass

from transfer_core.text import Sentence

__all__ = ["Part", "Section", "page_part"]


@dataclass(frozen=True)
class Section:
    """A list below a heading."""

    title: Sentence
    items: tuple[Sentence, ...]
    """Markdown, a point each."""
    numbered: bool = False
    """Whether they are steps, to be done in this order."""


@dataclass(frozen=True)
class Part:
    """One part of the help, as the URL names it: `help?part=<name>`."""

    name: str
    """Of the page it is about, as `page_path` takes it; or a name of its own."""
    title: Sentence
    purpose: Sentence
    """What it is for, in a sentence or two."""
    sections: tuple[Section, ...]


def page_part(
    name: str, title: Sentence, purpose: Sentence, *, do: tuple[Sentence, ...], trouble: tuple[Sentence, ...]
) -> Part:
    """The part of a page: what to do there step by step, and what goes wrong and what to do about it."""
    return Part(
        name,
        title,
        purpose,
        (
            Section(Sentence("What to do"), do, numbered=True),
            Section(Sentence("If something goes wrong"), trouble),
        ),
    )
