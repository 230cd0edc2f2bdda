"""Anything may be dropped into a project: each file ends imported or listed, counts add up, nothing else is touched."""

import io
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.photos.test_heic import HEIC
from transfer_core.errors import DataError, PhotoError
from transfer_core.photos.decode import decode, inspect
from transfer_core.photos.store import ImportReport, PhotoStore

_SEEDS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "JPEG2000", "AVIF", "HEIC")


@cache
def whole(kind: str, number: int = 0) -> bytes:
    """A small photo that can be read."""
    if kind == "HEIC":
        return (HEIC / ("plain.heic", "turned.heic", "grey.heic")[number % 3]).read_bytes()
    pixels = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).resize((24, 20)).save(data, kind)
    return data.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that claims a billion pixels."""
    data = bytearray(whole("PNG"))
    data[16:24] = (40_000).to_bytes(4, "big") + (25_000).to_bytes(4, "big")
    return bytes(data)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A photo with bytes changed, cut off, put in or doubled."""
    data = bytearray(whole(draw(st.sampled_from(_SEEDS)), draw(st.integers(0, 2))))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        how = draw(st.sampled_from(["change", "cut", "put", "double"]))
        if how == "change" and data:
            data[place] = draw(st.integers(0, 255))
        elif how == "cut":
            del data[place:]
        elif how == "put":
            data[place:place] = draw(st.binary(max_size=8))
        else:
            data += data[place : place + 64]
    return bytes(data)


PHOTO = st.builds(whole, st.sampled_from(_SEEDS), st.integers(0, 2))
NO_PHOTO = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", bytes(500), b"milk, bread", b"<svg xmlns='x'/>", b"PK\x03\x04" + bytes(60), bomb()]),
)
FILE = st.one_of(PHOTO, spoilt(), NO_PHOTO)

_PARTS = st.one_of(
    st.sampled_from(
        [
            *("cat", "Cat", "dog", "..", ".", "", "train", "test", "validation", "~", "C:", "con", "a\\b", "%2e%2e"),
            *("__MACOSX", ".hidden", "@eaDir", "x" * 255, "a\u202egpj", "😀", "é", "e\u0301"),
            *("<script>alert(1)</script>", 'it\'s "so"'),
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
)
NAME = st.builds(
    lambda folders, file, ending: "/".join([*folders, f"{file}{ending}"]),
    st.lists(_PARTS, max_size=3),
    _PARTS,
    st.sampled_from([".jpg", ".png", ".HEIC", ".txt", "", ".jpg.exe"]),
)
FILES = st.lists(st.tuples(NAME, FILE), min_size=1, max_size=6)


def outside(root: Path) -> Iterator[Path]:
    """What lies beside the store."""
    return (path for path in root.rglob("*") if "store" not in path.relative_to(root).parts[:1])


def check(store: PhotoStore, report: ImportReport) -> None:
    """What holds after any import."""
    assert report.found == report.imported + len(report.refused)
    assert report.imported == sum(report.added.values()) + report.already_here + report.copies
    assert sum(report.classes.values()) == report.imported
    assert all(str(refusal.reason).endswith(".") and refusal.name for refusal in report.refused)
    photos = store.photos()
    assert len(photos) == sum(store.classes().values())
    for photo in photos:
        assert photo.path.resolve().is_relative_to((store.folder / "originals").resolve())
        assert photo.class_name.strip() == photo.class_name != "" and "/" not in photo.class_name
        assert Image.open(store.thumbnail(photo)).size == (160, 160)


def imported(way: str, root: Path, files: list[tuple[str, bytes]]) -> None:
    """Import, again, and undo."""
    (root / "bystander.txt").write_text("not yours")
    store = PhotoStore(root / "store")

    def run() -> ImportReport:
        if way == "files":
            return store.import_files(files)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # two entries of one name are what is tried
            for name, content in files:
                archive.writestr(zipfile.ZipInfo(name), content)
        return store.import_zip(data.getvalue())

    try:
        report = run()
    except DataError as error:
        assert str(error).endswith(".")
        assert not store.classes() and not store.photos()
    else:
        check(store, report)
        before = store.classes()
        again = run()
        check(store, again)
        assert not again.added and store.classes() == before, "the same again adds nothing"
        while store.undo() is not None:
            pass
        assert not store.photos()
    assert [path.name for path in outside(root)] == ["bystander.txt"]
    assert (root / "bystander.txt").read_text() == "not yours"


@settings(max_examples=60)
@given(FILES)
def test_anything_uploaded_ends_imported_or_listed(files: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        imported("files", Path(folder), files)


@settings(max_examples=60)
@given(FILES)
def test_so_does_anything_in_a_zip(files: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        imported("zip", Path(folder), files)


@settings(max_examples=300)
@given(st.one_of(spoilt(), NO_PHOTO))
def test_a_spoilt_photo_is_read_or_refused_in_one_sentence(data: bytes) -> None:
    for read in (inspect, lambda data: decode(data, 16)):
        try:
            found: Any = read(data)
        except PhotoError as error:
            assert str(error).endswith(".")
        else:
            assert found is not None


@settings(max_examples=60)
@given(st.binary(max_size=400), st.integers(0, 4000), st.integers(0, 255))
def test_a_spoilt_zip_is_read_or_refused(tail: bytes, place: int, value: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number, name in enumerate(("cat/1.jpg", "cat/2.png", "dog/3.jpg")):
            archive.writestr(name, whole(("JPEG", "PNG")[number % 2], number))
    content = bytearray(data.getvalue())
    content[place % len(content)] = value
    content += tail
    with tempfile.TemporaryDirectory() as folder:
        store = PhotoStore(Path(folder) / "store")
        try:
            report = store.import_zip(bytes(content))
        except DataError as error:
            assert str(error).endswith(".")
        else:
            check(store, report)
