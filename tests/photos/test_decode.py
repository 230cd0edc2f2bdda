"""Every kind of photo comes out as an upright RGB picture, as a person would expect it."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transfer_core.photos.decode import decode, inspect, open_photo, thumbnail

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(width: int = 64, height: int = 48) -> Image.Image:
    """A picture of which no two corners are alike."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(
        np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1).astype(np.uint8)
    )


def assert_close(picture: Image.Image, expected: Image.Image, tolerance: float = 4) -> None:
    assert picture.mode == "RGB"
    assert picture.size == expected.size
    difference = np.abs(np.asarray(picture, np.int16) - np.asarray(expected, np.int16))
    assert difference.mean() <= tolerance


# What becomes RGB


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "GIF", "JPEG", "JPEG2000", "PPM", "ICO"])
def test_reads_the_formats_people_have(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"sizes": [(64, 48)]} if kind == "ICO" else {}
    assert_close(open_photo(encoded(scene(), kind, **options)), scene(), tolerance=8)


def test_grey_becomes_three_equal_channels() -> None:
    grey = Image.linear_gradient("L")
    assert np.array_equal(np.asarray(open_photo(encoded(grey, "PNG"))), np.stack([np.asarray(grey)] * 3, -1))


def test_black_and_white_becomes_rgb() -> None:
    picture = open_photo(encoded(Image.new("1", (8, 8), 1), "PNG"))
    assert picture.getcolors() == [(64, WHITE)]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(kind: str) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, 0)
    assert (
        np.abs(np.asarray(open_photo(encoded(Image.fromarray(ramp), kind)), int)[0, :, 0] - np.arange(256)).max() <= 1
    )


def test_dark_16_bit_grey_stays_dark() -> None:
    dark = Image.fromarray(np.full((4, 4), 257 * 3, np.uint16))
    assert open_photo(encoded(dark, "PNG")).getpixel((0, 0)) == (3, 3, 3)


