"""The depth probe without TensorFlow: settings, folds, the test between depths, and every kind of conclusion."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.experiment import ExperimentConfig
from transfer_core.labs.folds import deal
from transfer_core.labs.probe.settings import Depth, check_photos, compare, probed, thin_out
from transfer_core.labs.probe.verdict import conclude, photos_needed
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.stats.intervals import wilson
from transfer_core.stats.paired import mcnemar


def photos_of(*counts: int, split: Any = "train") -> Manifest:
    """So many photos of each of the classes a, b, ..."""
    classes = tuple("abcdefgh"[: len(counts)])
    return Manifest(
        classes,
        tuple(
            ManifestPhoto(f"{name}{at:063}", f"/{name}/{at}", f"{name}/{at}", label, split)
            for label, (name, count) in enumerate(zip(classes, counts, strict=True))
            for at in range(count)
        ),
    )


def depths(*correct: int, photos: int = 200, p_values: tuple[float, ...] | None = None) -> list[Depth]:
    """Blocks b0, b1, ... with so many right answers; as if every mistake of a depth were a mistake of worse ones."""
    highest = max(correct)
    return [
        Depth(
            f"b{at}",
            "stage",
            hits / photos,
            wilson(hits, photos),
            hits,
            photos,
            p_values[at] if p_values else mcnemar(0, highest - hits),
            {},
            (),
            8,
            10 * (at + 1),
            10 * (len(correct) - at - 1),
            (at + 1) / len(correct),
        )
        for at, hits in enumerate(correct)
    ]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"folds": 2}, "from 3 to 20; 2 came"),
        ({"folds": 2.5}, "from 3 to 20; 2.5 came"),
        ({"folds": True}, "True came"),
        ({"photos": 0}, "above 0; 0 came"),
        ({"penalties": []}, "at least one"),
        ({"penalties": [0]}, "from 1e-8"),
        ({"penalties": ["much"]}, "from 1e-8"),
        ({"penalties": 1.0}, "from 1e-8"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ExperimentConfig.from_dict({"kind": "probe", "settings": settings})


def test_a_depth_survives_json() -> None:
    depth = depths(5, 9)[1]
    assert Depth.from_dict(depth.to_dict()) == depth


@given(st.lists(st.integers(3, 30), min_size=2, max_size=5), st.integers(3, 7), st.integers(0, 5))
def test_folds_are_stratified_even_and_of_the_photos_alone(counts: list[int], folds: int, seed: int) -> None:
    manifest = photos_of(*counts)
    dealt = deal(manifest.photos, folds, seed)
    assert set(dealt) <= set(range(folds))
    sizes = Counter(dealt)
    assert max(sizes.values()) - min(sizes[fold] for fold in range(folds)) <= 1
    for label, count in enumerate(counts):
        mine = Counter(fold for fold, photo in zip(dealt, manifest.photos, strict=True) if photo.label == label)
        assert max(mine.values()) - min(mine[fold] for fold in range(folds)) <= 1 and mine.total() == count
    backwards = deal(manifest.photos[::-1], folds, seed)
    assert backwards == dealt[::-1]


def test_another_seed_deals_otherwise() -> None:
    photos = photos_of(30, 30).photos
    assert deal(photos, 5, 0) != deal(photos, 5, 1)


def test_photos_for_the_final_test_and_repeats_are_left_out() -> None:
    manifest = photos_of(4, 4)
    first = manifest.photos[0]
    extra = (replace(first, name="again"), replace(first, sha256="z" * 64, split="test"))
    assert probed(replace(manifest, photos=manifest.photos + extra)) == manifest.photos


def test_too_few_photos_say_how_many_are_needed() -> None:
    check_photos(photos_of(5, 9), 5)
    with pytest.raises(DataError, match='at least 5 photos of each class, but "b" has 2: add at least 3 more'):
        check_photos(photos_of(9, 2), 5)
    with pytest.raises(DataError, match=r'"a" has 3, and 2 more classes have too few: .* 2 more, or choose 3 folds'):
        check_photos(photos_of(3, 4, 4, 9), 5)
    with pytest.raises(DataError, match="there are 1"):
        check_photos(photos_of(9), 5)
    with pytest.raises(DataError, match='"a" has 0'):
        check_photos(photos_of(9, 9, split="test"), 5)


def test_of_many_photos_each_class_gives_its_share() -> None:
    manifest = photos_of(100, 50, 3)
    assert thin_out(manifest, 153, 3, 0) is manifest
    thin = thin_out(manifest, 60, 3, 0)
    counts = Counter(photo.label for photo in thin.photos)
    assert counts == {0: 39, 1: 20, 2: 3}  # the fewest are kept: one for each fold
    assert thin.photos != thin_out(manifest, 60, 3, 1).photos
    assert [photo for photo in manifest.photos if photo in thin.photos] == list(thin.photos)


def test_depths_are_compared_photo_by_photo() -> None:
    best = [True] * 18 + [False] * 2
    worse = [False] * 8 + [True] * 11 + [False]
    p_values = compare({"one": worse, "two": best, "three": best})
    assert p_values == {"one": mcnemar(1, 8), "two": 1.0, "three": 1.0}


def test_the_last_block_that_matters_is_the_first_not_really_worse() -> None:
    verdict = conclude(depths(60, 120, 178, 181, 182), 0.5)
    assert (verdict.best, verdict.highest, verdict.train_from) == ("b2", "b4", "b3")
    assert (verdict.not_worth, verdict.worth) == (("b0", "b1", "b2"), ("b3", "b4"))
    assert str(verdict.how_sure) == (
        "b2 is the last block that matters: after it 89% (84 to 93%) of the photos are recognized, and later at most "
        "91%, no real difference, so keep everything up to it frozen and fine-tune from b3 or later, if at all."
    )
    assert "30% right after b0, and 89% after b2" in str(
        verdict.points[0]
    ) and "3 blocks up to it are not worth" in str(verdict.points[0])
    assert "The 2 blocks after it (b3 to b4)" in str(verdict.points[1]) and "head alone is a good first try" in str(
        verdict.points[1]
    )
    assert "60% of the base's work" in str(verdict.points[2])
    assert verdict.warnings == ()


def test_a_climb_that_chance_may_explain_is_not_called_nothing() -> None:
    # As seen: 53 % after the fourth block, a curve that climbs to 66 % later, and 88 photos.
    verdict = conclude(depths(20, 47, 53, 58, 57, photos=88, p_values=(0.001, 0.1, 0.3, 1.0, 0.9)), 0.2)
    assert (verdict.best, verdict.highest, verdict.train_from) == ("b1", "b3", "b2")
    assert str(verdict.conclusion).startswith("Perhaps the network knows all it needs for your photos up to b1")
    assert "later at most 66%. With 88 photos that may be chance" in str(verdict.how_sure)
    assert "if not, the blocks up to b3 count too" in str(verdict.how_sure)
    assert "at most 12 points more, which may be chance" in str(verdict.points[1])
    said = " ".join(map(str, (verdict.conclusion, verdict.how_sure, *verdict.points)))
    assert "nothing that shows" not in said and "no real difference" not in said


def test_an_end_that_lost_it_is_told() -> None:
    verdict = conclude(depths(60, 180, 150, 120), 0.5)
    assert (verdict.best, verdict.train_from) == ("b1", "b2")
    assert "at the end of the base only 60%, a real loss" in str(verdict.how_sure) and "if at all" not in str(
        verdict.how_sure
    )
    assert "fine-tuning from b2 or later can win it back" in str(verdict.points[1])


def test_a_best_depth_at_the_end_rules_no_cut_out() -> None:
    verdict = conclude(depths(60, 120, 180), 0.5)
    assert (verdict.best, verdict.train_from, verdict.not_worth) == ("b2", None, ())
    assert str(verdict.how_sure).startswith("Every block helps to the very end") and "head alone first" in str(
        verdict.how_sure
    )
    assert "rules no cut out" in str(verdict.points[1]) and "not worth" not in " ".join(map(str, verdict.points))


def test_a_first_block_that_is_enough_is_told() -> None:
    verdict = conclude(depths(195, 196, 195), 0.5)
    assert (verdict.best, verdict.not_worth) == ("b0", ("b0",))
    assert "color or brightness" in str(verdict.points[0])


def test_guessing_is_called_guessing() -> None:
    # 58 % of 200 is above one half by itself, but not as the luckiest of twelve.
    verdict = conclude(depths(*[100] * 11, 116), 0.5)
    assert (verdict.best, verdict.train_from, verdict.worth) == (None, None, ())
    assert "by guessing: 58% (51 to 65%) at best, after b11" in str(verdict.how_sure) and "gives 50%" in str(
        verdict.how_sure
    )


def test_few_photos_are_a_hint_or_nothing() -> None:
    hint = conclude(depths(4, 17, 18, photos=24), 0.25)
    assert hint.best == "b1" and str(hint.how_sure).startswith(
        "Only a hint, as 24 photos are few: b1 is the last block"
    )
    end = conclude(depths(3, 6, 18, photos=24), 0.25)
    assert end.best == "b2" and str(end.how_sure).startswith("Only a hint, as 24 photos are few: every block helps")
    assert "With 24 photos each figure can be off by 16 points" in str(hint.warnings[0])
    assert f"About {photos_needed(0.75)} photos in all" in str(hint.warnings[0])
    blind = conclude(depths(16, 17, 18, photos=24), 0.25)
    assert blind.best is None and str(blind.how_sure).startswith("24 photos are too few to tell the depths apart")
    assert "after b2 75%" in str(blind.how_sure) and "nowhere more" not in str(blind.how_sure)
    alike = conclude(depths(18, 18, photos=24), 0.25)
    assert alike.best is None and str(alike.how_sure).endswith("recognized already, and nowhere more.")


@given(st.floats(0.0, 1.0), st.sampled_from([0.05, 0.1, 0.2]))
def test_as_many_photos_as_needed_are_enough(share: float, half: float) -> None:
    needed = photos_needed(share, half)
    low, high = wilson(round(share * needed), needed)
    assert (high - low) / 2 <= half
    assert needed <= photos_needed(0.5, half) * 1.1


@given(st.lists(st.integers(0, 200), min_size=2, max_size=12), st.floats(0.05, 0.9))
def test_whatever_the_figures_the_parts_agree(correct: list[int], chance: float) -> None:
    found = depths(*correct)
    verdict = conclude(found, chance)
    names = [depth.block for depth in found]
    assert str(verdict.how_sure).endswith(".") and verdict.highest in names
    if verdict.best is None:
        assert verdict.train_from is None and not verdict.worth and not verdict.not_worth
    elif verdict.train_from is None:
        assert verdict.best == names[-1]
    else:
        assert [*verdict.not_worth, *verdict.worth] == names
        assert (verdict.not_worth[-1], verdict.worth[0]) == (verdict.best, verdict.train_from)
