"""How figures read: counts, spans of time, sizes, dates and shares, the same on every page."""

from __future__ import annotations

import time
from collections.abc import Sequence

from transfer_core.stats.intervals import share_words
from transfer_core.text import Sentence, plural, spoken, t

__all__ = [
    "amount",
    "class_count",
    "millions",
    "percent_range",
    "photo_count",
    "size",
    "span",
    "stamp",
    "state_badge",
    "when",
]


def amount(number: float) -> str:
    """A large number, short: `950`, `12.3 thousand`, `4.69 million`; Chinese counts in ten thousands."""
    if number >= 10_000 and _counts_in_myriads():
        return _myriads(number)
    if number >= 1e6:
        return t("{millions:,.2f} million", millions=number / 1e6)
    return t("{thousands:,.1f} thousand", thousands=number / 1e3) if number >= 10_000 else f"{number:,.0f}"


def millions(number: float) -> str:
    """A large number as `0.3 million`, to be compared with others; Chinese counts in ten thousands."""
    return _myriads(number) if _counts_in_myriads() else t("{millions:.1f} million", millions=number / 1e6)


def _counts_in_myriads() -> bool:
    return spoken().startswith("zh")


def _myriads(number: float) -> str:
    return t("{myriads:,.4g} ten thousand", myriads=number / 1e4)


def span(seconds: float) -> str:
    """A length of time, no finer than it can be known: `under a second`, `34 s`, `12 min`, `3 h 20 min`."""
    if seconds < 1:
        return t("under a second")
    if seconds < 100:
        return t("{seconds:.0f} s", seconds=seconds)
    minutes = round(seconds / 60)
    if minutes < 100:
        return t("{minutes} min", minutes=minutes)
    return t("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def photo_count(count: int) -> Sentence:
    """`1 photo`, `2,000 photos`."""
    return plural("{n:,} photo", "{n:,} photos", count)


def class_count(count: int) -> Sentence:
    """`1 class`, `3 classes`."""
    return plural("{n:,} class", "{n:,} classes", count)


def size(number: float) -> str:
    """Bytes, short: `800 bytes`, `12 kB`, `123 MB`, `1.2 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}" if number < 10 * factor else f"{number / factor:.0f} {unit}"
    return t("{number:.0f} bytes", number=number)


def when(moment: float, now: float | None = None) -> str:
    """A time stamp in the server's time zone: `today 14:03`, `yesterday 9:20`, `3 May 2025`."""
    then, today = time.localtime(moment), time.localtime(now)
    days = round((_midnight(today) - _midnight(then)) / 86_400)
    clock = f"{then.tm_hour}:{then.tm_min:02}"
    if days in (0, 1):
        return t("yesterday {clock}", clock=clock) if days else t("today {clock}", clock=clock)
    return t("{day} {month} {year}", day=then.tm_mday, month=_MONTHS[then.tm_mon - 1], year=then.tm_year)


def stamp(moment: float) -> str:
    """A time stamp in the server's time zone for what is read on another day: `2026-11-30 04:12`."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _midnight(moment: time.struct_time) -> float:
    return time.mktime((moment.tm_year, moment.tm_mon, moment.tm_mday, 0, 0, 0, 0, 0, -1))


_MONTHS = (
    *(Sentence("Jan"), Sentence("Feb"), Sentence("Mar"), Sentence("Apr"), Sentence("May"), Sentence("Jun")),
    *(Sentence("Jul"), Sentence("Aug"), Sentence("Sep"), Sentence("Oct"), Sentence("Nov"), Sentence("Dec")),
)
_BADGES = {
    "QUEUED": Sentence(":gray-badge[waiting]"),
    "RUNNING": Sentence(":blue-badge[going on]"),
    "STOPPED": Sentence(":gray-badge[stopped]"),
    "FAILED": Sentence(":red-badge[failed]"),
    "INTERRUPTED": Sentence(":orange-badge[interrupted]"),
}


def state_badge(state: str) -> str:
    """How lists mark the state of a run or an experiment; nothing marks a finished one."""
    return t(_BADGES[state]) if state in _BADGES else ""


def percent_range(share: float, interval: Sequence[float] | None = None) -> str:
    """A share in 0..1 as a percentage, with its interval when there is one: `96% (93 to 98%)`."""
    return f"{share:.0%}" if interval is None else t(share_words(share, interval))
