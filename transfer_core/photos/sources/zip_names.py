"""Names in zips that do not say how they are written: a Mac's UTF-8, and the code pages of Windows and DOS."""

import struct
import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zipfile import ZipInfo

__all__ = ["read_names"]

_UTF8_FLAG = 0x800  # APPNOTE.TXT 6.3.10, 4.4.4, bit 11
_UNICODE_PATH = 0x7075  # the same, 4.6.9

# In the order in which equals are taken. The ranges hold the characters in daily use: level 1 of JIS X 0208, GB 2312
# and Big5, and the Hangul of KS X 1001.
_CODE_PAGES: tuple[tuple[str, tuple[int, int] | None], ...] = (
    ("cp850", None),
    ("cp437", None),
    ("cp932", (0x8140, 0x9872)),
    ("gbk", (0xB0A1, 0xD7F9)),
    ("big5", (0xA440, 0xC67E)),
    ("cp949", (0xB0A1, 0xC8FE)),
    ("cp866", None),
    ("cp1252", None),
)
_DOUBT = 1.0  # how much better the best reading must be than the next


@dataclass(frozen=True)
class _Reading:
    """The names as one code page has them."""

    names: list[str]
    faults: float


def read_names(infos: Sequence[ZipInfo]) -> tuple[list[str], bool]:
    """Give the name of each entry, and whether that is sure.

    A name in UTF-8, by its flag, an extra field or its bytes, is sure. Otherwise all names together are read in each
    code page, and the one wins whose words hold the fewest faults: symbols, letters of several scripts side by side,
    capitals within words, and rare characters of Chinese, Japanese or Korean.
    """
    names = [_stated(info) for info in infos]
    unstated = [index for index, name in enumerate(names) if name is None]
    raw = [infos[index].orig_filename.encode("cp437") for index in unstated]
    sure = True
    try:
        read = [name.decode("utf-8") for name in raw]
    except UnicodeDecodeError:
        read, sure = _guess(raw)
    for index, name in zip(unstated, read, strict=True):
        names[index] = name
    return [name or "" for name in names], sure


def _stated(info: ZipInfo) -> str | None:
    """The name, if the entry says how it is written."""
    if info.flag_bits & _UTF8_FLAG:
        return info.filename
    at = 0
    while at + 4 <= len(info.extra):
        kind, size = struct.unpack_from("<HH", info.extra, at)
        body = info.extra[at + 4 : at + 4 + size]
        if kind == _UNICODE_PATH and len(body) > 5:
            crc = struct.unpack_from("<I", body, 1)[0]
            if crc == zlib.crc32(info.orig_filename.encode("cp437")):
                return body[5:].decode("utf-8", "replace")
        at += 4 + size
    return None


def _guess(raw: Sequence[bytes]) -> tuple[list[str], bool]:
    readings: list[_Reading] = []
    for page, common in _CODE_PAGES:
        try:
            names = [name.decode(page) for name in raw]
        except UnicodeDecodeError:
            continue
        parts = {part for name in names for part in name.replace("\\", "/").split("/") if not part.isascii()}
        readings.append(_Reading(names, sum(_faults(part, page, common) for part in parts) / max(len(parts), 1)))
    best = min(readings, key=lambda reading: reading.faults)  # the first of equals; cp437 reads everything
    others = [reading.faults for reading in readings if reading.names != best.names]
    return best.names, min(others, default=9.0) - best.faults >= _DOUBT


def _faults(part: str, page: str, common: tuple[int, int] | None) -> float:
    """How unlike a name a folder or file name looks."""
    faults = 0.0
    for character in part:
        if character.isascii():
            continue
        category = unicodedata.category(character)
        if category[0] not in "LMN" or category == "No" or unicodedata.east_asian_width(character) == "H":
            faults += 2
        elif common is not None:
            code = int.from_bytes(character.encode(page), "big")
            faults += 0 if common[0] <= code <= common[1] else 1
    for before, after in _neighbours(part):
        if _script(before) != _script(after) or (before.islower() and after.isupper()):
            faults += 1.5
    return faults


def _neighbours(part: str) -> Iterable[tuple[str, str]]:
    """Letters that stand side by side, one of them not plain ASCII."""
    for before, after in pairwise(part):
        if before.isalpha() and after.isalpha() and not (before.isascii() and after.isascii()):
            yield before, after


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "").split(" ")[0]
    return "EAST" if first in ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "FULLWIDTH") else first
