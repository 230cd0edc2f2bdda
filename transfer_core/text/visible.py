"""Names as a person sees them: no character in them may hide, or turn the rest around."""

import unicodedata

__all__ = ["visible"]

_JOINERS = "\u200c\u200d"  # Persian and Indic words, and emoji of several parts, are written with them


def visible(text: str) -> str:
    """Show characters that can't be seen, and those that turn the direction of writing, by their escapes.

    With such a character one name can read as another: `dog\\u202Egpj.tac` as `dogcat.jpg`.
    """
    if text.isascii():
        return text
    return "".join(
        f"\\u{ord(character):04X}"
        if unicodedata.category(character) in ("Cf", "Zl", "Zp") and character not in _JOINERS
        else character
        for character in text
    )
