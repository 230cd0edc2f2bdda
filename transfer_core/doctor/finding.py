"""What was found of one thing."""

from dataclasses import dataclass
from typing import Any, Literal

from transfer_core.text import Sentence

__all__ = ["NOTHING", "Finding", "Level"]

Level = Literal["ok", "note", "problem"]
"""Fine; worth knowing; or something will not work."""
NOTHING = Sentence("")


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str
    """What was looked at, for programs: `memory`."""
    title: Sentence
    level: Level
    found: Sentence
    advice: Sentence = NOTHING
    """What to do; empty where there is nothing to be done."""

    def to_dict(self) -> dict[str, Any]:
        """JSON form, its sentences in the reader's language."""
        return {"name": self.name, "level": self.level, "found": str(self.found), "advice": str(self.advice)}
