"""A data set that comes with splits is used as it came: by `check`, `train` and Python."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.command_line import thaw
from tests.cli.test_cli import as_json
from tests.photos.groups.test_near_copies import cropped, scene
from transfer_core import api
from transfer_core.runs.config import BaseConfig, DataConfig, PhaseConfig, RunConfig
from transfer_core.runs.events import Message
from transfer_core.runs.folder import Run

COLORS = {"blue": (30, 40, 220), "red": (220, 40, 30)}


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    """`train/` and `test/` of two classes, with a stray table, and an empty class folder."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("test", 3)):
        for name, color in COLORS.items():
            folder = tmp_path / "set" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = np.clip(np.array(color) + rng.normal(0, 20, (16, 16, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    (tmp_path / "set" / "train" / "green").mkdir()
    (tmp_path / "set" / "labels.csv").write_text("file,label\n")
    return tmp_path / "set"


def test_check_says_what_was_understood(data_set: Path, thaw_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = as_json(thaw(capfd, "check", data_set, "--json")[1])
    assert found["splits"] == {"train": 12, "validation": 0, "test": 6}
    assert (found["classes"], found["empty"]) == ({"blue": 9, "red": 9}, ["train/green"])
    assert [item["name"] for item in found["refused"]] == ["labels.csv"]
    _, words, _ = thaw(capfd, "check", data_set)
    assert "12 photos to learn from and to check on, and 6 for a test at the end" in words
    assert "The folder train/green holds no photo." in words


@pytest.mark.usefixtures("toy_base")
def test_training_measures_on_the_test_photos_at_the_end(data_set: Path, tmp_path: Path) -> None:
    config = RunConfig(DataConfig(str(data_set)), BaseConfig("toy", "none"), head=PhaseConfig(10, 3e-2))
    heard: list[Any] = []
    run = api.train(config, tmp_path / "run", heard.append)
    report = run.report()
    assert report is not None and report["test_accuracy"] is not None
    assert run.manifest().classes == ("blue", "red")
    assert {entry.name.split("/")[0] for entry in run.manifest().of("test")} == {"test"}
    said = [str(event.text) for event in heard if isinstance(event, Message)]
    assert any("12 photos to learn from" in text for text in said)


@pytest.mark.usefixtures("toy_base")
def test_a_test_set_of_another_folder_takes_the_place(
    data_set: Path, tmp_path: Path, toy_manifest: Callable[..., Any]
) -> None:
    data = DataConfig(str(data_set), test=str(data_set))
    config = RunConfig(data, BaseConfig("toy", "none"), head=PhaseConfig(1, 3e-2))
    run = api.prepare(config, tmp_path / "run")
    manifest = run.manifest()
    assert manifest.counts()["test"] == {"blue": 3, "red": 3}
    assert manifest.leaks == []


@pytest.mark.usefixtures("toy_base")
def test_a_test_folder_with_near_copies_is_kept_and_told(thaw_home: Path, tmp_path: Path) -> None:
    for number in range(8):
        for folder, share in (("learn", 0.0), ("test", 0.05 if number < 4 else 0.5)):
            path = tmp_path / folder / ("blue", "red")[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            (cropped(scene(number), share) if share < 0.5 else scene(50 + number)).save(path)
    data = DataConfig(str(tmp_path / "learn"), test=str(tmp_path / "test"))
    run = api.prepare(RunConfig(data, BaseConfig("toy", "none"), head=PhaseConfig(1, 3e-2)), tmp_path / "run")
    manifest = run.manifest()
    assert manifest.leaks == [] and len(manifest.of("test")) == 8
    parted = {name for names in manifest.near_leaks for name in names}
    assert {f"{('blue', 'red')[n % 2]}/{n}.png" for n in range(4)} == parted
    learned = {photo.name for photo in manifest.of("train")}
    assert manifest.leaked("test") == len([name for name in parted if name in learned])


@pytest.mark.usefixtures("toy_base")
def test_a_share_of_the_photos_is_kept_for_a_test_if_asked_for(
    thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        path = tmp_path / "photos" / ("blue", "red")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), ((number % 2) * 200, number, 0)).save(path)
    options = ("--base", "toy", "--weights", "none", "--epochs", 1, "--test-split", 0.3, "--json")
    code, out, _ = thaw(capfd, "train", tmp_path / "photos", "--out", tmp_path / "run", *options)
    assert code == 0 and as_json(out)["test_accuracy"] is not None
    run = Run(tmp_path / "run")
    assert run.manifest().counts()["test"] == {"blue": 3, "red": 3} and run.config().data.test_fraction == 0.3
    again = api.prepare(run.config(), tmp_path / "again")
    assert again.manifest() == run.manifest()


def test_classes_that_look_alike_are_told(thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(("A", "a", "B")):
        (tmp_path / "letters" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), (number * 80, 0, 0)).save(tmp_path / "letters" / name / "1.png")
    assert as_json(thaw(capfd, "check", tmp_path / "letters", "--json")[1])["alike"] == [["A", "a"]]
    assert "A and a look alike but are classes of their own" in thaw(capfd, "check", tmp_path / "letters")[1]


@pytest.mark.usefixtures("toy_base")
def test_the_command_trains_on_the_splits_and_says_so(
    data_set: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ("--base", "toy", "--weights", "none", "--epochs", "2", "--json")
    code, out, err = thaw(capfd, "train", data_set, "--out", tmp_path / "run", *options)
    found = as_json(out)
    assert code == 0 and found["classes"] == ["blue", "red"] and found["test_accuracy"] is not None
    assert "12 photos to learn from and to check on, and 6 for a test at the end" in err
