"""Evaluate: which photos are answered by whom, figures that agree with each other, and the lab on toy runs."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.toys import trained
from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.errors import ConfigError, DataError, RunError
from transfer_core.labs.evaluate import run_folds, terminal
from transfer_core.labs.evaluate.settings import LEAST_PHOTOS, Settings, deal, folds_of, material, possible, usual
from transfer_core.labs.evaluate.verdict import FOLDS, conclude, confusions, how_sure, judge
from transfer_core.labs.experiment import ExperimentConfig
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import DataConfig, PhaseConfig, RunConfig
from transfer_core.runs.events import Message, Progress
from transfer_core.runs.figure import run_figure
from transfer_core.runs.folder import Run
from transfer_core.runs.known import read_known
from transfer_core.text import stored


def photo(number: int, split: str = "validation", label: int = 0, pixels: str | None = None) -> ManifestPhoto:
    return ManifestPhoto(f"{number:064}", f"/photos/{number}.jpg", f"cat/{number}.jpg", label, split, pixels)  # type: ignore[arg-type]


def manifest(*photos: ManifestPhoto, classes: tuple[str, ...] = ("cat", "dog")) -> Manifest:
    return Manifest(classes, photos)


TUNED = RunConfig(plan=FreezePlan(("block2_conv",)))


@given(st.lists(st.integers(LEAST_PHOTOS, 40), min_size=2, max_size=5), st.sampled_from([5, 10]), st.integers(0, 99))
def test_every_photo_is_held_out_once_and_something_of_each_class_is_learned(
    counts: list[int], folds: int, seed: int
) -> None:
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    photos = tuple(photo(number, "train", label) for number, label in enumerate(labels))
    dealt = deal(photos, tuple(map(str, range(len(counts)))), folds, seed)
    held = [one.sha256 for fold in dealt for one in fold.of("test")]
    assert sorted(held) == sorted(one.sha256 for one in photos) and len(dealt) <= folds
    for fold in dealt:
        assert {one.label for one in fold.of("train")} == set(range(len(counts)))
        assert fold.of("test") and fold.of("validation")
        assert len(fold.of("test")) <= len(photos) // folds + folds
    again = deal(photos[::-1], tuple(map(str, range(len(counts)))), folds, seed)
    assert [{one.sha256 for one in fold.of("test")} for fold in again] == [
        {one.sha256 for one in fold.of("test")} for fold in dealt
    ], "the order of the photos changes nothing"


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=LEAST_PHOTOS, max_size=12), min_size=2, max_size=3),
    st.sampled_from([5, 10]),
    st.integers(0, 9),
)
def test_what_belongs_together_is_held_out_together(groups: list[list[int]], folds: int, seed: int) -> None:
    photos: list[ManifestPhoto] = []
    for label, sizes in enumerate(groups):
        for number, size in enumerate(sizes):
            photos += [
                replace(photo(len(photos) + at, "train", label), group=f"{label} {number}") for at in range(size)
            ]
    dealt = deal(photos, tuple(map(str, range(len(groups)))), folds, seed)
    assert sorted(one.sha256 for fold in dealt for one in fold.of("test")) == [one.sha256 for one in photos]
    for fold in dealt:
        assert fold.near_leaks == [] and {one.label for one in fold.of("train")} == set(range(len(groups)))


@given(st.integers(2, 6), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_all_figures_come_from_the_same_answers(classes: int, photos: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.dirichlet(np.full(classes, 0.5), photos).astype(np.float32)
    named = tuple(f"class {label}" for label in range(classes))
    found = judge(rows, [photo(number, label=int(random.integers(classes))) for number in range(photos)], named)
    confusion, answers = np.array(found["confusion"]), found["answers"]
    assert confusion.sum() == photos == len(answers) == found["photos"]
    assert np.trace(confusion) == found["right"] == sum(one["truth"] == one["answer"] for one in answers)
    assert found["accuracy"] == found["right"] / photos
    for row, truth in enumerate(named):
        for column, answer in enumerate(named):
            behind = [one for one in answers if (one["truth"], one["answer"]) == (truth, answer)]
            assert len(behind) == confusion[row, column]
    assert sum(count for _, _, count in confusions(found)) == photos - found["right"]
    assert sum(group["photos"] for group in found["reliability"]) == photos
    wrong = [one["probability"] for one in answers if one["truth"] != one["answer"]]
    assert wrong == sorted(wrong, reverse=True) and answers[: len(wrong)] == [
        one for one in answers if one["truth"] != one["answer"]
    ]
    for words in (conclude(found), how_sure(found, "test"), how_sure(found, FOLDS, 10)):
        assert len(str(conclude(found)).split()) <= 25 and str(words)
    json.dumps(stored(found))


def test_what_is_said_of_sureness_follows_the_interval() -> None:
    def said(sure: float, right: int) -> str:
        rows = np.tile(np.array([[sure, 1 - sure]], np.float32), (100, 1))
        return str(how_sure(judge(rows, [photo(n, label=int(n >= right)) for n in range(100)], ("cat", "dog")), "test"))

    assert "too sure of itself: 99% on average, where 60% are right" in said(0.99, 60)
    assert "more often than it dares to say: 99%, at 60% sure" in said(0.6, 99)
    assert "about as sure as it is right" in said(0.8, 80)
    assert "It most often takes dog for cat: 20 of 20 photos." in said(0.8, 80)


def test_what_is_said_of_the_folds_goes_by_what_they_learned_from() -> None:
    found = judge(np.array([[0.9, 0.1]] * 9, np.float32), [photo(n) for n in range(9)], ("cat", "dog"))
    assert "a little better" in str(how_sure(found, FOLDS, 5, (50, 60)))
    more = str(how_sure(found, FOLDS, 5, (60, 48)))  # the test photos are dealt out too
    assert "about 60 photos each; this one from 48" in more and "better" not in more


def test_of_no_photos_nothing_is_said() -> None:
    rows = np.array([[0.9, 0.1, 0.0]] * 4, np.float32)
    found = judge(rows, [photo(n, label=n % 2) for n in range(4)], ("cat", "dog", "plastic"))
    lines = terminal.table({**found, "on": "test"}).splitlines()
    assert "cat      found 100.0% of 2, right 50.0% of the 4 times it said so" in lines
    assert "dog      found 0.0% of 2, never said" in lines and "plastic  no photos, never said" in lines


def test_the_most_honest_photos_are_taken_that_need_no_long_training() -> None:
    many = [photo(number, "train", number % 2) for number in range(20)]
    checked, kept = photo(30), photo(31, "test")
    assert possible(manifest(*many, checked, kept)) == ["test", "folds", "validation"]
    assert possible(manifest(*many[:4], checked)) == ["validation"]
    assert usual(manifest(*many, checked, kept), RunConfig()) == "test"
    assert usual(manifest(*many, checked), RunConfig()) == "folds"
    assert usual(manifest(*many, checked), TUNED) == "validation"
    assert folds_of(TUNED) < folds_of(RunConfig())


def test_which_photos_count(toy_run: Callable[..., Run]) -> None:
    ours = [photo(number, "train", number % 2, f"pixels {number}") for number in range(8)]
    run = trained(toy_run(manifest=manifest(*ours, photo(20), photo(20, "test"), photo(21, "test", 1))))
    assert len(material(Settings(str(run.path), "folds")).photos) == 10
    assert len(material(Settings(str(run.path), "test")).photos) == 2
    # Given photos count by their class's name, unless the run learned from the same picture, in whatever bytes.
    new = [photo(number, "test", number % 2) for number in range(100, 104)]
    learned, chose = photo(200, "test", 0, "pixels 3"), photo(20, "test")
    stranger = photo(300, "test", 2)
    found = material(Settings(str(run.path)), manifest(*new, learned, chose, stranger, classes=("dog", "cat", "bird")))
    assert [one.label for one in found.photos] == [1, 0, 1, 0]
    assert (found.learned, found.unknown) == (2, ("bird",))


def test_what_can_not_be_evaluated_is_refused(toy_run: Callable[..., Run], tmp_path: Path) -> None:
    few = trained(toy_run(manifest=manifest(*(photo(number, "train", number % 2) for number in range(6)), photo(9))))
    with pytest.raises(DataError, match='at least 4 of each class are needed; "dog" has 3'):
        material(Settings(str(few.path), "folds"))
    with pytest.raises(DataError, match="has no test photos"):
        material(Settings(str(few.path), "test"))
    with pytest.raises(DataError, match="None of the classes"):
        material(Settings(str(few.path)), manifest(photo(50), classes=("bird", "fish")))
    with pytest.raises(DataError, match="has learned from these photos, or chosen its best epoch by them"):
        material(Settings(str(few.path)), manifest(photo(0), photo(9)))
    with pytest.raises(ConfigError, match="Photos were given"):
        material(Settings(str(few.path), "validation"), manifest(photo(50)))
    with pytest.raises(RunError, match="not the folder of a run"):
        material(Settings(str(tmp_path)))
    with pytest.raises(RunError, match="holds no trained model"):
        material(Settings(str(toy_run(manifest=manifest(photo(1))).path)))
    for run, on in (("", ""), (str(few.path), "tomorrow")):
        with pytest.raises(ConfigError):
            Settings(run, on)


HEAD = PhaseConfig(20, 3e-2)


def evaluated(run: Run, folder: Path, on: str = "", test: str | None = None) -> tuple[dict[str, Any], list[Any]]:
    heard: list[Any] = []
    config = ExperimentConfig("evaluate", Settings(str(run.path), on), DataConfig(test=test))
    return api.experiment(config, folder, heard.append), heard


def test_validation_and_test_agree_with_the_report(
    toy_run: Callable[..., Run], toy_manifest: Callable[..., Manifest], tmp_path: Path
) -> None:
    run = toy_run(manifest=toy_manifest(train=6, validation=4, test=4), head=HEAD)
    api.execute(run)
    report = run.report() or {}
    quick: dict[str, dict[str, Any]] = {}
    for on, name in (("validation", "validation"), ("test", "test"), ("", "test")):
        found, _ = evaluated(run, tmp_path / f"{on}-found", on)
        assert found["on"] == name
        assert found["confusion"] == report[name]["confusion"] and found["per_class"] == report[name]["per_class"]
        assert found["accuracy"] == report[name]["accuracy"]
        assert found["ece"] == pytest.approx(report[name]["ece"], abs=1e-5)
        quick[name] = found
        silent = [one["none"] for one in found["answers"]]
        assert found["none"]["coverage"] == 1 - sum(silent) / len(silent)
        assert found["none"]["threshold"] == pytest.approx(read_known(run.known_path).threshold())  # type: ignore[union-attr]
    run.known_path.rename(run.known_path.with_suffix(".away"))
    without, _ = evaluated(run, tmp_path / "without", "test")
    assert without["none"] is None and without["confusion"] == quick["test"]["confusion"]
    assert "none of these" not in str(without["how_sure"]) and "none of these" in str(quick["test"]["how_sure"])
    run.known_path.with_suffix(".away").rename(run.known_path)
    # Runs of earlier versions kept no answers, and a file may be damaged: the classifier itself is asked.
    for at, text in enumerate(("", '{"test": {"sha256": ["a"], "probabilities": []}}', '{"test": {"sha256": 1')):
        run.answers_path.unlink(missing_ok=True)
        if text:
            run.answers_path.write_text(text)
        found, _ = evaluated(run, tmp_path / f"again-{at}", "test")
        assert found["answers"] == [
            one | {part: pytest.approx(one[part], abs=1e-5) for part in ("probability", "of_truth")}
            for one in quick["test"]["answers"]
        ]


@pytest.mark.parametrize("tunes", [False, True], ids=["head", "fine-tuned"])
def test_every_photo_is_answered_by_a_classifier_that_had_not_seen_it(
    toy_run: Callable[..., Run],
    toy_manifest: Callable[..., Manifest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tunes: bool,
) -> None:
    # A photo with a wrong label is learned by heart by whoever sees it, and answered as its picture says by others.
    photos = toy_manifest(train=12, validation=3)
    wrong = photos.photos[0]
    flipped = tuple(replace(one, label=1 - one.label) if one is wrong else one for one in photos.photos)
    parts = {"plan": FreezePlan(("block2_bn", "block2_conv")), "fine_tune": PhaseConfig(2, 1e-2)} if tunes else {}
    run = toy_run(manifest=replace(photos, photos=flipped), head=HEAD, **parts)
    api.execute(run)
    before = run.model_path.read_bytes()
    found, heard = evaluated(run, tmp_path / "found", "folds")
    assert found["on"] == FOLDS and found["photos"] == 30 and found["folds"] == (5 if tunes else 10)
    assert found["right"] >= 26, "the drawn classes are easy to tell apart"
    assert found["none"]["threshold"] is None and 0.7 < found["none"]["coverage"] <= 1
    (mislabeled,) = (one for one in found["answers"] if one["sha256"] == wrong.sha256)
    assert mislabeled["answer"] != mislabeled["truth"]
    assert run.model_path.read_bytes() == before
    figure = run_figure(run, run.report())
    assert figure is not None and (figure.on, figure.right, figure.photos) == ("folds", found["right"], 30)
    shares = [event.done for event in heard if isinstance(event, Progress)]
    assert shares == sorted(shares)
    # What serves all folds carries nothing over from one to the next.
    shared = run_folds._Folds
    monkeypatch.setattr(shared, "answer", lambda folds, *args, whole=shared.answer: whole(shared(), *args))
    again, _ = evaluated(run, tmp_path / "again", "folds")
    assert [one["probability"] for one in again["answers"]] == [one["probability"] for one in found["answers"]]


def test_the_command_takes_photos_of_another_folder(
    toy_run: Callable[..., Run],
    toy_manifest: Callable[..., Manifest],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    photos = toy_manifest(train=6, validation=4)
    run = toy_run(manifest=photos, head=HEAD)
    api.execute(run)
    names = photos.classes
    # One folder alone, as a person has it who took new photos of one class; one photo of it was learned from.
    data = tmp_path / "new"
    (data / names[0]).mkdir(parents=True)
    new = [one for one in toy_manifest(train=4, validation=0, seed=1).photos if one.label == 0]
    for number, one in enumerate([*new, photos.photos[0]]):
        (data / names[0] / f"{number}{Path(one.path).suffix}").write_bytes(Path(one.path).read_bytes())
    capfd.readouterr()
    main(["evaluate", str(run.path), str(data), "--out", str(tmp_path / "found"), "--json"])
    value = json.loads(capfd.readouterr().out)
    assert {"on", "photos", "accuracy", "interval", "confusion", "classes", "per_class", "ece", "temperature"} <= set(
        value
    )
    assert value["on"] == str(data) and value["photos"] == 4 and value["classes"] == list(names)
    assert value["conclusion"].startswith("Right on") and value["state"] == "FINISHED"
    main(["evaluate", str(run.path), "--out", str(tmp_path / "usual")])
    printed = capfd.readouterr().out
    assert "Every photo, answered by classifiers that had not seen it" in printed and "How sure is that?" in printed
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(run.path), str(tmp_path / "nowhere"), "--out", str(tmp_path / "no")])
    assert ended.value.code == 2 and "There is no folder, zip or project" in capfd.readouterr().err
    assert not (tmp_path / "no").exists()
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(run.path), "--on", "test", "--out", str(tmp_path / "no")])
    assert ended.value.code == 2 and "has no test photos" in capfd.readouterr().err


def test_it_says_what_does_not_count(
    toy_run: Callable[..., Run], toy_manifest: Callable[..., Manifest], tmp_path: Path
) -> None:
    photos = toy_manifest(train=6, validation=4)
    run = toy_run(manifest=photos, head=HEAD)
    api.execute(run)
    data = tmp_path / "new"
    for one in (*photos.photos, *toy_manifest(train=4, validation=0, seed=1).photos):
        folder = data / photos.classes[one.label]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{one.sha256[:9]}{Path(one.path).suffix}").write_bytes(Path(one.path).read_bytes())
    (data / "stranger").mkdir()
    picture = np.random.default_rng(5).integers(0, 255, (16, 16, 3), np.uint8)
    Image.fromarray(picture).save(data / "stranger" / "1.png")
    found, heard = evaluated(run, tmp_path / "found", test=str(data))
    assert found["photos"] == 8
    told = " ".join(str(event.text) for event in heard if isinstance(event, Message))
    assert "20 of these photos do not count" in told and "Photos of stranger do not count" in told
