"""Whatever the bytes, a picture or a refusal that names what came and says what to do."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from transfer_core.errors import PhotoError
from transfer_core.photos import decode as images
from transfer_core.photos.decode import decode, inspect, open_photo


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def scene() -> Image.Image:
    y, x = np.mgrid[:48, :64]
    return Image.fromarray(np.stack([x * 4, y * 5, (x + y) * 2], -1).astype(np.uint8))


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty (0 bytes)"),
        (bytes(1000), "filled with zeros"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80), "starts as HEIC but is cut off or damaged"),
        (b"\0\0\0\x18ftyphevc\0\0\0\0msf1hevc" + bytes(80), "a sequence of HEIC pictures"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isom" + bytes(80), "a video"),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(80), "a video"),
        (b"%PDF-1.7\n" + bytes(80), "a PDF document"),
        (SVG, "an SVG drawing"),
        (b"<svg width='1'></svg>", "an SVG drawing"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"dear diary, today I took no photo", "text"),
        ("größe;farbe\n".encode() * 200, "text"),
        (b"PK\x03\x04" + bytes(80), "a zip archive"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + bytes(80), "an Office document"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.text", "an Office document"),
        (b"8BPS\0\1" + bytes(80), "a Photoshop document"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(80), "JPEG XL"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(80), "a camera raw file"),
        (bytes(range(256)), "not a photo in a format Thaw knows"),
        (b"\xff\xd8\xff\xe0", "starts as JPEG but is cut off"),
        (b"\x89PNG\r\n\x1a\n", "starts as PNG but is cut off"),
    ],
)
def test_what_is_no_photo_is_refused_by_name(data: bytes, words: str) -> None:
    with pytest.raises(PhotoError) as refusal:
        decode(data, 32)
    assert words in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "JPEG2000"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    rng = np.random.default_rng(1)
    data = encoded(Image.fromarray(rng.integers(0, 255, (90, 120, 3), np.uint8)), kind)
    with pytest.raises(PhotoError, match="cut off"):
        open_photo(data[: int(len(data) * share)])
    with pytest.raises(PhotoError, match="cut off"):
        inspect(data[: int(len(data) * share)])


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size it does not have."""
    data = bytearray(encoded(Image.new("L", (1, 1)), "PNG"))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height"), [(12_000, 12_000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_with_numbers(width: int, height: int) -> None:
    with pytest.raises(PhotoError, match=r"pixels and at most 120,000,000 are opened") as refusal:
        open_photo(png_header(width, height))
    assert f"{width * height:,}" in str(refusal.value)


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 2**20)
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(3 * 2**20)
    for data in (path, path.read_bytes()):
        with pytest.raises(PhotoError, match="has 3 MB and at most 1 MB"):
            open_photo(data)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="There is no file at"):
        open_photo(tmp_path / "gone.jpg")
    with pytest.raises(PhotoError, match="can't be read"):
        open_photo(tmp_path)


KINDS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encoded(scene(), "JPEG", exif=tagged_exif()),
    "PNG": lambda: encoded(scene().quantize(16), "PNG", transparency=b"\x00\x80"),
    "GIF": lambda: encoded(scene(), "GIF", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    "WEBP": lambda: encoded(scene(), "WEBP"),
    "TIFF": lambda: encoded(scene(), "TIFF", compression="tiff_lzw"),
    "BMP": lambda: encoded(scene().convert("P"), "BMP"),
    "ICO": lambda: encoded(scene(), "ICO", sizes=[(32, 24)]),
    "PPM": lambda: encoded(scene(), "PPM"),
}


def tagged_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


ORIGINALS = {kind: make() for kind, make in KINDS.items()}


def assert_picture_or_refusal(data: bytes) -> None:
    try:
        square = decode(data, 8)
    except PhotoError as refusal:
        assert str(refusal).endswith(".")
    else:
        assert square.shape == (8, 8, 3)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(deadline=None, max_examples=150)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"P6 "]),
)
@example(b"\xff" * 20, b"BM")
def test_arbitrary_bytes_give_a_picture_or_a_refusal(data: bytes, start: bytes) -> None:
    assert_picture_or_refusal(start + data)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(ORIGINALS)),
    st.lists(st.tuples(st.floats(0, 0.9999), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
    st.floats(0.05, 1),
)
def test_damaged_photos_give_a_picture_or_a_refusal(kind: str, changes: list[tuple[float, bytes]], keep: float) -> None:
    data = bytearray(ORIGINALS[kind])
    for place, replacement in changes:
        # Squared, so that most of the damage falls into the header, where it hurts.
        start = int(place**2 * len(data))
        data[start : start + len(replacement)] = replacement
    assert_picture_or_refusal(bytes(data[: int(len(data) * keep)]))
