"""What bytes mean: colors by their profile, grey of every depth, JPEGs that are damaged, large or lack their end."""

import io
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.support import ROOT
from transfer_core.errors import PhotoError
from transfer_core.photos import reader
from transfer_core.photos.decode import decode, inspect, open_photo, pixels_of


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(width: int = 64, height: int = 48) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([40 + x * 150 // width, 60 + y * 140 // height, 220 - (x + y) * 160 // (width + height)], -1)


def rough(width: int, height: int) -> Image.Image:
    """A picture that takes a JPEG some data."""
    noise = np.random.default_rng(0).normal(0, 20, (height, width, 1))
    return Image.fromarray((scene(width, height) + noise).clip(0, 255).astype(np.uint8))


# Profiles. Those of ICC.1:2001-04 with a matrix and one gamma are short enough to be written here.

TO_D50 = {  # from linear RGB to the connection space; the columns are the colors of the three lights
    "Adobe RGB": [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]],
    "ProPhoto": [[0.79767, 0.13519, 0.03135], [0.28804, 0.71188, 0.00009], [0.0, 0.0, 0.82491]],
}
GAMMA = {"Adobe RGB": 2.19921875, "ProPhoto": 1.8}
SRGB_TO_D50 = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])


def profile(name: str, space: bytes = b"RGB ") -> bytes:
    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    tags = {b"wtpt": b"XYZ \0\0\0\0" + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))}
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(GAMMA[name] * 256)) + b"\0\0"
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        for light, column in zip("rgb", np.transpose(TO_D50[name]), strict=True):
            tags[f"{light}XYZ".encode()] = b"XYZ \0\0\0\0" + b"".join(map(fixed, column))
            tags[f"{light}TRC".encode()] = curve
    text = name.encode() + b"\0"
    tags[b"desc"] = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78 + -len(text) % 4)
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        value += bytes(-len(value) % 4)
        table, body, at = table + tag + struct.pack(">II", at, len(value)), body + value, at + len(value)
    size = 128 + 4 + len(table) + len(body)
    header = struct.pack(">I4sI4s4s4s12s4s", size, b"none", 0x02100000, b"mntr", space, b"XYZ ", bytes(12), b"acsp")
    header += bytes(28) + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + body


def in_space(values: np.ndarray, name: str) -> np.ndarray:
    """The numbers that mean in the color space `name` what `values` mean in sRGB."""
    share = values / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    other = light @ SRGB_TO_D50.T @ np.linalg.inv(TO_D50[name]).T
    return np.rint(other.clip(0, 1) ** (1 / GAMMA[name]) * 255).astype(np.uint8)


