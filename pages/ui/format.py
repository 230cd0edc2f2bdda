"""How figures read: counts, spans of time, sizes, dates and shares, the same on every page."""

from __future__ import annotations

import time
from collections.abc import Sequence

from transfer_core.stats.intervals import share_words

__all__ = ["STATE_BADGES", "amount", "percent_range", "plural", "size", "span", "when"]


def amount(number: float) -> str:
    """A large number, short: `950`, `12.3 thousand`, `4.69 million`."""
    if number >= 1e6:
        return f"{number / 1e6:,.2f} million"
    return f"{number / 1e3:,.1f} thousand" if number >= 10_000 else f"{number:,.0f}"


def span(seconds: float) -> str:
    """A length of time, no finer than it can be known: `under a second`, `34 s`, `12 min`, `3 h 20 min`."""
    if seconds < 1:
        return "under a second"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def size(number: float) -> str:
    """Bytes, short: `800 bytes`, `12 kB`, `123 MB`, `1.2 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}" if number < 10 * factor else f"{number / factor:.0f} {unit}"
    return f"{number:.0f} bytes"


def when(moment: float, now: float | None = None) -> str:
    """A time stamp in the server's time zone: `today 14:03`, `yesterday 9:20`, `3 May 2025`."""
    then, today = time.localtime(moment), time.localtime(now)
    days = round((_midnight(today) - _midnight(then)) / 86_400)
    if days in (0, 1):
        return f"{('today', 'yesterday')[days]} {then.tm_hour}:{then.tm_min:02}"
    return f"{then.tm_mday} {time.strftime('%b %Y', then)}"


def _midnight(moment: time.struct_time) -> float:
    return time.mktime((moment.tm_year, moment.tm_mon, moment.tm_mday, 0, 0, 0, 0, 0, -1))


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
