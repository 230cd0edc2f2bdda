"""The catalogues of translations, gettext's `.mo` files, and whose language is spoken."""

import gettext
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

__all__ = ["DOMAIN", "LOCALES", "catalog_of", "languages", "read_by", "speaking", "spoken", "translate"]

DOMAIN = "thaw"
LOCALES = Path(__file__).with_name("locales")
"""One folder a language below it: `de/LC_MESSAGES/thaw.po` and, made from it, `thaw.mo`."""


_SCRIPTS = {
    "zh": "zh_Hans",
    "zh_CN": "zh_Hans",
    "zh_SG": "zh_Hans",
    "zh_MY": "zh_Hans",
    "zh_TW": "zh_Hant",
    "zh_HK": "zh_Hant",
    "zh_MO": "zh_Hant",
}
"""How a language is written where its name says only where: as Unicode's likely subtags have it (CLDR)."""


def _english() -> None:
    """What is spoken until an entry point says otherwise."""


_reader: Callable[[], str | None] = _english
_held: ContextVar[str | None] = ContextVar("language", default=None)


def read_by(language: Callable[[], str | None]) -> None:
    """Say once, at an entry point, how to learn the reader's language: asked whenever a sentence is shown.

    Args:
        language: gives a name such as `de`, `de-CH` or `pt_BR`, or None for English; a server's answer may differ from
            one request to the next.
    """
    global _reader
    _reader = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within, in this thread, the reader's language is `language`: work that goes on out of the reader's sight."""
    token = _held.set(language)
    try:
        yield
    finally:
        _held.reset(token)


def _language() -> str:
    return _held.get() or _reader() or ""


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
    if not one:
        return ""  # for which gettext has the catalogue's own header
    catalog = _catalog(_language())
    if not many:
        return catalog.gettext(one)
    whole = int(number)
    return catalog.ngettext(one, many, whole if whole == number else whole + 2)  # 1.5 photos is no single photo


def spoken() -> str:
    """Name of the catalogue that is shown now, such as `zh_Hant`; `en` where there is none for the reader."""
    return catalog_of(_language())


@lru_cache(maxsize=64)
def catalog_of(language: str) -> str:
    """Which catalogue serves a reader of `language`: `zh_Hant` for `zh-TW`, `de` for `de-CH`; `en` where none does."""
    parts = language.replace("-", "_").split("_")
    names = ["_".join(parts[:count]) for count in range(len(parts), 0, -1)]
    known = languages()
    return next((found for name in names for found in (name, _SCRIPTS.get(name, "")) if found in known), "en")


@lru_cache(maxsize=64)
def _catalog(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALES, [catalog_of(language)], fallback=True)
