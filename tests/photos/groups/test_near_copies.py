"""Photos that are nearly the same are found, others are not."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from transfer_core.photos.decode import open_photo
from transfer_core.photos.groups.near_copies import area_weights, groups_of, near_copies
from transfer_core.photos.health.looks import Looks, look
from transfer_core.photos.reader import square

Picture = Image.Image


def looks_of(*pictures: Picture, size: int = 224) -> Looks:
    return look(np.stack([np.asarray(square(picture, size)) for picture in pictures]))


def seen(*pictures: Picture) -> NDArray[np.uint8]:
    return looks_of(*pictures).grid


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Picture:
    """Something with shapes in it: coarse noise, made large."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def saved(picture: Picture, quality: int) -> Picture:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return open_photo(data.getvalue())


def cropped(picture: Picture, share: float) -> Picture:
    across, down = round(picture.width * share / 2), round(picture.height * share / 2)
    return picture.crop((across, down, picture.width - across, picture.height - down))


ALTERED: dict[str, Callable[[Picture], Picture]] = {
    "smaller": lambda picture: picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS),
    "saved anew": lambda picture: saved(picture, 30),
    "cropped by 5%": lambda picture: cropped(picture, 0.05),
    "cropped by 10%": lambda picture: cropped(picture, 0.1),
    "mirrored": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "brighter": lambda picture: picture.point(lambda value: min(255, round(1.2 * value))),
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_copy_is_found_and_nothing_else(how: str) -> None:
    others = [scene(seed) for seed in range(1, 8)]
    assert near_copies(seen(*others, scene(0), ALTERED[how](scene(0)))) == [[7, 8]]


def test_each_is_in_one_group_however_the_copies_hang_together() -> None:
    picture = scene(0)
    copies = [picture, cropped(picture, 0.05), cropped(cropped(picture, 0.05), 0.05), scene(1), saved(scene(1), 40)]
    assert near_copies(seen(*copies)) == [[0, 1, 2], [3, 4]]


def test_pictures_of_one_color_are_no_copies_of_each_other() -> None:
    plain = [Image.new("RGB", (64, 64), (grey, grey, grey)) for grey in (0, 90, 91, 255)]
    assert near_copies(seen(*plain)) == []


def test_a_plain_picture_among_many_that_are_known() -> None:
    many = np.random.default_rng(0).integers(0, 256, (1100, 32, 32), dtype=np.uint8)
    plain = np.full((2, 32, 32), 200, np.uint8)
    assert near_copies(np.concatenate([many, plain]), since=1100) == []
    assert near_copies(np.concatenate([many, plain, many[7:8]]), since=1100) == [[7, 1102]]


def test_a_stop_is_heard() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        near_copies(seen(scene(0), scene(1)), stop)


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=14))
def test_groups_are_what_pairs_hold_together(pairs: list[tuple[int, int]]) -> None:
    groups = groups_of(12, pairs)
    where = {one: number for number, group in enumerate(groups) for one in group}
    assert len(where) == sum(map(len, groups)) and all(len(group) > 1 and group == sorted(group) for group in groups)
    for one, other in pairs:
        assert one == other or where[one] == where[other]
    # As few pairs as hold a group together are enough: no group holds what no chain of pairs does.
    reached = {one: {one} for one in range(12)}
    for _ in range(12):
        for one, other in pairs:
            both = reached[one] | reached[other]
            for each in both:
                reached[each] = reached[each] | both
    assert all(set(group) == reached[group[0]] for group in groups)


@given(st.integers(1, 40), st.integers(1, 20), st.floats(0, 0.4), st.floats(0.1, 0.6))
def test_an_area_is_shared_out_whole(source: int, target: int, begin: float, share: float) -> None:
    weights = area_weights(source, target, begin, share)
    assert weights.shape == (target, source) and weights.min() >= 0
    assert weights.sum(1) == pytest.approx(np.ones(target), abs=1e-5)
    where = weights @ (np.arange(source) + 0.5) / source  # each covers its own part of the row
    assert (
        (np.diff(where) >= -1e-5).all() and begin - 1 / source <= where[0] and where[-1] <= begin + share + 1 / source
    )


def test_of_real_photos_copies_are_found_and_nothing_else(photos: Path) -> None:
    paths = sorted((photos / "cats_dogs" / "train").glob("*/*"))[:60]
    pictures = [open_photo(path) for path in paths]
    assert near_copies(seen(*pictures)) == []
    found = near_copies(seen(*pictures, *(cropped(saved(picture, 50), 0.05) for picture in pictures)))
    assert found == [[number, number + len(paths)] for number in range(len(paths))]
