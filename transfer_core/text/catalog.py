"""The catalogues of translations, gettext's `.mo` files, and whose language is spoken."""

import gettext
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

__all__ = ["DOMAIN", "LOCALES", "languages", "read_by", "translate"]

DOMAIN = "thaw"
LOCALES = Path(__file__).with_name("locales")
"""One folder a language below it: `de/LC_MESSAGES/thaw.po` and, made from it, `thaw.mo`."""


def _english() -> None:
    """What is spoken until an entry point says otherwise."""


_reader: Callable[[], str | None] = _english


def read_by(language: Callable[[], str | None]) -> None:
    """Say once, at an entry point, how to learn the reader's language: asked whenever a sentence is shown.

    Args:
        language: gives a name such as `de`, `de-CH` or `pt_BR`, or None for English; a server's answer may differ from
            one request to the next.
    """
    global _reader
    _reader = language


def languages() -> list[str]:
    """The languages with a catalogue, besides English, whose sentences are the ids themselves."""
    return sorted(path.parent.parent.name for path in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def translate(one: str, many: str = "", number: float = 1) -> str:
    """The sentence in the reader's language, its places not yet filled; in English where the catalogue lacks it.

    Args:
        one: the English sentence.
        many: the same for other counts than one; empty for a sentence that counts nothing.
        number: what is counted.
    """
    catalog = _catalog(_reader() or "en")
    if not many:
        return catalog.gettext(one)
    whole = int(number)
    return catalog.ngettext(one, many, whole if whole == number else whole + 2)  # 1.5 photos is no single photo


@lru_cache(maxsize=32)
def _catalog(language: str) -> gettext.NullTranslations:
    name = language.replace("-", "_")
    return gettext.translation(DOMAIN, LOCALES, [name, name.split("_")[0]], fallback=True)
