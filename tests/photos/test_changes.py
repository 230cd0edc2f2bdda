"""Photos made harder to read: of the same shape, more the stronger, the same again with the same seed."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.photos.groups.test_near_copies import scene
from transfer_core.photos.changes import CHANGES, STRENGTHS, change
from transfer_core.photos.decode import decode


@pytest.mark.parametrize("size", [16, 224])
@pytest.mark.parametrize("name", CHANGES)
def test_each_goes_farther_with_its_strength(name: str, size: int) -> None:
    square = np.asarray(scene(4, (size, size)))
    changed = [change(square, name, strength, seed=7) for strength in range(1, STRENGTHS + 1)]
    assert all(one.shape == square.shape and one.dtype == np.uint8 for one in changed)
    away = [float(np.abs(one.astype(int) - square).mean()) for one in changed]
    if size > 100:
        assert min(away) > 0
    if size > 100 and name not in ("turned", "cropped"):  # of those, places may look alike again
        assert all(first < second for first, second in pairwise(away)), away
    np.testing.assert_array_equal(changed[2], change(square, name, 3, seed=7))


def test_a_quarter_turn_is_one() -> None:
    square = np.asarray(scene(4, (64, 64)))
    turned = change(square, "turned", 5)
    assert np.abs(turned.astype(int) - np.rot90(square)).mean() < 2


def test_dark_and_bright_are_what_they_say(photos: Path) -> None:
    square = decode(sorted((photos / "cats_dogs" / "train" / "cat").iterdir())[0], 224)
    means = {name: [change(square, name, strength).mean() for strength in (1, 3, 5)] for name in ("dark", "bright")}
    assert means["dark"] == sorted(means["dark"], reverse=True) and means["dark"][-1] < 0.2 * square.mean()
    assert means["bright"] == sorted(means["bright"]) and 255 - means["bright"][-1] < 0.2 * (255 - square.mean())
