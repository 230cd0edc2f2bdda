"""Variants are pure functions of preset, seed, photo and number, and change a photo as far as the preset says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer_core.errors import ConfigError
from transfer_core.nn.data.augment import Variant, augment, preview
from transfer_core.runs.augmentation import PRESETS, Preset, get_preset

SHAS = [f"{number:064x}"[::-1] for number in range(40)]
NOTHING = Preset("nothing", "", "")


def photos(count: int, size: int = 12, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def variants(count: int, number: int = 0) -> list[Variant]:
    return [Variant(sha, number) for sha in SHAS[:count]]


@pytest.mark.parametrize("name", PRESETS)
def test_a_variant_depends_on_nothing_but_its_photo_number_preset_and_seed(name: str) -> None:
    many = photos(40)
    together = augment(many, variants(40), get_preset(name), seed=3)
    assert together.dtype == np.uint8 and together.shape == many.shape
    for row in (0, 31, 39):
        alone = augment(many[row : row + 1], variants(40)[row : row + 1], get_preset(name), seed=3)
        np.testing.assert_array_equal(alone[0], together[row])


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(list(PRESETS)), st.integers(0, 2**31 - 1), st.integers(0, 10_000))
def test_no_variant_is_the_photo_or_another_variant(name: str, seed: int, number: int) -> None:
    photo = photos(1)
    made = [
        augment(photo, [Variant(SHAS[0], number)], get_preset(name), seed),
        augment(photo, [Variant(SHAS[0], number + 1)], get_preset(name), seed),
        augment(photo, [Variant(SHAS[0], number)], get_preset(name), seed + 1),
        augment(photo, [Variant(SHAS[1], number)], get_preset(name), seed),
        photo,
    ]
    assert len({one.tobytes() for one in made}) == len(made)


def test_nothing_to_change_changes_no_bit() -> None:
    many = photos(5, size=15)
    np.testing.assert_array_equal(augment(many, variants(5), NOTHING, seed=1), many)


def test_mirroring_is_exact_and_happens_every_second_time() -> None:
    photo = photos(1, size=15)[0]
    flips = preview(photo, Preset("flips", "", "", flip=True), 40, seed=0)
    mirrored = [np.array_equal(one, photo[:, ::-1]) for one in flips]
    assert all(one or np.array_equal(two, photo) for one, two in zip(mirrored, flips, strict=True))
    assert 8 < sum(mirrored) < 32
    upside_down = preview(photo, Preset("flips", "", "", flip_vertical=True), 40, seed=0)
    assert {one.tobytes() for one in upside_down} == {photo.tobytes(), photo[::-1].tobytes()}


@pytest.mark.parametrize("degrees", [180.0, 30.0])
def test_turning_goes_as_far_as_the_preset_says(degrees: float) -> None:
    """Measured on a bright bar from the center upwards."""
    photo = np.zeros((65, 65, 3), np.uint8)
    photo[4:30, 31:34] = 255
    turned = preview(photo, Preset("turn", "", "", rotation=degrees), 60, seed=2)
    places = [np.argwhere(one[..., 0] > 128).mean(axis=0) - 32 for one in turned]
    angles = np.rad2deg([np.arctan2(right, -down) for down, right in places])
    assert np.abs(angles).max() <= degrees + 2
    assert angles.min() < -0.7 * degrees and angles.max() > 0.7 * degrees


def test_shift_zoom_brightness_and_contrast_stay_in_their_ranges() -> None:
    photo = np.full((64, 64, 3), 40, np.uint8)
    photo[22:42, 22:42] = 160
    shifted = preview(photo, Preset("shift", "", "", shift=0.1), 40, seed=0)
    centers = np.array([np.argwhere(one[..., 0] > 100).mean(axis=0) - 31.5 for one in shifted])
    assert 4 < np.abs(centers).max() <= 6.9
    zoomed = preview(photo, Preset("zoom", "", "", zoom=0.5), 40, seed=0)
    sides = np.array([np.sqrt((one[..., 0] > 100).sum()) for one in zoomed])
    assert 20 / 1.5 - 1.5 <= sides.min() < 16 and 26 < sides.max() <= 20 * 1.5 + 1.5
    brighter = preview(photo, Preset("bright", "", "", brightness=0.1), 40, seed=0)
    changes = np.array([one.mean() - photo.mean() for one in brighter])
    assert -26 <= changes.min() < -15 and 15 < changes.max() <= 26
    flatter = preview(photo, Preset("contrast", "", "", contrast=0.5), 40, seed=0)
    spreads = np.array([one.std() / photo.std() for one in flatter])
    assert 0.49 <= spreads.min() < 0.7 and 1.3 < spreads.max() <= 1.51
    assert max(abs(one.mean() - photo.mean()) for one in flatter) < 1


def test_what_comes_in_at_the_border_is_the_photo() -> None:
    photo = np.full((32, 32, 3), 200, np.uint8)
    moved = preview(photo, Preset("move", "", "", rotation=45, zoom=0.4, shift=0.3), 20, seed=0)
    assert all((one == 200).all() for one in moved), "black corners would be a clue that no real photo has"


def test_a_preview_shows_what_training_will_see() -> None:
    photo = photos(1)[0]
    seen = augment(np.repeat(photo[None], 3, 0), [Variant(SHAS[7], n) for n in range(3)], get_preset("photos"), 5)
    np.testing.assert_array_equal(preview(photo, get_preset("photos"), 3, 5, SHAS[7]), seen)
    assert len(preview(photo, get_preset("photos"), 4, 5)) == 4


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="one of gentle, photos, strong, any-way-up; 'wild' came"):
        get_preset("wild")
