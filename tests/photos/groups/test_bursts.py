"""Photos of one burst are found by when they were taken, or by their numbers, and only where they are alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image

from tests.photos.groups.test_near_copies import cropped, scene, seen
from tests.photos.test_manifest import make
from transfer_core.photos.groups.bursts import Shot, bursts, taken_at
from transfer_core.photos.groups.sides import units


def moved(seed: int, share: float) -> Image.Image:
    """The scene with something else in front of it, alike but no copy."""
    return Image.blend(scene(seed), scene(50 + seed), share)


FRAMES = [scene(0), moved(0, 0.25), moved(0, 0.35), scene(1), moved(1, 0.3)]


@pytest.fixture(scope="module")
def grids() -> NDArray[np.uint8]:
    return seen(*FRAMES)


def written(path: Path, original: str | None, parts: str | None = None, kind: str = "JPEG") -> Path:
    exif = Image.Exif()
    notes = exif.get_ifd(ExifTags.IFD.Exif)
    if original is not None:
        notes[ExifTags.Base.DateTimeOriginal] = original
    if parts is not None:
        notes[ExifTags.Base.SubsecTimeOriginal] = parts
    scene(0).save(path, kind, exif=exif.tobytes())
    return path


def test_the_time_is_that_of_the_camera(tmp_path: Path) -> None:
    first = taken_at(written(tmp_path / "a.jpg", "2026:01:31 14:25:01"))
    later = taken_at(written(tmp_path / "b.jpg", "2026:01:31 14:25:03", "25"))
    assert first is not None and later is not None and later - first == 2.25
    assert taken_at(written(tmp_path / "c.png", "2026:01:31 14:25:01", kind="PNG")) == first


@pytest.mark.parametrize("original", [None, "", "0000:00:00 00:00:00", "yesterday", "2026:13:45 99:00:00"])
def test_a_time_that_is_none_is_not_known(tmp_path: Path, original: str | None) -> None:
    assert taken_at(written(tmp_path / "a.jpg", original)) is None


def test_a_file_that_is_gone_or_no_photo_has_no_time(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe1\x00\x20Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff")
    assert taken_at(tmp_path / "a.jpg") is None and taken_at(tmp_path / "none.jpg") is None


def shots(*taken: float | None, names: list[str] | None = None, class_names: str = "ccccc") -> list[Shot]:
    names = names or [f"c/{word}.jpg" for word in ("oak", "elm", "ash", "fir", "yew")]
    return [Shot(*shot) for shot in zip(names, class_names, taken, strict=True)]


def test_within_seconds_and_alike_is_a_burst(grids: NDArray[np.uint8]) -> None:
    assert bursts(grids, shots(0, 2, 9, 100, 103)) == [[0, 1, 2], [3, 4]]
    assert bursts(grids, shots(9, 0, 4, 103, 100)) == [[0, 1, 2], [3, 4]], "in whatever order they come"


def test_what_is_not_alike_or_long_after_or_of_another_class_is_none(grids: NDArray[np.uint8]) -> None:
    assert bursts(grids, shots(0, 20, 40, 100, 200)) == []
    assert bursts(grids[[0, 3]], shots(0, 1, 2, 3, 4)[:2]) == []
    assert bursts(grids, shots(0, 2, 9, 100, 103, class_names="cdcde")) == [[0, 2]]
    assert bursts(grids, shots(None, None, None, None, None)) == []


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_20260131_142501.jpg", "IMG_20260131_142503.jpg"],
        ["camera 2026-01-31 14-25-01.jpg", "camera 2026-01-31 14-25-09.jpg"],
        ["PXL_20260131_142501001.jpg", "PXL_20260131_142502501.jpg"],
        ["WIN_20260131_14_25_01_Pro.jpg", "WIN_20260131_14_25_02_Pro.jpg"],
    ],
)
def test_a_name_may_say_the_time(grids: NDArray[np.uint8], names: list[str]) -> None:
    assert bursts(grids[:2], shots(*[None] * 5, names=[f"c/{name}" for name in [*names, *"abc"]])[:2]) == [[0, 1]]
    assert not bursts(grids[[0, 3]], shots(*[None] * 5, names=[f"c/{name}" for name in [*names, *"abc"]])[:2])


def test_numbers_that_follow_each_other_make_a_burst_of_what_is_much_alike() -> None:
    frames = seen(scene(0), cropped(scene(0), 0.04), cropped(scene(0), 0.08), scene(1), scene(2))
    numbered = [f"c/frame {number}.jpg" for number in (9, 10, 11, 12, 13)]
    assert bursts(frames, shots(*[None] * 5, names=numbered)) == [[0, 1, 2]]
    apart = [f"c/frame {number}.jpg" for number in (9, 20, 31, 42, 53)]
    assert bursts(frames, shots(*[None] * 5, names=apart)) == []
    elsewhere = [f"{folder}/frame {number}.jpg" for folder, number in zip("abcde", (9, 10, 11, 12, 13), strict=True)]
    assert bursts(frames, shots(*[None] * 5, names=elsewhere)) == []


def test_names_of_thousands_of_digits_are_names(grids: NDArray[np.uint8]) -> None:
    names = [f"c/{digit * 5000}.jpg" for digit in "12345"]
    assert bursts(grids, shots(*[None] * 5, names=names)) == []
    assert units([replace(make("ant", n), name=name, burst="b") for n, name in enumerate(names)])[1]


def test_pictures_of_one_color_are_no_burst() -> None:
    plain = seen(*(Image.new("RGB", (64, 64), (grey, grey, grey)) for grey in (0, 1, 2, 3, 4)))
    assert bursts(plain, shots(0, 1, 2, 3, 4)) == []


def test_within_a_second_nobody_takes_two_things(grids: NDArray[np.uint8]) -> None:
    others = seen(*(scene(seed) for seed in range(20, 25)))
    assert bursts(others, shots(0, 0.2, 0.4, 5, 5.9)) == [[0, 1, 2], [3, 4]]
    assert bursts(others, shots(7, 7, 7, 7, 7)) == [], "a program wrote one time into all of them"
    assert bursts(grids, shots(7, 7, 7, 7, 7)) == [[0, 1, 2], [3, 4]]


def test_of_real_photos_whose_numbers_mean_nothing_hardly_any_follow_each_other(photos: Path) -> None:
    paths = sorted((photos / "clothing" / "pants").glob("*"))[:100]
    grids = seen(*(Image.open(path).convert("RGB") for path in paths))
    assert bursts(grids, [Shot(f"pants/{path.name}", "pants", None) for path in paths]) == []
