"""Tells by its first bytes what a file is, to explain why it can't be a photo."""

import struct
from dataclasses import dataclass

from transfer_core.text import Sentence

__all__ = ["ForeignKind", "foreign_kind", "picture_kind"]


@dataclass(frozen=True)
class ForeignKind:
    """A kind of file that Thaw does not read."""

    name: Sentence
    """With its article, for "The file is ..."."""
    advice: Sentence
    """What to do instead, as an order."""


_UNPACK = Sentence("unpack it and import the folder")
_SAVE = Sentence("save it as JPEG or PNG")
_HEIC_SEQUENCE = ForeignKind(Sentence("a sequence of HEIC pictures"), Sentence("save single pictures of it as JPEG"))
_VIDEO = ForeignKind(Sentence("a video"), Sentence("save single frames of it as JPEG"))
_ARCHIVE = ForeignKind(Sentence("an archive"), _UNPACK)
_RAW = ForeignKind(Sentence("a camera raw file"), Sentence("save it as JPEG with the camera's program"))
_TEXT = ForeignKind(Sentence("text"), Sentence("choose the photo itself"))
_WEB_PAGE = ForeignKind(Sentence("a web page"), Sentence("open the page and save the picture itself"))
_SVG = ForeignKind(Sentence("an SVG drawing"), _SAVE)

_DOCUMENT = ForeignKind(
    Sentence("an Office document"), Sentence("open it and save each picture in it as a file of its own")
)

_BY_START = (
    (b"%PDF", ForeignKind(Sentence("a PDF document"), Sentence("save its pictures as JPEG or PNG"))),
    (b"%!PS", ForeignKind(Sentence("a PostScript document"), _SAVE)),
    (b"8BPS", ForeignKind(Sentence("a Photoshop document"), _SAVE)),
    (b"PK\x03\x04", ForeignKind(Sentence("a zip archive"), _UNPACK)),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"Rar!", _ARCHIVE),
    (b"\x1aE\xdf\xa3", _VIDEO),
    (b"\xff\x0a", ForeignKind(Sentence("JPEG XL"), _SAVE)),
    (b"\0\0\0\x0cJXL ", ForeignKind(Sentence("JPEG XL"), _SAVE)),
    (b"FUJIFILMCCD-RAW", _RAW),
    (b"IIRO", _RAW),
    (b"IIRS", _RAW),
    (b"IIU\0", _RAW),
)

# How the first file in a zip archive is called if it is a document (ECMA-376 part 2; OpenDocument 1.3 part 2).
_DOCUMENTS = (b"[Content_Types].xml", b"_rels/.rels", b"docProps/", b"word/", b"xl/", b"ppt/", b"mimetypeapplication/")

# ISO base media files name their brand at byte 8 (ISO/IEC 14496-12; HEIF brands: ISO/IEC 23008-12).
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_HEIC_SEQUENCE_BRANDS = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")

_PICTURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)


def foreign_kind(data: bytes) -> ForeignKind | None:
    """Say what a file is if it is a known kind that can't be a photo, else None."""
    if data.startswith(b"PK\x03\x04") and data.startswith(_DOCUMENTS, 30):
        return _DOCUMENT
    for start, kind in _BY_START:
        if data.startswith(start):
            return kind
    if data[4:8] == b"ftyp":
        return _media_kind(data)
    if data.startswith(b"RIFF") and data[8:12] == b"AVI ":
        return _VIDEO
    # Canon's raw files are TIFF files with a mark of their own; read as TIFF they would give a tiny preview.
    if data[:4] in (b"II*\0", b"MM\0*") and (data[8:10] == b"CR" or _is_raw_tiff(data)):
        return _RAW
    if not any(data[:64]):
        return ForeignKind(Sentence("filled with zeros"), Sentence("copy it again from where it came"))
    return _text_kind(data)


def picture_kind(data: bytes) -> str | None:
    """Name the picture format whose first bytes these are, else None."""
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS:
        return "AVIF"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "HEIC"
    return next((name for start, name in _PICTURES if data.startswith(start)), None)


def _media_kind(data: bytes) -> ForeignKind | None:
    brand = data[8:12]
    if brand in (*_AVIF_BRANDS, *_HEIC_BRANDS) or any(avif in data[16:48] for avif in _AVIF_BRANDS):
        return None
    return _HEIC_SEQUENCE if brand in _HEIC_SEQUENCE_BRANDS else _VIDEO


# Tags of TIFF 6.0, TIFF/EP (ISO 12234-2) and DNG 1.7, on which cameras' raw files are built.
_SUBFILE_TYPE, _PHOTOMETRIC, _SUB_FILES, _DNG_VERSION = 254, 262, 330, 50706
_SENSOR_PHOTOMETRICS = (32803, 34892)  # one color a pixel as the sensor saw it; all of them, but not yet for the eye
_REDUCED = 1
_MOST_DIRECTORIES = 32


def _is_raw_tiff(data: bytes) -> bool:
    """Tell a raw file built on TIFF, such as DNG, NEF, ARW or PEF: its first picture is often a tiny preview."""
    order = "<" if data[:2] == b"II" else ">"
    try:
        waiting, seen = [struct.unpack_from(order + "I", data, 4)[0]], set[int]()
        while waiting and len(seen) < _MOST_DIRECTORIES:
            offset = waiting.pop(0)
            if offset in seen or not offset:
                continue
            first = not seen
            seen.add(offset)
            tags, following = _directory(data, offset, order)
            if _DNG_VERSION in tags or any(value in _SENSOR_PHOTOMETRICS for value in tags.get(_PHOTOMETRIC, ())):
                return True
            # A picture of which the first is but a reduced copy lies elsewhere in the file.
            if first and _SUB_FILES in tags and tags.get(_SUBFILE_TYPE, (0,))[0] & _REDUCED:
                return True
            waiting += [*tags.get(_SUB_FILES, ()), following]
    except (struct.error, IndexError):
        pass  # what is damaged is said by whoever reads the pictures
    return False


def _directory(data: bytes, offset: int, order: str) -> tuple[dict[int, tuple[int, ...]], int]:
    """The tags of one TIFF directory that hold whole numbers, and where the next directory lies (0: nowhere)."""
    (count,) = struct.unpack_from(order + "H", data, offset)
    tags: dict[int, tuple[int, ...]] = {}
    for at in range(offset + 2, offset + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, at)
        code = {1: "B", 3: "H", 4: "I", 13: "I"}.get(kind)  # byte, short, long, offset
        if code is None or number > _MOST_DIRECTORIES:
            continue
        layout = f"{order}{number}{code}"
        inside = struct.calcsize(layout) <= 4
        place = at + 8 if inside else struct.unpack_from(order + "I", data, at + 8)[0]
        tags[tag] = struct.unpack_from(layout, data, place)
    (following,) = struct.unpack_from(order + "I", data, offset + 2 + 12 * count)
    return tags, following


def _text_kind(data: bytes) -> ForeignKind | None:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in start:
        return _SVG
    if start.startswith((b"<!doctype html", b"<html")):
        return _WEB_PAGE
    # Pictures in the portable formats (P1 to P6, Pf) may be written as text.
    if start[:1] == b"p" and start[1:2] in b"123456f":
        return None
    printable = all(byte >= 32 or byte in b"\t\n\r\f" for byte in data[:1024])
    if not printable:
        return None
    try:
        data[:1024].decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut at 1024 bytes may fall inside a character.
        return _TEXT if error.start > 1020 else None
    return _TEXT
