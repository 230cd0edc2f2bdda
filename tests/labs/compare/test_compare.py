"""What changed: which photos count, fixed and broken, the verdict in words, and the lab on two toy runs."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import workspace
from tests.toys import trained
from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.backbones import catalog
from transfer_core.backbones.catalog import Base
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk.files import write_json
from transfer_core.errors import ConfigError, DataError, RunError
from transfer_core.labs.compare.differences import differences
from transfer_core.labs.compare.settings import LEAST_PHOTOS, Settings, material, shared_photos
from transfer_core.labs.compare.terminal import table
from transfer_core.labs.compare.verdict import drift_note, drift_words, how_sure, judge
from transfer_core.labs.experiment import ExperimentConfig
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import AugmentConfig, BaseConfig, FitConfig, PhaseConfig
from transfer_core.runs.events import Message
from transfer_core.runs.folder import Run
from transfer_core.stats.paired import SIGNIFICANT, mcnemar
from transfer_core.text import stored


def photo(number: int, split: str = "validation", label: int = 0) -> ManifestPhoto:
    return ManifestPhoto(f"{number:064}", f"/photos/{number}.jpg", f"cat/{number}.jpg", label, split)  # type: ignore[arg-type]


def manifest(*photos: ManifestPhoto, classes: tuple[str, ...] = ("cat", "dog")) -> Manifest:
    return Manifest(classes, photos)


def test_photos_count_that_neither_learned_from() -> None:
    ours = manifest(photo(1), photo(2), photo(3, "train"), photo(4, "test"), photo(5), photo(5, "train"), photo(7))
    theirs = manifest(photo(1, "test"), photo(2, "train"), photo(3), photo(4), photo(5), photo(6))
    found, relabeled = shared_photos(ours, theirs)
    assert [item.sha256 for item in found] == [photo(1).sha256, photo(4).sha256]
    assert relabeled == 0


def test_one_photo_twice_counts_once_and_relabeled_ones_not_at_all() -> None:
    ours = manifest(photo(1), photo(1, "test"), photo(2, label=1))
    theirs = manifest(photo(1), photo(2, label=0))
    found, relabeled = shared_photos(ours, theirs)
    assert [item.sha256 for item in found] == [photo(1).sha256]
    assert relabeled == 1


def test_fixed_and_broken_are_told_with_what_each_said() -> None:
    photos = [photo(number, label=number % 2) for number in range(4)]
    right, wrong = np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)[::-1]
    first = np.stack([right[0], wrong[1], wrong[0], right[1]])
    second = np.stack([right[0], right[1], wrong[0], wrong[1]])
    found = judge(first, second, photos, ("cat", "dog"))
    assert found["fixed"] == ["cat/1.jpg"] and found["broken"] == ["cat/3.jpg"]
    assert (found["both_right"], found["both_wrong"], found["photos"]) == (1, 1, 4)
    assert found["accuracies"] == [0.5, 0.5] and found["p_value"] == 1.0
    assert found["changed"][0]["answers"] == ["cat", "dog"] and found["changed"][0]["fixed"] is True
    json.dumps(stored(found))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 300))
def test_the_sentence_follows_the_exact_test(fixed: int, broken: int, alike: int) -> None:
    words = str(how_sure(fixed, broken, fixed + broken + alike))
    assert words.startswith(f"{fixed} fixed, {broken} broken: ")
    if mcnemar(fixed, broken) < SIGNIFICANT:
        assert ("the second is better" in words) == (fixed > broken)
        assert ("the second is worse" in words) == (fixed < broken)
    else:
        assert "no real difference" in words or (fixed + broken == 0 and "no difference" in words)


def test_the_sentence_of_the_issue() -> None:
    assert str(how_sure(9, 7, 58)).startswith("9 fixed, 7 broken: no real difference.")
    assert str(how_sure(9, 7, 58)).endswith("would make so large a difference in 80 of 100 cases.")
    assert "the second is better" in str(how_sure(LEAST_PHOTOS, 0, LEAST_PHOTOS))
    assert "no real difference" in str(how_sure(LEAST_PHOTOS - 1, 0, 50))


def test_drift_words_name_the_layer_that_moved_most() -> None:
    assert "the same" in str(drift_words({"a": 0.0, "b": 0.0}))
    assert str(drift_words({"a": 0.0, "b": 0.02, "c": 0.01})).startswith(
        "2 of 3 layers with weights differ, most of all b"
    )
    assert not drift_words({})


@pytest.mark.parametrize(("first", "second"), [("", "b"), ("a", ""), ("a", "./a")])
def test_settings_name_two_runs(first: str, second: str) -> None:
    with pytest.raises(ConfigError):
        Settings(first, second)


def test_what_can_not_be_compared_is_refused(toy_run: Callable[..., Run], tmp_path: Path) -> None:
    def settings(first: Run, second: Run) -> Settings:
        return Settings(str(first.path), str(second.path))

    enough = [photo(number) for number in range(LEAST_PHOTOS)]
    whole = trained(toy_run(manifest=manifest(*enough)))
    assert len(material(settings(whole, trained(toy_run(manifest=manifest(*enough))))).photos) == LEAST_PHOTOS
    with pytest.raises(RunError, match="holds no trained model"):
        material(settings(whole, toy_run(manifest=manifest(*enough))))
    with pytest.raises(RunError, match="not the folder of a run"):
        material(Settings(str(whole.path), str(tmp_path / "nowhere")))
    with pytest.raises(DataError, match=f"Only 5 photos are new to both runs, and at least {LEAST_PHOTOS}"):
        material(settings(whole, trained(toy_run(manifest=manifest(*enough[:5], photo(9))))))
    with pytest.raises(DataError, match="No photo is new"):
        material(settings(whole, trained(toy_run(manifest=manifest(photo(1, "train"))))))
    others = manifest(*enough, classes=("bird", "cat"))
    with pytest.raises(DataError, match="only the first knows dog and only the second knows bird"):
        material(settings(whole, trained(toy_run(manifest=others))))


def test_what_was_set_differently_is_told_in_the_words_of_the_train_page(toy_run: Callable[..., Run]) -> None:
    photos = manifest(photo(1, "train"), photo(2, "train"), photo(3))
    usual = {"manifest": photos, "head": PhaseConfig(50, 2e-3)}
    first = toy_run(**usual)

    def told(**settings: Any) -> list[str]:
        return [str(words) for words in differences(workspace(), first, toy_run(**(usual | settings)))]

    assert told() == []
    assert told(head=PhaseConfig(5, 0.01), seed=7) == [
        "Epochs of the head, at most: 50 → 5",
        "Learning rate of the head: 0.002 → 0.01",
        "Shuffle number: 0 → 7",
    ]
    assert told(plan=FreezePlan(("block2_conv",)), fine_tune=PhaseConfig(8, None)) == [
        "What trains: the head only → 1 layer"
    ], "settings of fine-tuning do not count where there was none"
    assert told(
        fit=FitConfig(batch_size=5, augment="cached", class_weights=False), augmentation=AugmentConfig(variants=9)
    ) == [
        "Let small classes count as much as large ones: yes → no",
        "Augmentation: Off → A few variants of each photo",
    ]
    assert told(base=BaseConfig("toy", "imagenet")) == ["Weights the base starts with: random → from ImageNet"]
    more = manifest(photo(1, "train", 1), photo(2, "train"), photo(4, "train"), photo(3), photo(5))
    assert told(manifest=more) == [
        "Photos to learn from: 2 → 3",
        "Photos to learn from: 1 is in another class",
        "Photos for validation: 1 → 2",
    ]
    others = manifest(photo(1, "train"), photo(3, "train"), photo(2))
    assert told(manifest=others) == ["Photos to learn from: 1 of 2 is another one"]


def test_other_layers_that_read_the_same_are_told_apart(toy_run: Callable[..., Run]) -> None:
    runs = [toy_run(plan=FreezePlan((name,)), manifest=manifest(photo(1))) for name in ("block1_conv", "block2_conv")]
    assert "What trains: 1 layer in both, but other ones" in map(str, differences(workspace(), *runs))


def test_the_terminal_tells_the_settings_even_of_what_was_stopped() -> None:
    assert table({}) == "Stopped before both had answered."
    assert table({"settings": []}).startswith("The settings are the same.\n")
    assert table({"settings": ["Dropout: 0.2 → 0.5"]}).startswith("What was set differently:\n  Dropout: 0.2 → 0.5\n")


@pytest.fixture
def two_runs(toy_run: Callable[..., Run], toy_manifest: Callable[..., Manifest]) -> tuple[Run, Run]:
    """One that learned from photos with swapped labels, and one that learned and fine-tuned its last block."""
    photos = toy_manifest(train=10, validation=8)
    swapped = tuple(replace(item, label=1 - item.label) if item.split == "train" else item for item in photos.photos)
    bad = toy_run(manifest=replace(photos, photos=swapped), head=PhaseConfig(20, 3e-2))
    plan = FreezePlan(("block2_bn", "block2_conv"))
    good = toy_run(manifest=photos, head=PhaseConfig(20, 3e-2), fine_tune=PhaseConfig(2, 1e-2), plan=plan)
    for run in (bad, good):
        api.execute(run)
    return bad, good


def test_the_lab_compares_two_runs(two_runs: tuple[Run, Run], tmp_path: Path) -> None:
    bad, good = two_runs
    heard: list[Any] = []
    config = ExperimentConfig("compare", Settings(str(bad.path), str(good.path)))
    found = api.experiment(config, tmp_path / "found", heard.append)
    reports = [run.report() for run in two_runs]
    assert found["accuracies"] == [report["val_accuracy"] for report in reports if report]
    assert len(found["fixed"]) > LEAST_PHOTOS and "the second is better" in found["how_sure"]
    assert len(found["fixed"]) - len(found["broken"]) == round((found["accuracies"][1] - found["accuracies"][0]) * 16)
    assert found["p_value"] == mcnemar(len(found["fixed"]), len(found["broken"]))
    moved = {layer for layer, value in found["drift"].items() if value > 0}
    assert moved == {"block2_conv", "block2_bn"}
    from_base = found["drift_from_base"]
    assert set(from_base[0].values()) == {0.0} and from_base[1] == found["drift"]
    assert [len(curve) for curve in found["curves"]] == [len(run.epochs()) for run in two_runs]
    assert found["settings"] == [
        "What trains: the head only → the last block",
        "Photos to learn from: 20 are in another class",
    ]
    assert found["complete"] and found["how_sure"].startswith(f"{len(found['fixed'])} fixed")
    shares = [event.done for event in heard if hasattr(event, "done") and hasattr(event, "step")]
    assert shares == sorted(shares)


def test_other_starts_and_lost_photos_are_told(two_runs: tuple[Run, Run], tmp_path: Path) -> None:
    bad, good = two_runs
    shutil.rmtree(workspace().cache_dir)
    Path(good.manifest().of("validation")[0].path).unlink()
    write_json(good.path / "config.json", replace(good.config(), base=BaseConfig("toy", "/gone.h5")).to_dict())
    heard: list[Any] = []
    config = ExperimentConfig("compare", Settings(str(bad.path), str(good.path)))
    found = api.experiment(config, tmp_path / "found", heard.append)
    assert found["photos"] == 15
    assert "started from different weights" in found["drift_note"]
    assert found["drift_from_base"][0] and found["drift_from_base"][1] is None
    messages = [str(event.text) for event in heard if isinstance(event, Message)]
    assert ["left out" in text for text in messages] == [True, False] and "/gone.h5" in messages[1]


def test_other_bases_are_not_compared_layer_by_layer(
    toy_run: Callable[..., Run],
    toy_base: Base,
    toy_manifest: Callable[..., Manifest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    larger = replace(toy_base, name="toy-2", title="Larger Toy", input_size=24, builder="toy_builder_of_the_tests:wide")
    monkeypatch.setitem(catalog._BY_NAME, "toy-2", larger)
    monkeypatch.setattr(sys.modules["toy_builder_of_the_tests"], "wide", build_wide_toy, raising=False)
    photos, settings = toy_manifest(), {"head": PhaseConfig(2, 1e-2)}
    pair = [toy_run(manifest=photos, base=BaseConfig(name, "none"), **settings) for name in ("toy", "toy-2")]
    for run in pair:
        api.execute(run)
    found = api.experiment(ExperimentConfig("compare", Settings(*(str(run.path) for run in pair))), tmp_path / "found")
    assert "different bases (Toy and Larger Toy)" in found["drift_note"]
    assert found["drift"] == {} and found["drift_words"] == ""
    assert [set(moved.values()) for moved in found["drift_from_base"]] == [{0.0}, {0.0}]
    assert found["photos"] == 12 and found["conclusion"]
    assert not drift_note(pair[0], pair[0])


def build_wide_toy(size: int) -> Any:
    """Another base, with other layers."""
    inputs = keras.Input((size, size, 3), name="image")
    return keras.Model(inputs, keras.layers.Conv2D(12, 3, strides=4, name="only_conv")(inputs))


def test_the_command(two_runs: tuple[Run, Run], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    main(["compare", *(str(run.path) for run in two_runs), "--out", str(tmp_path / "found"), "--json"])
    value = json.loads(capfd.readouterr().out)
    assert {"fixed", "broken", "p_value", "drift", "conclusion", "settings"} <= set(value)
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(two_runs[0].path), str(two_runs[0].path), "--out", str(tmp_path / "same")])
    assert ended.value.code == 2
    assert "one and the same" in capfd.readouterr().err
    assert not (tmp_path / "same").exists()
