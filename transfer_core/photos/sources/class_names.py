"""Names of classes: what may be one, and which a reader may take for one another."""

import unicodedata
from collections.abc import Iterable

from transfer_core.errors import DataError

__all__ = ["CLASS_NAME_LENGTH", "alike", "clean_class_name", "is_class_name"]

CLASS_NAME_LENGTH = 60
"""The longest class name, in characters."""


def clean_class_name(name: str) -> str:
    """Trim a class name and bring it to Unicode's composed form (NFC), in which one name has one spelling.

    Raises:
        DataError: the name is empty, longer than 60 characters, or has a slash or a control character.
    """
    clean = " ".join(unicodedata.normalize("NFC", name).split())
    if not clean:
        raise DataError("A class needs a name: type what its photos show, such as cat.")
    if len(clean) > CLASS_NAME_LENGTH:
        raise DataError(
            'The class name "{clean}..." has {count} characters: use at most {class_name_length}.',
            clean=clean[:20],
            count=len(clean),
            class_name_length=CLASS_NAME_LENGTH,
        )
    if "/" in clean or "\\" in clean:
        raise DataError(
            'The class name "{clean}" has a slash: use letters, digits, spaces, hyphens or dots.', clean=clean
        )
    if clean in (".", "..") or any(unicodedata.category(character) in ("Cc", "Cs") for character in clean):
        raise DataError("The class name {clean!r} can't be shown: use letters, digits, spaces or hyphens.", clean=clean)
    return clean


def is_class_name(name: str) -> bool:
    """Whether `clean_class_name` takes it."""
    try:
        clean_class_name(name)
    except DataError:
        return False
    return True


def alike(names: Iterable[str]) -> list[list[str]]:
    """Group names that differ only in capitals, accents, width, `ß` and `ss`, or what can't be seen.

    Returns:
        Groups of two or more, names and groups sorted.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_look(name), []).append(name)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def _look(name: str) -> str:
    # Accents as Latin, Greek and Cyrillic have them; the marks of other scripts make other letters.
    bare = "".join(
        character
        for character in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
        if not "\u0300" <= character <= "\u036f" and unicodedata.category(character) != "Cf"
    )
    return " ".join(bare.split())
