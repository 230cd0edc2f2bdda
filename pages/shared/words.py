"""Small pieces of wording the pages share: plurals and shares."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["percent_range", "plural"]


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 photo`, `3 photos`; `nouns` where the plural is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def percent_range(share: float, interval: Sequence[float] | None = None) -> str:
    """A share in 0..1 as a percentage, with its interval when there is one: `96% (93 to 98%)`."""
    if interval is None:
        return f"{share:.0%}"
    low, high = interval
    return f"{share:.0%} ({low * 100:.0f} to {high:.0%})"
