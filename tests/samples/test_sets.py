"""Sample sets: the same bytes from the same seed, varied pictures, no class given away by color, light or size."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transfer_core.errors import ConfigError
from transfer_core.photos.store import PhotoStore
from transfer_core.samples import drawing as sample_drawing
from transfer_core.samples.sets import SAMPLES, draw_picture, draw_sample, get_sample

NAMES = [sample.name for sample in SAMPLES]


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.jpg")
    }


def pixels(name: str, class_name: str, count: int) -> np.ndarray:
    return np.stack([np.asarray(draw_picture(name, class_name, index), np.float64) for index in range(count)]) / 255


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    first = digests(draw_sample(name, tmp_path / "a", per_class=3, seed=7))
    again = digests(draw_sample(name, tmp_path / "b", per_class=3, seed=7))
    other = digests(draw_sample(name, tmp_path / "c", per_class=3, seed=8))
    assert first == again
    assert len(set(first.values()) | set(other.values())) == 2 * len(first) == 24


@pytest.mark.parametrize("name", NAMES)
def test_a_larger_set_begins_with_the_smaller_one(name: str, tmp_path: Path) -> None:
    small = digests(draw_sample(name, tmp_path / "small", per_class=1))
    large = digests(draw_sample(name, tmp_path / "large", per_class=2))
    assert small.items() < large.items()


@pytest.mark.parametrize("name", NAMES)
def test_a_set_imports_without_a_problem(name: str, tmp_path: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    folder = draw_sample(name, tmp_path / "drawn", per_class=2, progress=lambda *call: calls.append(call))
    report = PhotoStore(tmp_path / "store").import_folder(folder)
    assert list(report.classes) == list(get_sample(name).classes)
    assert (report.imported, report.refused, report.duplicates, report.conflicts) == (8, [], [], [])
    assert [(done, total) for done, total, _ in calls] == [(done, 8) for done in range(1, 9)]
    assert {file for _, _, file in calls} == digests(folder).keys()


@pytest.mark.parametrize("name", NAMES)
def test_color_and_light_do_not_give_the_class_away(name: str) -> None:
    """A nearest-neighbour guess from each picture's mean color and spread is near the one in four of chance."""
    classes = get_sample(name).classes
    drawn = [pixels(name, class_name, 20) for class_name in classes]
    features = np.concatenate([np.concatenate([p.mean((1, 2)), p.std((1, 2))], axis=1) for p in drawn])
    labels = np.repeat(np.arange(len(classes)), 20)
    distances = np.linalg.norm(features[:, None] - features[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(1)] == labels).mean() < 0.45


def test_size_does_not_give_the_shape_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mean areas of the classes lie close together: each is drawn from 7 to 27 % of the picture."""
    masks: list[float] = []
    mask = sample_drawing._mask

    def noted(corners: np.ndarray) -> np.ndarray:
        drawn = mask(corners)
        masks.append(drawn.mean())
        return drawn

    monkeypatch.setattr(sample_drawing, "_mask", noted)
    means = []
    for class_name in get_sample("shapes").classes:
        masks.clear()
        for index in range(30):
            draw_picture("shapes", class_name, index)
        assert 0.06 < min(masks[::2]) < max(masks[::2]) < 0.28  # every other mask is the shadow's
        means.append(np.mean(masks[::2]))
    assert max(means) - min(means) < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_a_class_differ_everywhere(name: str) -> None:
    for class_name in get_sample(name).classes:
        assert pixels(name, class_name, 12).std(axis=0).min() > 0.03


def test_each_shape_stands_out_inside_the_picture() -> None:
    for class_name in get_sample("shapes").classes:
        for index in range(10):
            picture = draw_picture("shapes", class_name, index)
            assert (picture.mode, picture.size) == ("RGB", (160, 160))
            assert np.asarray(picture.convert("L"), float).std() > 5


def test_negative_seeds_are_seeds_too() -> None:
    pictures = [draw_picture("shapes", "star", 0, seed) for seed in (-1, 0, 1)]
    assert len({picture.tobytes() for picture in pictures}) == 3


def test_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'clouds': choose shapes or patterns"):
        draw_sample("clouds", tmp_path / "x")
    with pytest.raises(ConfigError, match="no class 'hexagon': choose one of circle, square"):
        draw_picture("shapes", "hexagon", 0)
    with pytest.raises(ConfigError, match="at least 1 picture"):
        draw_sample("shapes", tmp_path / "x", per_class=0)
    assert not (tmp_path / "x").exists()


def test_files_are_pictures_that_others_can_open(tmp_path: Path) -> None:
    folder = draw_sample("patterns", tmp_path, per_class=1)
    for path in folder.rglob("*.jpg"):
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("JPEG", (160, 160))


def test_the_rows_name_what_can_be_drawn() -> None:
    assert {name: get_sample(name).classes for name in NAMES} == {
        "shapes": tuple(sorted(sample_drawing.SHAPES)),
        "patterns": tuple(sorted(sample_drawing.PATTERNS)),
    }
