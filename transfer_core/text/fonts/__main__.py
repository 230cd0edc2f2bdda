"""`python -m transfer_core.text.fonts [NotoSansCJK-Regular.ttc]`: make the fonts again, after sentences have changed.

Needs fontTools (`pip install '.[dev]'`) and Noto Sans CJK, such as Debian's package fonts-noto-cjk has it.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

from transfer_core.text.catalog import DOMAIN, LOCALES
from transfer_core.text.fonts import FOLDER

__all__ = ["common", "main", "needed"]

_SOURCE = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
_NAMES = {"zh_Hans": "Noto Sans CJK SC", "zh_Hant": "Noto Sans CJK TC"}
_COMMON = {"zh_Hans": ("gb2312", range(0xB0, 0xD8)), "zh_Hant": ("big5", range(0xA4, 0xC7))}
"""The encoding of a script, and the first bytes of its first level: the characters of everyday."""
_LANGUAGES = "简体中文繁體中文"  # stand in the list of languages, whichever is spoken
_FORMS = [*range(0x3000, 0x3018), *range(0xFF01, 0xFF5F)]  # punctuation and wide letters
_FIRST_WIDE = 0x2E80
"""From here on characters are written as wide as they are high; those below are in the pages' own font."""


def needed(language: str) -> set[int]:
    """The characters that Thaw's sentences in this language are written with, besides those of any Latin font."""
    text = (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").read_text("utf-8")
    return {ord(character) for character in text + _LANGUAGES if ord(character) >= _FIRST_WIDE}


def common(language: str) -> set[int]:
    """The most common characters: level 1 of GB 2312 (3,755), or of Big5 (5,401, and what is written beside them)."""
    encoding, first = _COMMON[language]
    pairs = (bytes([one, two]) for one in first for two in range(0x40, 0xFF))
    return {ord(text) for pair in pairs if len(text := pair.decode(encoding, "ignore")) == 1 and ord(text) > 0x2FFF}


def main(source: str = _SOURCE) -> None:
    """Write a font for each language, from a collection of Noto Sans CJK."""
    options = subset.Options(
        flavor="woff2",
        layout_features=[],
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],  # with the copyright and the license
        hinting=False,
        desubroutinize=True,  # what is the same then is packed by WOFF2
        drop_tables=["BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx"],
        recalc_timestamp=False,
    )
    for language, name in _NAMES.items():
        collection = TTCollection(source, lazy=True)
        font = next(one for one in collection.fonts if one["name"].getDebugName(1) == name)
        wanted = subset.Subsetter(options)
        wanted.populate(unicodes=needed(language) | common(language) | set(_FORMS))
        wanted.subset(font)
        path: Path = FOLDER / f"{language}.woff2"
        subset.save_font(font, path, options)
        print(f"{path.name}: {len(font.getBestCmap()):,} characters, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
