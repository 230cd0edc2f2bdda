"""How photos look, and which are poor."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.photos.groups.test_near_copies import Picture, looks_of, scene
from transfer_core.errors import PhotoError
from transfer_core.photos.decode import FileFacts, file_facts, open_photo
from transfer_core.photos.health.looks import look
from transfer_core.photos.health.quality import QUALITY, poor_photos
from transfer_core.photos.health.shortcuts import FACTS, columns, find_shortcuts


def test_the_figures_are_those_of_the_picture() -> None:
    square = np.zeros((1, 100, 100, 3), np.uint8)
    square[:, :, :, 0] = 200
    square[:, :4] = 10  # along the top
    found = look(square)
    assert found.color[0] == pytest.approx([(0.96 * 200 + 0.04 * 10) / 255, 0.4 / 255, 0.4 / 255], abs=1e-4)
    top, bottom = found.border[0, :3], found.border[0, 3:6]
    assert top == pytest.approx([10 / 255] * 3, abs=1e-4) and bottom == pytest.approx([200 / 255, 0, 0], abs=1e-4)
    assert found.brightness[0] == pytest.approx((0.96 * 60 + 0.04 * 10) / 255, abs=1e-3)
    assert found.grid.shape == (1, 64, 64) and 0 < found.contrast[0] < 0.2


def test_rows_are_taken_in_their_order_and_progress_is_told() -> None:
    squares = np.random.default_rng(0).integers(0, 256, (70, 20, 20, 3), dtype=np.uint8)
    done: list[int] = []
    found = look(squares, [69, 3, *range(40)], done.append)
    assert len(found) == 42 and done == [32, 42]
    np.testing.assert_array_equal(found.color[1], look(squares[3:4]).color[0])


def test_the_more_a_photo_is_blurred_the_more_it_says_so() -> None:
    dots = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    sharp = Image.fromarray(dots).resize((224, 224), Image.Resampling.NEAREST)
    figures = looks_of(sharp, *(sharp.filter(ImageFilter.GaussianBlur(width)) for width in (1, 2, 4))).blur
    assert (np.diff(figures) > 0).all() and figures[0] < 0.4 and figures[-1] > 0.7
    across = looks_of(sharp.filter(ImageFilter.BoxBlur((8, 0)))).blur[0]  # moved while it was taken
    assert across > 0.6


JPEG = FileFacts(320, 240, "JPEG")


def poor(*pictures: Picture, files: list[FileFacts] | None = None) -> dict[str, list[int]]:
    found = poor_photos(looks_of(*pictures), files or [JPEG] * len(pictures), 224)
    assert tuple(found) == QUALITY
    return {kind: rows for kind, rows in found.items() if rows}


def test_poor_photos_are_named_by_what_is_wrong(photos: Path) -> None:
    photo = open_photo(sorted((photos / "cats_dogs" / "train" / "cat").iterdir())[0])
    assert poor(photo) == {}
    assert poor(photo.point(lambda value: value // 5)) == {"dark": [0]}
    assert poor(photo.point(lambda value: 215 + value // 6)) == {"bright": [0]}
    assert poor(photo.resize((224, 224)).filter(ImageFilter.GaussianBlur(4))) == {"blurred": [0]}
    assert poor(Image.new("RGB", (90, 90), (200, 0, 0))) == {"one_color": [0]}
    two_colors = Image.new("RGB", (90, 90), (200, 0, 0))  # as bright as each other
    two_colors.paste((0, 102, 0), (0, 0, 90, 45))
    assert "one_color" not in poor(two_colors)
    files = [
        FileFacts(111, 500, "PNG"),
        FileFacts(1000, 320, "JPEG"),
        FileFacts(112, 112, "JPEG"),
        FileFacts(60, 60, ""),
    ]
    assert poor(*[scene(7)] * 4, files=files) | {"blurred": []} == {"tiny": [3, 0], "narrow": [0, 1], "blurred": []}


def test_no_photo_of_the_real_sets_is_called_poor(photos: Path) -> None:
    paths = [
        path for name in ("cats_dogs/train", "trash", "clothing") for path in sorted((photos / name).glob("*/*"))[::40]
    ]
    found = poor(*(open_photo(path) for path in paths), files=[file_facts(path) for path in paths])
    assert found == {}, {kind: [paths[row] for row in rows] for kind, rows in found.items()}


def test_what_a_file_says(tmp_path: Path) -> None:
    turned = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(0).save(turned, exif=exif)
    assert file_facts(turned) == FileFacts(240, 320, "JPEG")
    scene(0).save(tmp_path / "a.png")
    assert file_facts(tmp_path / "a.png") == FileFacts(320, 240, "PNG")
    with pytest.raises(PhotoError, match="moved, renamed or deleted"):
        file_facts(tmp_path / "gone.png")
    (tmp_path / "b.png").write_text("milk")
    with pytest.raises(PhotoError, match="can't be read"):
        file_facts(tmp_path / "b.png")


def shortcuts(
    pictures: list[Picture], labels: list[int], files: list[FileFacts] | None = None
) -> dict[str, tuple[int, ...]]:
    facts = columns(looks_of(*pictures), files or [JPEG] * len(pictures))
    assert tuple(facts) == FACTS
    found = find_shortcuts(facts, np.array(labels), np.arange(len(labels)) // 3 % 5)
    assert [one.fact for one in found] == list(FACTS) and all(0 <= one.accuracy <= 1 for one in found)
    return {one.fact: one.told for one in found if one.told}


LABELS = [number % 3 for number in range(60)]


def test_nothing_gives_classes_away_that_differ_in_nothing() -> None:
    assert shortcuts([scene(number) for number in range(60)], LABELS) == {}


def test_a_border_of_one_class_is_named() -> None:
    def framed(picture: Picture) -> Picture:
        picture.paste((250, 20, 20), (0, 0, picture.width, 14))
        picture.paste((250, 20, 20), (0, picture.height - 14, picture.width, picture.height))
        return picture

    pictures = [framed(scene(number)) if label == 1 else scene(number) for number, label in enumerate(LABELS)]
    assert shortcuts(pictures, LABELS)["border"] == (1,)


def test_a_class_of_another_light_size_shape_or_kind_of_file_is_named() -> None:
    pictures = [scene(number) for number in range(60)]
    dark = [
        one.point(lambda value: value // 3) if label == 2 else one for one, label in zip(pictures, LABELS, strict=True)
    ]
    assert shortcuts(dark, LABELS)["brightness"] == (2,)
    for other, facts in (
        (FileFacts(640, 480, "JPEG"), {"resolution"}),
        (FileFacts(240, 320, "JPEG"), {"shape"}),
        (FileFacts(320, 240, "PNG"), {"file_type"}),
    ):
        files = [other if label == 0 else JPEG for label in LABELS]
        found = shortcuts(pictures, LABELS, files)
        assert set(found) == facts and all(told == (0,) for told in found.values())


def test_a_large_class_that_is_always_named_is_not_given_away() -> None:
    labels = [int(number % 10 == 0) for number in range(90)]
    assert shortcuts([scene(number) for number in range(90)], labels) == {}