@pytest.mark.parametrize("name", list(TO_D50))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_colors_are_those_the_profile_says(name: str, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    stored = in_space(scene(), name)
    assert np.abs(stored - scene()).mean() > 5  # what came out before profiles were looked at
    data = encoded(Image.fromarray(stored), kind, icc_profile=profile(name), **options)
    # A JPEG rounds in its own space, of which a step in ProPhoto is a wide one.
    assert np.abs(np.asarray(open_photo(data), int) - scene()).mean() <= (1.5 if kind == "JPEG" else 1)


def test_a_profile_counts_under_transparency_and_for_grey_and_palettes() -> None:
    stored = in_space(scene(), "Adobe RGB")
    layered = np.dstack([stored, np.full(stored.shape[:2], 255, np.uint8)])
    layered[:, :10, 3] = 0
    picture = np.asarray(open_photo(encoded(Image.fromarray(layered), "PNG", icc_profile=profile("Adobe RGB"))), int)
    assert (picture[:, :10] == 255).all()
    assert np.abs(picture[:, 10:] - scene()[:, 10:]).mean() <= 1
    few = Image.fromarray(stored).quantize(64)
    turned = open_photo(encoded(few, "PNG", icc_profile=profile("Adobe RGB")))
    assert (
        np.abs(np.asarray(turned, int) - scene()).mean() < 8 < np.abs(np.asarray(few.convert("RGB")) - scene()).mean()
    )
    grey = np.linspace(0, 255, 256).astype(np.uint8)[None]
    for mode in ("L", "LA"):
        data = encoded(Image.fromarray(grey).convert(mode), "PNG", icc_profile=profile("ProPhoto", b"GRAY"))
        found = np.asarray(open_photo(data), int)[0]
        light = (grey[0] / 255) ** 1.8
        right = 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
        assert np.abs(found[:, 0] - right).max() <= 2
        assert (found == found[:, :1]).all()


@pytest.mark.parametrize("wrong", [b"no profile", profile("ProPhoto", b"GRAY"), profile("ProPhoto")[:200]])
def test_a_profile_that_does_not_fit_leaves_the_colors_as_stored(wrong: bytes) -> None:
    picture = Image.fromarray(scene().astype(np.uint8))
    assert np.array_equal(open_photo(encoded(picture, "PNG", icc_profile=wrong)), picture)


# Grey of every depth


def tiff(values: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **{"photometric": "minisblack"} | options)
    return buffer.getvalue()


RAMP = np.linspace(0, 1, 64)[None].repeat(4, 0)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint32", "float32", "float64"])
def test_min_is_white_is_the_same_picture(kind: str) -> None:
    top = 1 if kind.startswith("f") else np.iinfo(kind).max
    black, white = (np.asarray(RAMP * top).astype(kind), np.asarray((1 - RAMP) * top).astype(kind))
    one, other = open_photo(tiff(black)), open_photo(tiff(white, photometric="miniswhite"))
    assert np.abs(np.asarray(one, int) - np.asarray(other)).max() <= 1
    assert np.asarray(one)[0, 0, 0] == 0 and np.asarray(one)[0, -1, 0] == 255


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("int32", 0, 255),
        ("int32", -5, 1000),
        ("uint32", 0, 255),
        ("uint32", 2**31 - 10, 2**31 + 500),
        ("uint32", 2**32 - 300, 2**32 - 1),
        ("int16", -300, 300),
        ("int8", -100, 100),
        ("int64", -(10**12), 10**12),
        ("float16", -2, 60),
        ("float32", 0, 300),
        ("float64", 0, 300),
        ("float64", -1e9, 1e9),
    ],
)
def test_other_depths_are_stretched_between_smallest_and_largest(kind: str, low: float, high: float) -> None:
    values = np.asarray(low + RAMP * (high - low)).astype(kind)
    for data in (tiff(values), tiff(values, compression="zlib")):
        found = np.asarray(open_photo(data), int)[0, :, 0]
        assert (found[0], found[-1]) == (0, 255)
        assert np.abs(found - RAMP[0] * 255).max() <= 2  # a step of the coarsest type is wider than one of 255


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_tiff_in_color_of_floating_point(planar: str) -> None:
    values = (scene() / 255).astype(np.float32)
    stored = values if planar == "contig" else np.moveaxis(values, -1, 0)
    data = tiff(stored, photometric="rgb", planarconfig=planar)
    assert np.abs(np.asarray(open_photo(data), int) - scene()).max() <= 1


def test_a_rare_tiff_is_turned_upright_and_may_not_be_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiff(RAMP.astype(np.float64), extratags=[(0x0112, "H", 1, 6, True)])
    assert open_photo(data).size == (4, 64)
    monkeypatch.setattr(reader, "MAX_PIXELS", 100)
    with pytest.raises(PhotoError, match="256 pixels"):
        open_photo(data)


# Raw files


def directory(order: str, tags: dict[int, tuple[str, int]], at: int, following: int = 0) -> bytes:
    """A TIFF directory of one value a tag, and its place in the file."""
    code = {"B": 1, "H": 3, "I": 4}
    rows = b"".join(
        struct.pack(f"{order}HHI{kind}", tag, code[kind], 1, value).ljust(12, b"\0")
        for tag, (kind, value) in sorted(tags.items())
    )
    return struct.pack(f"{order}H", len(tags)) + rows + struct.pack(f"{order}I", following)


