"""Codes that people read off a sheet and type, and passes that their browsers keep."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

__all__ = ["digest", "matching", "new_code", "new_pass"]

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""None that looks like another: no I and 1, no O and 0. 32, so that each letter is 5 bits."""
_GROUP = 4


def new_code(groups: int = 2) -> str:
    """A code such as `K7QM-4XHD`: 20 bits of the system's randomness a group."""
    drawn = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(groups))
    return "-".join(drawn)


def matching(typed: str, codes: Iterable[str]) -> str | None:
    """The one of `codes` that was typed, in whatever case, with or without spaces and dashes; None where none was.

    Takes as long for a code that is nearly right as for one that is all wrong, wherever in `codes` it stands.
    """
    given = _plain(typed).encode()
    found = None
    for code in codes:
        if hmac.compare_digest(_plain(code).encode(), given):
            found = code
    return found


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").upper()


def new_pass() -> str:
    """What a browser shows from then on instead of the code: 256 bits."""
    return secrets.token_urlsafe(32)


def digest(shown: str) -> str:
    """What is kept of a pass: who reads the room's file can't enter by it, and a look-up tells nothing by its time."""
    return hashlib.sha256(shown.encode()).hexdigest()
