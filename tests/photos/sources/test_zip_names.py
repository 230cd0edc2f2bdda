"""Names in zips of every origin come out as they were written, or it is said that nobody can tell."""

import io
import struct
import unicodedata
import zipfile
import zlib

import pytest

from transfer_core.photos.sources.listing import list_zip


def packed(names: list[bytes], extra: dict[int, bytes] | None = None) -> bytes:
    """A zip whose entries do not say how their names are written, as Python would not write it."""
    plain = [f"{'x' * (len(name) - 3)}{number:03}" for number, name in enumerate(names)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, name in enumerate(plain):
            info = zipfile.ZipInfo(name)
            info.extra = (extra or {}).get(number, b"")
            archive.writestr(info, b"")
    data = buffer.getvalue()
    for stand_in, name in zip(plain, names, strict=True):
        data = data.replace(stand_in.encode(), name)
    return data


def classes(data: bytes) -> tuple[set[str], bool]:
    with list_zip(data) as listing:
        return {file.class_name for file in listing.files}, listing.sure_names


@pytest.mark.parametrize(
    ("names", "page"),
    [
        (["A\u0308pfel", "Bro\u0308tchen", "猫"], "utf-8"),  # as a Mac writes them, in parts
        (["Äpfel", "Brötchen"], "cp850"),
        (["ÄPFEL", "BRÖTCHEN"], "cp850"),
        (["été", "forêt"], "cp850"),
        (["niño", "corazón"], "cp437"),
        (["smørrebrød"], "cp850"),
        (["café", "thé"], "cp1252"),
        (["яблоко", "груша"], "cp866"),
        (["猫", "ソース"], "cp932"),
        (["猫"], "cp932"),
        (["りんご", "バナナ"], "cp932"),
        (["苹果", "香蕉"], "gbk"),
        (["蘋果", "香蕉"], "big5"),
    ],
)
def test_names_are_read_as_they_were_written(names: list[str], page: str) -> None:
    found, sure = classes(packed([f"{name}/photo.jpg".encode(page) for name in names]))
    assert found == {unicodedata.normalize("NFC", name) for name in names}
    assert sure


@pytest.mark.parametrize(
    ("names", "page"),
    [(["사과", "바나나"], "cp949"), (["狗"], "gbk"), (["Äpfel"], "cp850")],
)
def test_names_that_can_be_read_in_two_ways_are_in_doubt(names: list[str], page: str) -> None:
    assert not classes(packed([f"{name}/photo.jpg".encode(page) for name in names]))[1]


def test_plain_names_and_those_with_the_flag_are_sure() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("cat/1.jpg", "Äpfel/1.jpg", "猫/1.jpg"):
            archive.writestr(name, b"")
    assert classes(buffer.getvalue()) == ({"cat", "Äpfel", "猫"}, True)


def test_a_name_in_the_extra_field_counts_while_it_belongs_to_the_entry() -> None:
    written = "Äpfel/photo.jpg".encode("cp850")

    def field(of: bytes) -> bytes:
        body = struct.pack("<BI", 1, zlib.crc32(of)) + "Ä-pfel/photo.jpg".encode()
        return struct.pack("<HH", 0x7075, len(body)) + body

    assert classes(packed([written], {0: field(written)})) == ({"Ä-pfel"}, True)
    assert classes(packed([written], {0: field(b"another")}))[0] == {"Äpfel"}