def png_of_16_bits(color_type: int, pixel: tuple[int, ...]) -> bytes:
    """A PNG of one pixel as Pillow can't write it (RFC 2083, 4.1)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 16, color_type, 0, 0, 0)
    row = b"\0" + struct.pack(f">{len(pixel)}H", *pixel)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("color_type", "pixel", "expected"),
    [
        (2, (65535, 257 * 100, 0), (255, 100, 0)),
        (4, (257 * 7, 65535), (7, 7, 7)),
        (6, (65535, 0, 0, 65535), RED),
        (6, (65535, 0, 0, 0), WHITE),
    ],
)
def test_16_bit_color_and_alpha(color_type: int, pixel: tuple[int, ...], expected: tuple[int, int, int]) -> None:
    assert open_photo(png_of_16_bits(color_type, pixel)).getpixel((0, 0)) == expected


def test_16_bit_portable_greymap() -> None:
    picture = open_photo(b"P5 3 1 4095\n" + struct.pack(">HHH", 0, 2048, 4095))
    assert [picture.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, 255.0]], np.float32), [0, 100, 255]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[np.nan, 0.5, np.inf]], np.float32), [0, 128, 0]),
        (np.array([[7e8, 7e8, 7e8]], np.float32), [0, 0, 0]),
        (np.array([[0, 257 * 7, 65535]], np.int32), [0, 7, 255]),
        (np.array([[-(2**31), 0, 2**31 - 1]], np.int32), [0, 128, 255]),
    ],
)
def test_32_bit_grey_is_scaled_as_a_viewer_would(values: np.ndarray, expected: list[int]) -> None:
    picture = open_photo(encoded(Image.fromarray(values), "TIFF"))
    assert np.asarray(picture)[0, :, 0].tolist() == expected


def test_transparency_lies_on_white() -> None:
    layered = Image.new("RGBA", (4, 1), (255, 0, 0, 255))
    layered.putpixel((1, 0), (255, 0, 0, 0))
    layered.putpixel((2, 0), (0, 0, 0, 128))
    picture = open_photo(encoded(layered, "PNG"))
    assert [picture.getpixel((x, 0)) for x in range(4)] == [RED, WHITE, (127, 127, 127), RED]


def test_grey_with_alpha_lies_on_white() -> None:
    picture = open_photo(encoded(Image.new("LA", (2, 2), (0, 0)), "PNG"))
    assert picture.getcolors() == [(4, WHITE)]


def test_palette_with_a_transparent_color() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.putpixel((1, 0), 1)
    plain = open_photo(encoded(palette, "PNG"))
    clear = open_photo(encoded(palette, "PNG", transparency=1))
    graded = open_photo(encoded(palette, "PNG", transparency=b"\xff\x00"))
    assert [plain.getpixel((x, 0)) for x in (0, 1)] == [RED, GREEN]
    assert [clear.getpixel((x, 0)) for x in (0, 1)] == [RED, WHITE]
    assert [graded.getpixel((x, 0)) for x in (0, 1)] == [RED, WHITE]


def test_rgb_with_a_transparent_color() -> None:
    picture = open_photo(encoded(Image.new("RGB", (2, 2), RED), "PNG", transparency=RED))
    assert picture.getcolors() == [(4, WHITE)]


def test_cmyk_jpeg_has_the_colors_that_were_printed() -> None:
    # Pillow writes CMYK as Adobe's programs do: inverted, with their marker.
    data = encoded(scene().convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data
    assert_close(open_photo(data), scene(), tolerance=8)


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "YCbCr"])
def test_color_spaces_of_scans_become_rgb(mode: str) -> None:
    assert_close(open_photo(encoded(scene().convert(mode), "TIFF")), scene(), tolerance=12)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animation_gives_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), color) for color in (RED, GREEN)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert_close(open_photo(data), frames[0], tolerance=2)


def test_mpo_of_a_stereo_camera_gives_its_first_picture() -> None:
    data = encoded(scene(), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48), GREEN)])
    assert_close(open_photo(data), scene())


# Orientation

STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def tagged(orientation: int, picture: Image.Image, kind: str = "JPEG") -> bytes:
    """A file whose pixels are stored turned, with the tag that says how."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = picture.transpose(STORED[orientation]) if orientation in STORED else picture
    return encoded(stored, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_turned_upright(orientation: int, kind: str) -> None:
    data = tagged(orientation, scene(), kind)
    assert_close(open_photo(data), scene())
    assert (inspect(data).width, inspect(data).height) == (64, 48)
    upright = np.asarray(decode(encoded(scene(), "PNG"), 24), np.int16)
    assert np.abs(decode(data, 24).astype(np.int16) - upright).mean() < 4


@pytest.mark.parametrize("orientation", [0, 9, 4711])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    assert_close(open_photo(tagged(orientation, scene())), scene())


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_damaged_exif_block_leaves_the_photo_as_stored() -> None:
    data = encoded(scene(), "JPEG", quality=95, exif=b"Exif\0\0II*\0" + b"\xff" * 40)
    assert_close(open_photo(data), scene())


# The square a network takes


def test_decode_crops_the_centre_of_the_longer_side() -> None:
    wide = Image.new("RGB", (300, 100), GREEN)
    wide.paste(RED, (100, 0, 200, 100))
    for data in (encoded(wide, "PNG"), encoded(wide.transpose(Image.Transpose.ROTATE_90), "PNG")):
        square = decode(data, 50)
        assert square.shape == (50, 50, 3)
        assert square.dtype == np.uint8
        assert (square == RED).all()


def test_decode_reads_a_path_as_it_reads_bytes(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(scene(), "JPEG"))
    assert np.array_equal(decode(path, 32), decode(path.read_bytes(), 32))


def test_decode_enlarges_a_tiny_photo() -> None:
    assert (decode(encoded(Image.new("RGB", (1, 1), RED), "PNG"), 224) == RED).all()


def test_fine_detail_is_averaged_not_picked() -> None:
    checks = np.indices((512, 512)).sum(0) % 2 * 255
    square = decode(encoded(Image.fromarray(checks.astype(np.uint8)), "PNG"), 64)
    assert np.abs(square.astype(int) - 127).max() <= 2


def test_a_large_jpeg_decodes_as_it_would_at_full_size() -> None:
    rng = np.random.default_rng(0)
    rough = np.asarray(scene(1200, 900), float) + rng.normal(0, 8, (900, 1200, 3))
    data = encoded(Image.fromarray(rough.clip(0, 255).astype(np.uint8)), "JPEG", quality=90)
    full = encoded(open_photo(data), "PNG")
    # 112 is just below an eighth of 900, where a decoder that shrinks too far would show.
    assert np.abs(decode(data, 112).astype(int) - decode(full, 112)).max() <= 4


def test_a_size_below_one_is_a_bug_not_a_refusal() -> None:
    with pytest.raises(ValueError, match="size is 0"):
        decode(encoded(scene(), "PNG"), 0)


def test_thumbnail_is_a_square_jpeg_of_what_the_network_sees() -> None:
    data = encoded(scene(640, 480), "JPEG")
    small = Image.open(io.BytesIO(thumbnail(data)))
    assert (small.format, small.size) == ("JPEG", (160, 160))
    assert np.abs(np.asarray(small, int) - decode(data, 160)).mean() < 4
    assert inspect(data).thumbnail == thumbnail(data)


def test_real_photos_decode(photos: Path) -> None:
    for path in sorted((photos / "trash" / "glass").iterdir())[:10]:
        assert decode(path, 224).std() > 5
