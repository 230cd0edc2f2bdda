"""What a base already knows: ImageNet's answers regrouped, which classes it holds, and the lab on real photos."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.backbones.catalog import Base
from transfer_core.backbones.imagenet_classes import imagenet_names
from transfer_core.errors import ConfigError
from transfer_core.labs.experiment import ExperimentConfig, create_experiment
from transfer_core.labs.knowledge.settings import LEAST_PHOTOS, TOLD, Settings, base_note, choose
from transfer_core.labs.knowledge.verdict import SURE, certainty, conclude, how_sure, judge, regroup
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import BaseConfig, DataConfig
from transfer_core.runs.events import Message, Progress
from transfer_core.text import stored


def photo(number: int, label: int) -> ManifestPhoto:
    return ManifestPhoto(f"{number:064}", f"/photos/{number}.jpg", f"{label}/{number}.jpg", label, "train")


def answers(*names: int, sure: float = 0.9) -> np.ndarray[Any, Any]:
    """Rows that put `sure` on the name given and spread the rest over all."""
    rows = np.full((len(names), 1000), (1 - sure) / 1000, np.float32)
    rows[np.arange(len(names)), list(names)] += sure
    return rows


def test_answers_are_regrouped_by_what_the_other_photos_got() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert list(regroup(answers(5, 5, 9, 9, 9, 9), labels, 2)) == [0, 0, 1, 1, 1, 1]


def test_a_photo_does_not_vouch_for_its_own_answer() -> None:
    rows = answers(1, 2, 3, 3)
    rows[2:, [1, 2]] += 0.05
    # Of name 1, the first photo got most; without itself, its class got less of it than the other class.
    assert list(regroup(rows, np.array([0, 0, 1, 1]), 2)) == [1, 1, 1, 1]


def test_names_that_share_probability_stand_for_each_other() -> None:
    rows = answers(1, 2, 7, 8, sure=0.6)
    rows[[0, 1], [2, 1]] += 0.3  # each beagle looks a little like the other's breed
    rows[[2, 3], [8, 7]] += 0.3
    assert list(regroup(rows / rows.sum(1, keepdims=True), np.array([0, 0, 1, 1]), 2)) == [0, 0, 1, 1]


def test_a_photo_alone_in_its_class_means_nothing() -> None:
    assert list(regroup(answers(1, 2, 2), np.array([0, 1, 1]), 2)) == [-1, 1, 1]


@given(st.integers(0, 2**31 - 1))
def test_the_order_of_the_photos_changes_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.dirichlet(np.full(20, 0.2), 12).astype(np.float32)
    labels, order = random.integers(0, 3, 12), random.permutation(12)
    assert list(regroup(rows, labels, 3)[order]) == list(regroup(rows[order], labels[order], 3))


def judged(names: list[int], labels: list[int], sure: float = 0.9) -> dict[str, Any]:
    photos = [photo(number, label) for number, label in enumerate(labels)]
    return judge(answers(*names, sure=sure), photos, ("cat", "thing"))


def test_a_class_is_known_when_its_answers_fit_and_are_sure() -> None:
    many = 2 * LEAST_PHOTOS
    found = judged([281] * many + [5] * many, [0] * many + [1] * many)
    cat = found["classes"]["cat"]
    assert cat["known"] and cat["told"] and cat["share"] == 1 and cat["interval"][1] == 1
    assert cat["imagenet"] == [["tabby", 1.0]] and "tabby cat" in cat["by_name"]
    assert cat["examples"][0]["answers"][0][0] == "tabby" and len(cat["examples"]) <= 6
    assert "both classes from ImageNet (cat and thing)" in str(found["how_sure"])
    json.dumps(stored(found))


def test_hesitant_answers_tell_a_class_without_holding_it() -> None:
    many = 2 * LEAST_PHOTOS
    found = judged([10] * many + [5] * many, [0] * many + [1] * many, sure=SURE - 0.1)
    assert found["classes"]["cat"]["told"] and not found["classes"]["cat"]["known"]
    assert str(found["how_sure"]).startswith("ImageNet has names that say cat, but few of these photos get one:")
    assert "tell all of them apart" in str(found["how_sure"])
    # What its bars show is said, so that nobody wonders why it is not called held.
    assert f"To most photos of cat it says {imagenet_names()[10]}." in str(found["how_sure"])


def test_what_so_few_photos_can_not_say_is_left_open() -> None:
    """14 of 16 dogs told right by their breeds: more than the bound, but its interval begins below."""
    dogs, others = [240] * 14 + [5, 5], [5] * 16
    found = judged(dogs + others, [0] * 16 + [1] * 16)
    dog = found["classes"]["cat"]
    assert dog["share"] == 14 / 16 and dog["interval"][0] < TOLD
    assert dog["unsure"] and not dog["known"] and not dog["told"]
    found["classes"]["thing"] |= {"known": False, "told": True}
    assert "too few photos to be sure" in str(conclude(found["classes"]))
    found["classes"]["thing"] |= {"known": True}
    assert "already knows 1 of your 2 classes from ImageNet, and perhaps more" in str(conclude(found["classes"]))


def test_answers_at_random_hold_nothing() -> None:
    random = np.random.default_rng(0)
    labels = [0] * 30 + [1] * 30
    found = judged(list(random.integers(0, 3, 60)), labels)
    assert not any(item["told"] for item in found["classes"].values())
    assert "learned from your photos" in str(found["how_sure"])


def test_too_few_photos_are_told_with_the_number_needed() -> None:
    found = judged([281] * LEAST_PHOTOS + [5] * 3, [0] * LEAST_PHOTOS + [1] * 3)
    assert f"For thing there are too few photos to tell: {LEAST_PHOTOS}" in str(found["how_sure"])
    assert found["classes"]["cat"]["told"]
    few = judged([281] * 3 + [5] * 2, [0] * 3 + [1] * 2)
    assert str(few["how_sure"]).startswith(f"Too few photos to tell: at least {LEAST_PHOTOS}") and "3" in str(
        few["how_sure"]
    )
    none = judge(answers(), [], ("cat", "thing"))
    assert none["classes"]["cat"]["interval"] == [0.0, 1.0]


def test_many_classes_are_not_all_named() -> None:
    classes = {f"class {number}": {"photos": 50, "known": number < 9, "told": True} for number in range(12)}
    words = str(how_sure(classes))
    assert "9 of 12 classes from ImageNet (class 0, class 1, class 2, class 3 and 5 more)" in words
    assert "class 9, class 10 and class 11" in words


def test_certainty_is_that_of_five_names() -> None:
    assert certainty(np.full((1, 1000), 1e-3, np.float32))[0] == pytest.approx(5e-3)


def test_photos_are_drawn_by_class_and_seed() -> None:
    photos = tuple(photo(number, number % 2) for number in range(60))
    manifest = Manifest(("a", "b"), (*photos, photos[0]))
    drawn = choose(manifest, LEAST_PHOTOS, seed=1)
    assert Counter(item.label for item in drawn) == {0: LEAST_PHOTOS, 1: LEAST_PHOTOS}
    assert drawn == choose(Manifest(("a", "b"), photos[::-1]), LEAST_PHOTOS, seed=1)
    assert set(drawn) != set(choose(manifest, LEAST_PHOTOS, seed=2))
    assert len(choose(manifest, 1000, seed=0)) == 60


@pytest.mark.parametrize("photos", [LEAST_PHOTOS - 1, 10_001, 20.5, True, "many"])
def test_settings_are_checked(photos: Any) -> None:
    with pytest.raises(ConfigError, match="photos of each class"):
        Settings(photos)


def test_a_base_without_its_answer_layer_is_told() -> None:
    assert not base_note(BaseConfig())
    assert "VGG16 come without" in str(base_note(BaseConfig("vgg16")))
    assert "random weights knows nothing" in str(base_note(BaseConfig(weights="none")))
    assert "/a/file.h5" in str(base_note(BaseConfig(weights="/a/file.h5")))


def test_the_lab_on_toy_photos(toy_base: Base, toy_manifest: Callable[..., Manifest], tmp_path: Path) -> None:
    config = ExperimentConfig("knowledge", Settings(LEAST_PHOTOS), base=BaseConfig("toy", "none"))
    run = create_experiment(tmp_path / "found", config, toy_manifest())
    heard: list[Any] = []
    found = api.execute_experiment(run, heard.append)
    assert found["photos"] == 2 * LEAST_PHOTOS and set(found["classes"]) == {"blue", "red"}
    assert all(name in imagenet_names() for item in found["classes"].values() for name, _ in item["imagenet"])
    assert any("random weights" in str(event.text) for event in heard if isinstance(event, Message))
    shares = [event.done for event in heard if isinstance(event, Progress)]
    assert shares == sorted(shares)


def test_the_command_finds_cats_and_dogs_in_imagenet(
    photos: Path, thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    main(
        ["knowledge", str(photos / "cats_dogs" / "train"), "--out", str(tmp_path / "found"), "--photos", "40", "--json"]
    )
    value = json.loads(capfd.readouterr().out)
    assert {name: item["known"] for name, item in value["classes"].items()} == {"cat": True, "dog": True}
    assert {"share", "interval", "imagenet"} <= set(value["classes"]["cat"])
    assert "cat" in value["classes"]["cat"]["imagenet"][0][0] or value["classes"]["cat"]["imagenet"][0][0] == "tabby"
    assert value["how_sure"].startswith("The base already knows both classes from ImageNet (cat and dog)")


def test_a_base_whose_weights_are_not_here_is_answered_for_and_fetches_nothing(
    thaw_home: Path, toy_manifest: Callable[..., Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAW_WEIGHTS_URL", "http://127.0.0.1:1")  # nobody answers there
    toy_manifest()
    config = ExperimentConfig("knowledge", Settings(), DataConfig(str(tmp_path / "toy-photos")), BaseConfig("vgg16"))
    assert api.prepare_experiment(config, tmp_path / "asked").status().state == "QUEUED"