def raw_file(first: dict[int, tuple[str, int]], second: dict[int, tuple[str, int]], order: str = "<") -> bytes:
    """A thumbnail of 8 x 8 in the first directory, as cameras write it, and another directory under SubIFDs."""
    preview = {256: ("H", 8), 257: ("H", 8), 258: ("H", 8), 262: ("H", 1), 259: ("H", 1), 277: ("H", 1)}
    tags = preview | {273: ("I", 1000), 278: ("H", 8), 279: ("I", 64)} | first
    sub = 8 + len(directory(order, tags | {330: ("I", 0)}, 8))
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    data = start + directory(order, tags | {330: ("I", sub)}, 8) + directory(order, second, sub)
    return data.ljust(1000, b"\0") + bytes(range(64))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({50706: ("I", 0x00000401)}, {254: ("I", 0)}),  # DNG names its version
        ({254: ("I", 1)}, {262: ("H", 32803)}),  # NEF, ARW: what the sensor saw lies beside the preview
        ({254: ("I", 1)}, {256: ("H", 6000)}),  # a preview of something unknown
        ({}, {262: ("H", 34892)}),
    ],
)
def test_a_raw_file_is_not_taken_for_its_preview(first: Any, second: Any, order: str) -> None:
    with pytest.raises(PhotoError, match="a camera raw file"):
        inspect(raw_file(first, second, order))


def test_a_tiff_with_a_smaller_copy_of_itself_is_no_raw_file() -> None:
    assert inspect(raw_file({254: ("I", 0)}, {254: ("I", 1), 262: ("H", 1)})).width == 8


# JPEGs


def flipped(data: bytes, seed: int) -> bytes:
    """With ten bytes turned over in the second half of the picture, none of them made a mark."""
    rng, changed = np.random.default_rng(seed), bytearray(data)
    for place in rng.integers(len(data) // 2, len(data) - 4, 10):
        if 0xFF not in (*changed[place - 1 : place + 2], changed[place] ^ 0x5A):
            changed[place] ^= 0x5A
    return bytes(changed)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}])
