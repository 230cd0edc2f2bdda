"""Small pieces of wording the pages share: plurals, shares and the badges of states."""

from __future__ import annotations

from collections.abc import Sequence

from transfer_core.intervals import share_words

__all__ = ["STATE_BADGES", "percent_range", "plural"]

STATE_BADGES = {
    "QUEUED": ":blue-badge[going on]",
    "RUNNING": ":blue-badge[going on]",
    "STOPPED": ":gray-badge[stopped]",
    "FAILED": ":red-badge[failed]",
    "INTERRUPTED": ":orange-badge[interrupted]",
}
"""How lists mark the states of runs and experiments; nothing marks a finished one."""


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 photo`, `3 photos`; `nouns` where the plural is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def percent_range(share: float, interval: Sequence[float] | None = None) -> str:
    """A share in 0..1 as a percentage, with its interval when there is one: `96% (93 to 98%)`."""
    return f"{share:.0%}" if interval is None else share_words(share, interval)
