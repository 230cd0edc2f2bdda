"""What belongs together stays on one side of a split."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.photos.test_manifest import make
from transfer_core.photos.groups.sides import chosen, size, units
from transfer_core.photos.split import moved, split_photos
from transfer_core.photos.store import Photo


def members(groups: list[int], kind: str = "near", class_name: str = "ant") -> list[Photo]:
    """Photos in groups of these sizes."""
    photos = []
    for number, count in enumerate(groups):
        for _ in range(count):
            name = None if count == 1 else f"{class_name} group {number}"
            photos.append(replace(make(class_name, len(photos)), **{kind: name}))
    return photos


GROUPS = st.lists(st.integers(1, 12), min_size=2, max_size=12)
FRACTIONS = st.floats(0.01, 0.99)
SEEDS = st.integers(0, 5)


@given(GROUPS, st.sampled_from(["near", "burst"]), st.randoms())
def test_units_hold_every_photo_once_and_whole_groups(groups: list[int], kind: str, random) -> None:
    photos = members(groups, kind)
    found, cut = units(photos)
    assert sorted(photo.id for unit in found for photo in unit) == [photo.id for photo in photos]
    assert all(unit[0].sha256 == min(photo.sha256 for photo in unit) for unit in found)
    if not cut:
        assert sorted(map(len, found)) == sorted(groups)
    assert bool(cut) == (max(groups) > 0.8 * sum(groups) and max(groups) > 1)
    random.shuffle(photos)
    assert {frozenset(unit) for unit in units(photos)[0]} == {frozenset(unit) for unit in found}


@given(GROUPS, FRACTIONS, SEEDS)
def test_what_is_chosen_is_whole_units_and_never_all(groups: list[int], fraction: float, seed: int) -> None:
    found, _ = units(members(groups))
    validates = chosen(found, fraction, seed)
    sides = [{photo.sha256 in validates for photo in unit} for unit in found]
    assert all(len(side) == 1 for side in sides) and {True, False} == set.union(*sides)
    count = sum(map(size, found))
    wanted = min(max(int(count * fraction + 0.5), 1), count - 1)
    most = max(map(size, found))
    assert abs(len(validates) - wanted) <= most, "as near to the share as units allow"


@given(st.lists(GROUPS, min_size=2, max_size=3), FRACTIONS, SEEDS)
def test_no_group_is_on_two_sides_of_a_split(classes: list[list[int]], fraction: float, seed: int) -> None:
    names = [f"class {label}" for label in range(len(classes))]
    photos = [one for name, groups in zip(names, classes, strict=True) for one in members(groups, class_name=name)]
    photos = [replace(photo, id=number) for number, photo in enumerate(photos)]
    split = split_photos(names, photos, fraction, seed)
    series = {photo.name for photo in split.photos if photo.series}
    assert [names for names in split.near_leaks if not series.intersection(names)] == [] == split.leaks
    assert all(all(split.counts()[side].values()) for side in ("train", "validation"))


def test_photos_that_belong_together_through_different_things_are_one_unit() -> None:
    one, two, three, other = (make("ant", number) for number in range(4))
    both = [replace(one, near="a"), replace(two, near="a", burst="b"), replace(three, burst="b"), other]
    assert sorted(map(len, units(both)[0])) == [1, 3]
    assert sorted(map(len, units(both, ["near"])[0])) == [1, 1, 2]
    assert sorted(map(len, units(both, [])[0])) == [1, 1, 1, 1]


def test_a_class_that_is_one_series_is_cut_in_the_order_of_its_names() -> None:
    photos = [replace(make("ant", number), burst="series", name=f"ant/{number}.jpg") for number in range(10)]
    found, cut = units(photos)
    numbers = sorted(sorted(photo.id for photo in unit) for unit in found)
    assert len(cut) == 10 and numbers == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


def test_two_photos_that_are_one_group_still_give_both_sides() -> None:
    split = split_photos(
        ["ant", "bee"], [*members([2]), *(replace(p, id=p.id + 9) for p in members([2], class_name="bee"))], 0.2, 0
    )
    assert split.counts()["train"] == split.counts()["validation"] == {"ant": 1, "bee": 1}


def test_how_many_photos_moved_is_counted_by_reason() -> None:
    photos = [*members([3, 3, *[1] * 14]), *(replace(p, id=p.id + 99) for p in members([4, *[1] * 16], "burst", "bee"))]
    found = moved(["ant", "bee"], photos, 0.25, 0)
    alone = split_photos(["ant", "bee"], photos, 0.25, 0, [])
    kept = split_photos(["ant", "bee"], photos, 0.25, 0)
    changed = [one.name for one, other in zip(alone.photos, kept.photos, strict=True) if one.split != other.split]
    assert found.groups == {"near": 2, "burst": 1} and not found.cut and not found.crossing
    assert found.near == sum(name.startswith("ant") for name in changed) > 0
    assert found.burst == sum(name.startswith("bee") for name in changed)


def test_a_class_that_is_one_series_is_one_series() -> None:
    photos = [*members([9], "burst"), *(replace(p, id=p.id + 99) for p in members([1] * 9, class_name="bee"))]
    twins = [replace(photo, id=photo.id + 500, sha256="f" * 60 + f"{photo.id:04}", pixels="x") for photo in photos[:2]]
    found = moved(["ant", "bee"], photos, 0.2, 0)
    assert (found.groups, found.cut, found.crossing) == ({"near": 0, "burst": 0}, ("ant",), [])
    assert moved(["ant", "bee"], [*photos, *twins], 0.2, 0).groups == {"near": 0, "burst": 0}
    split = split_photos(["ant", "bee"], photos, 0.2, 0)
    assert len(split.near_leaks) == 1 and split.leaked("validation") == split.counts()["validation"]["ant"]


def test_folders_that_put_a_group_into_two_splits_are_kept_and_told() -> None:
    ants = [replace(photo, split="test" if photo.id == 0 else None) for photo in members([2, *[1] * 6])]
    bees = [replace(photo, id=photo.id + 99) for photo in members([1] * 6, class_name="bee")]
    split = split_photos(["ant", "bee"], [*ants, *bees], 0.2, 0)
    assert split.of("test")[0].name == "ant/0.jpg" and split.leaks == []
    assert split.near_leaks == [["ant/0.jpg", "ant/1.jpg"]] == moved(["ant", "bee"], [*ants, *bees], 0.2, 0).crossing


@pytest.mark.parametrize("seed", range(3))
def test_where_nothing_belongs_together_the_split_is_that_of_each_photo(seed: int) -> None:
    """As it was before there were groups: by SHA-256 of seed and photo."""
    photos = members([1] * 20)
    order = sorted(photos, key=lambda photo: hashlib.sha256(f"{seed}|{photo.sha256}".encode()).hexdigest())
    assert chosen(units(photos)[0], 0.25, seed) == {photo.sha256 for photo in order[:5]}
