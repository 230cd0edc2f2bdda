"""What a lab is called and asks; each has one in its folder."""

from __future__ import annotations

from dataclasses import dataclass

from transfer_core.text import Sentence

__all__ = ["LabCard"]


@dataclass(frozen=True)
class LabCard:
    """One lab: its page is `pages/labs/<kind>/page.py`."""

    kind: str
    title: Sentence
    icon: str
    question: Sentence
