"""The split: right shares, both sides of each class, the same again from the same seed, few moves when photos come."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer_core.errors import ConfigError, DataError, StorageError
from transfer_core.photos.manifest import Manifest
from transfer_core.photos.sources.layout import SplitName
from transfer_core.photos.split import check_trainable, split_photos, usual_test_fraction
from transfer_core.photos.store import Photo, PhotoStore


def make(class_name: str, number: int, content: str | None = None) -> Photo:
    content = content or f"{class_name} {number}"
    sha = hashlib.sha256(content.encode()).hexdigest()
    return Photo(number, sha, f"{class_name}/{number}.jpg", class_name, Path("/photos") / sha, 4, 3)


def photos_of(counts: dict[str, int]) -> list[Photo]:
    return [make(name, number) for name, count in counts.items() for number in range(count)]


def split(counts: dict[str, int], fraction: float = 0.2, seed: int = 0) -> Manifest:
    return split_photos(sorted(counts), photos_of(counts), fraction, seed)


def places(manifest: Manifest) -> dict[str, str]:
    return {photo.sha256: photo.split for photo in manifest.photos}


COUNTS = st.dictionaries(st.sampled_from(["ant", "bee", "cat", "dog", "eel"]), st.integers(2, 40), min_size=2)
FRACTIONS = st.floats(0.01, 0.99)
SEEDS = st.integers(0, 5)


@settings(deadline=None)
@given(COUNTS, FRACTIONS, SEEDS)
def test_shares_are_right_and_each_class_is_on_both_sides(counts: dict[str, int], fraction: float, seed: int) -> None:
    manifest = split(counts, fraction, seed)
    assert manifest.classes == tuple(sorted(counts))
    assert len(manifest.photos) == sum(counts.values())
    for name, count in counts.items():
        validating = manifest.counts()["validation"][name]
        assert validating + manifest.counts()["train"][name] == count
        assert 1 <= validating <= count - 1
        assert abs(validating - count * fraction) <= 0.5 or validating in (1, count - 1)
    assert len(places(manifest)) == len(manifest.photos)  # no photo on both sides
    assert all(manifest.classes[photo.label] == photo.name.split("/")[0] for photo in manifest.photos)


@settings(deadline=None)
@given(COUNTS, FRACTIONS, SEEDS, st.randoms())
def test_the_split_depends_on_photos_and_seed_alone(counts: dict[str, int], fraction: float, seed: int, random) -> None:
    shuffled = photos_of(counts)
    random.shuffle(shuffled)
    assert places(split_photos(sorted(counts), shuffled, fraction, seed)) == places(split(counts, fraction, seed))


@settings(deadline=None)
@given(COUNTS, FRACTIONS, SEEDS, st.data())
def test_one_more_photo_moves_at_most_one_other(counts: dict[str, int], fraction: float, seed: int, data) -> None:
    before = places(split(counts, fraction, seed))
    grown = data.draw(st.sampled_from(sorted(counts)))
    after = places(split({**counts, grown: counts[grown] + 1}, fraction, seed))
    assert sum(before[sha] != after[sha] for sha in before) <= 1


@settings(deadline=None)
@given(COUNTS, FRACTIONS, FRACTIONS, SEEDS)
def test_a_test_share_is_kept_besides(counts: dict[str, int], fraction: float, test: float, seed: int) -> None:
    manifest = split_photos(sorted(counts), photos_of(counts), fraction, seed, test_fraction=test)
    found = manifest.counts()
    for name, count in counts.items():
        tested = found["test"][name]
        assert found["train"][name] + found["validation"][name] + tested == count
        assert found["train"][name] and found["validation"][name]
        assert tested == (0 if count < 3 else min(max(int(count * test + 0.5), 1), count - 2))
    assert len(places(manifest)) == len(manifest.photos)


def test_what_folders_said_is_all_the_test_there_is() -> None:
    photos = [replace(photo, split="test" if photo.id == 0 else None) for photo in photos_of({"ant": 9, "bee": 9})]
    manifest = split_photos(["ant", "bee"], photos, 0.2, 0, test_fraction=0.3)
    assert manifest.counts()["test"] == {"ant": 1, "bee": 1}
    assert usual_test_fraction(photos * 40) == 0


def test_a_test_is_usual_where_it_says_something() -> None:
    assert usual_test_fraction(photos_of({"ant": 200, "bee": 200})) == 0.15
    assert usual_test_fraction(photos_of({"ant": 190, "bee": 190})) == 0, "a figure of so few would say nothing"
    assert usual_test_fraction(photos_of({"ant": 600, "bee": 30})) == 0, "nor of so few of a class"
    assert usual_test_fraction([]) == 0


def test_another_seed_is_another_split() -> None:
    assert len({tuple(places(split({"ant": 30, "bee": 30}, seed=seed)).values()) for seed in range(5)}) == 5


def test_photos_under_two_labels_are_set_aside_and_named() -> None:
    disputed = [make("ant", 90, "same"), make("bee", 91, "same")]
    manifest = split_photos(["ant", "bee"], photos_of({"ant": 5, "bee": 5}) + disputed, 0.2, 0)
    assert manifest.set_aside == ("ant/90.jpg", "bee/91.jpg")
    assert len(manifest.photos) == 10
    assert disputed[0].sha256 not in places(manifest)


def test_a_class_left_empty_by_conflicts_is_refused() -> None:
    disputed = [make("ant", 90, "same"), make("bee", 91, "same")]
    with pytest.raises(DataError, match='"ant" has no photos'):
        split_photos(["ant", "bee"], [*photos_of({"bee": 5}), *disputed], 0.2, 0)


def test_a_fraction_of_zero_keeps_every_photo_together() -> None:
    manifest = split({"ant": 1, "bee": 2}, 0)
    assert manifest.counts() == {
        "train": {"ant": 1, "bee": 2},
        "validation": {"ant": 0, "bee": 0},
        "test": {"ant": 0, "bee": 0},
    }


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan")])
def test_a_fraction_out_of_range_is_refused(fraction: float) -> None:
    with pytest.raises(ConfigError, match="at least 0 and less than 1"):
        split({"ant": 5, "bee": 5}, fraction)


# Further splits


def test_a_test_folder_joins_as_a_split_of_its_own() -> None:
    other = split_photos(["ant", "bee"], [make("ant", 100), make("bee", 101)], 0, 0)
    manifest = split({"ant": 5, "bee": 5}).with_split(other, "test")
    assert manifest.counts()["test"] == {"ant": 1, "bee": 1}
    assert sum(manifest.counts()["train"].values()) == 8
    assert {photo.name for photo in manifest.of("test")} == {"ant/100.jpg", "bee/101.jpg"}
    assert manifest.leaks == []


def test_a_validation_folder_takes_the_place_of_the_split() -> None:
    other = split_photos(["ant", "bee"], [make("ant", 100), make("bee", 101)], 0, 0)
    manifest = split({"ant": 5, "bee": 5}, 0).with_split(other, "validation")
    assert manifest.counts()["train"] == {"ant": 5, "bee": 5}
    assert manifest.counts()["validation"] == {"ant": 1, "bee": 1}


def test_photos_in_training_and_test_are_reported_as_leaks() -> None:
    other = split_photos(["ant", "bee"], [make("ant", 0), make("bee", 101)], 0, 0)
    assert split({"ant": 5, "bee": 5}).with_split(other, "test").leaks == [["ant/0.jpg", "ant/0.jpg"]]


def test_other_classes_are_refused_by_name() -> None:
    other = split({"ant": 2, "cow": 2})
    with pytest.raises(DataError, match=r"same classes \(ant, bee\), but it lacks bee and has cow besides"):
        split({"ant": 5, "bee": 5}).with_split(other, "test")


# On disk


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "run" / "photos.json"
    manifest = split_photos(["größe", "bee"], photos_of({"größe": 3, "bee": 4}), 0.3, 1)
    manifest.write(path)
    assert Manifest.read(path) == manifest


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 9, "classes": [], "photos": [], "set_aside": []}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "photos.json").write_text(text)
    with pytest.raises(StorageError, match=r"photos\.json is not"):
        Manifest.read(tmp_path / "photos.json")
    with pytest.raises(StorageError, match=r"Nothing is known of the photos .*gone\.json is missing"):
        Manifest.read(tmp_path / "gone.json")


def test_a_label_without_a_class_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.json"
    split({"ant": 3, "bee": 3}).write(path)
    path.write_text(path.read_text().replace('"label": 1', '"label": 2'))
    with pytest.raises(StorageError, match="label without a class"):
        Manifest.read(path)


# What can be trained


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ({}, "no photos yet"),
        ({"ant": 9}, 'only one class, "ant"'),
        ({"ant": 9, "bee": 0}, '"bee" has no photos'),
        ({"ant": 9, "bee": 1}, '"bee" has a single photo'),
    ],
)
def test_too_little_to_train_on_is_refused_in_one_sentence(classes: dict[str, int], words: str) -> None:
    with pytest.raises(DataError, match=words) as refusal:
        check_trainable(classes)
    assert str(refusal.value).count(".") == 1


def test_two_photos_of_two_classes_are_enough() -> None:
    check_trainable({"ant": 2, "bee": 2})
    assert split({"ant": 2, "bee": 2}).counts()["validation"] == {"ant": 1, "bee": 1}


def test_the_manifest_of_a_store(tmp_path: Path, photos: Path) -> None:
    store = PhotoStore(tmp_path / "store")
    store.import_folder(photos / "trash", copy=False)
    manifest = store.manifest(0.2, seed=3)
    assert len(manifest.set_aside) == 6
    assert len(manifest.photos) == 294
    assert all(Path(photo.path).is_file() for photo in manifest.photos)
    assert places(store.manifest(0.2, seed=3)) == places(manifest)
    store.resolve_conflict(store.conflicts()[0][0].sha256, "glass")
    assert len(store.manifest().photos) == 295


# Splits that folders named, and photos with the same pixels


def given_split(class_name: str, number: int, split: SplitName | None, pixels: str | None = None) -> Photo:
    return replace(make(class_name, number), split=split, pixels=pixels)


def test_given_splits_are_kept_and_a_class_without_validation_gets_its_share() -> None:
    photos = [given_split("ant", n, "train") for n in range(10)] + [
        given_split("ant", 20 + n, "test") for n in range(5)
    ]
    photos += [given_split("bee", n, None) for n in range(6)] + [given_split("bee", 20, "validation")]
    counts = split_photos(["ant", "bee"], photos, 0.2, 0).counts()
    assert counts["test"] == {"ant": 5, "bee": 0}
    assert counts["validation"] == {"ant": 2, "bee": 1}
    assert counts["train"] == {"ant": 8, "bee": 6}


def test_a_fraction_of_zero_keeps_given_splits() -> None:
    photos = [given_split("ant", n, split) for n, split in enumerate((None, "train", "validation", "test"))]
    assert [entry.split for entry in split_photos(["ant"], photos, 0, 0).photos] == [
        "train",
        "train",
        "validation",
        "test",
    ]


def test_a_set_with_splits_gives_only_those_asked_for() -> None:
    ours = split({"ant": 5, "bee": 5})
    theirs = split_photos(
        ["ant", "bee"],
        [given_split(name, 30 + n, ("train", "test")[n]) for name in ("ant", "bee") for n in range(2)],
        0,
        0,
    )
    joined = ours.with_split(theirs, "test")
    assert [entry.name for entry in joined.of("test")] == ["ant/31.jpg", "bee/31.jpg"]
    assert joined.with_split(ours, "validation").counts()["validation"] == ours.counts()["validation"]


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        (("test", "test"), "All photos of the class .* are test photos"),
        (("validation", "test"), "no photos to learn from"),
    ],
)
def test_a_class_without_photos_to_learn_from_is_refused(splits: tuple[SplitName, ...], words: str) -> None:
    photos = photos_of({"ant": 4}) + [given_split("bee", n, split) for n, split in enumerate(splits)]
    with pytest.raises(DataError, match=words):
        split_photos(["ant", "bee"], photos, 0.2, 0)


@given(st.lists(st.integers(0, 12), min_size=8, max_size=40), SEEDS)
def test_photos_with_the_same_pixels_are_on_one_side(pixels: list[int], seed: int) -> None:
    photos = [given_split("ant", n, None, f"whole {value}") for n, value in enumerate(pixels)]
    photos += photos_of({"bee": 4})
    manifest = split_photos(["ant", "bee"], photos, 0.3, seed)
    assert manifest.leaks == []


def test_photos_with_the_same_pixels_under_two_labels_are_set_aside() -> None:
    photos = photos_of({"ant": 4, "bee": 4})
    photos += [given_split("ant", 10, None, "whole x"), given_split("bee", 11, None, "whole x")]
    assert split_photos(["ant", "bee"], photos, 0.2, 0).set_aside == ("ant/10.jpg", "bee/11.jpg")