def test_a_damaged_jpeg_is_refused_wherever_it_comes_in(options: Any) -> None:
    data = encoded(rough(640, 480), "JPEG", quality=90, **options)
    inspect(data)
    cut = data[: len(data) // 2]
    for damaged in (cut, cut + b"\xff\xd9", cut + bytes(len(data) - len(cut) - 2) + b"\xff\xd9"):
        for read in (inspect, open_photo, lambda data: decode(data, 32)):
            with pytest.raises(PhotoError, match=r"The JPEG file is (cut off|damaged)"):
                read(damaged)
    refused = 0
    for seed in range(10):
        try:
            inspect(flipped(data, seed))
        except PhotoError:
            refused += 1
    assert refused >= 9  # a wrong byte may by chance be another right one


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_that_lacks_only_its_end_mark_is_whole(options: Any) -> None:
    data = encoded(rough(640, 480), "JPEG", **options)
    assert data.endswith(b"\xff\xd9")
    assert np.array_equal(decode(data[:-2], 64), decode(data, 64))
    assert np.array_equal(open_photo(data[:-2]), open_photo(data))


def test_marks_that_do_not_touch_the_picture_are_no_damage() -> None:
    data = encoded(rough(64, 48), "JPEG")
    assert np.array_equal(open_photo(data + b"trailing bytes of a phone"), open_photo(data))
    inspect(encoded(rough(64, 48).convert("CMYK"), "JPEG"))
    inspect(encoded(rough(64, 48), "MPO", save_all=True, append_images=[rough(64, 48)]))


def patterns(width: int, height: int) -> dict[str, np.ndarray]:
    """What is hardest to make smaller: noise, and edges and rings of every width."""
    y, x = np.mgrid[:height, :width]
    rings = 127 + 127 * np.sin((x - width / 2) ** 2 / 300 + (y - height / 2) ** 2 / 300)
    return {
        "noise": np.random.default_rng(0).integers(0, 256, (height, width)),
        "blocks": (x // 13 + y // 13) % 2 * 255,
        "lines": ((x + 2 * y) % 37 < 3) * 255,
        "rings": rings,
        "scene": scene(width, height)[..., 0],
    }


@pytest.mark.parametrize("name", ["noise", "blocks", "lines", "rings", "scene"])
@pytest.mark.parametrize(("width", "height"), [(2400, 1800), (3000, 2000)])
def test_a_jpeg_read_at_a_smaller_size_is_as_close_as_is_said(name: str, width: int, height: int) -> None:
    grey = Image.fromarray(patterns(width, height)[name].astype(np.uint8))
    data = encoded(grey, "JPEG", quality=92)
    full = np.asarray(reader.square(open_photo(data), 224), int)
    difference = np.abs(decode(data, 224) - full)
    assert difference.max() <= 14
    assert difference.mean() < 1


def test_a_jpeg_of_200_megapixels_is_read_at_an_eighth() -> None:
    data = encoded(Image.new("L", (16320, 12240), 180), "JPEG")
    assert (decode(data, 224) == 180).all()
    assert inspect(data).width == 16320


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_jpeg_larger_than_any_camera_makes_is_refused() -> None:
    data = bytearray(encoded(Image.new("L", (64, 64)), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 20000, 20000)
    with pytest.raises(PhotoError, match="400,000,000 pixels and at most 250,000,000 are opened"):
        inspect(bytes(data))


# The same pixels in other bytes


def test_pixels_have_one_name_in_every_lossless_format() -> None:
    picture = rough(300, 200)
    formats = [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("PPM", {}),
        ("WEBP", {"lossless": True}),
        ("PNG", {"dpi": (72, 72)}),
    ]
    names = [inspect(encoded(picture, kind, **options)).pixels for kind, options in formats]
    assert len(set(names)) == 1 and names[0].startswith("whole ")
    assert names[0] == pixels_of(encoded(picture, "PNG"))
    assert names[0] != inspect(encoded(picture.transpose(Image.Transpose.ROTATE_180), "PNG")).pixels


def test_a_jpeg_with_other_metadata_has_the_same_name_and_its_png_that_of_a_full_decode() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    for size, kind in (((300, 200), "whole"), ((2400, 1800), "reduced")):
        data = encoded(rough(*size), "JPEG")
        tagged = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif.tobytes()) + 2) + exif.tobytes() + data[2:]
        names = {inspect(data).pixels, inspect(tagged).pixels}
        assert len(names) == 1 and names.pop().startswith(kind)
        assert pixels_of(tagged) == inspect(encoded(open_photo(data), "PNG")).pixels


def test_the_reader_needs_nothing_of_thaw() -> None:
    assert "transfer_core" not in Path(reader.__file__).read_text(encoding="utf-8")


def test_without_simplejpeg_what_ends_too_early_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "simplejpeg", None)
    data = encoded(rough(640, 480), "JPEG")
    read: Callable[[bytes], Any] = lambda data: reader.read_square(data, 32)  # noqa: E731
    read(data)
    for share in (0.3, 0.9):
        with pytest.raises(OSError, match="truncated"):
            read(data[: int(len(data) * share)])


def test_what_libraries_find_odd_about_a_file_does_not_reach_the_terminal(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 30), "red")
    picture.save(tmp_path / "1.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x0f\x01")  # notes cut off
    frames = io.BytesIO()
    picture.save(frames, "PNG", save_all=True, append_images=[Image.new("RGB", (40, 30), "blue")])
    spoilt = bytearray(frames.getvalue())
    at = spoilt.index(b"acTL") + 4
    spoilt[at : at + 4] = bytes(4)  # an animation of no frames
    (tmp_path / "2.png").write_bytes(spoilt)
    picture.save(tmp_path / "3.tif", compression="tiff_lzw")
    data = bytearray((tmp_path / "3.tif").read_bytes())
    data[-40:] = b"\xff" * 40
    (tmp_path / "3.tif").write_bytes(data)
    program = """
import sys
from pathlib import Path
from tests.support import ROOT
from transfer_core.errors import PhotoError
from transfer_core.photos.decode import inspect
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        inspect(path)
        print(path.name, "read")
    except PhotoError as error:
        print(path.name, error)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == "" and len(done.stdout.splitlines()) == 3, done.stdout
    assert done.stdout.startswith("1.jpg read\n")
