"""The command line: JSON to the letter, one plain sentence for what a person can mend."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.command_line import thaw
from tests.photos.groups.test_looking import FILES, TOGETHER
from transfer_core import api
from transfer_core.backbones.catalog import BASES
from transfer_core.errors import RunError
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import DataConfig, RunConfig
from transfer_core.runs.folder import create_run
from transfer_core.samples.sets import draw_sample


def as_json(out: str) -> dict[str, Any]:
    """The one JSON object on standard output; anything besides fails."""
    assert out.count("\n") == 1 and out.endswith("\n")
    return dict(json.loads(out))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of small noise, one of them with a file that is no photo."""
    made = tmp_path / "made"
    random = np.random.default_rng(0)
    for name, count in (("left", 4), ("right", 3)):
        (made / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 255, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(made / name / f"{number}.png")
    (made / "left" / "notes.jpg").write_text("not a photo")
    return made


def test_check_counts_every_file(folder: Path, thaw_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = thaw(capfd, "check", folder, "--json")
    found = as_json(out)
    assert code == 0
    assert found["imported"] == 7 and [item["name"] for item in found["refused"]] == ["left/notes.jpg"]
    assert found["refused"][0]["reason"]
    assert found["classes"] == {"left": 4, "right": 3}
    assert found["duplicates"] == [] and found["conflicts"] == []
    assert list((thaw_home / "imports").iterdir()) == []


def test_check_reads_a_zip_and_says_it_in_words(
    folder: Path, thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for path in folder.rglob("*.*"):
            archive.write(path, path.relative_to(folder))
    code, out, _ = thaw(capfd, "check", tmp_path / "photos.zip")
    assert code == 0 and "7 photos can be read" in out and "left/notes.jpg" in out


def test_check_names_what_belongs_together(thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, data in FILES.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(data)
    _, out, _ = thaw(capfd, "check", tmp_path / "photos", "--json")
    assert sorted(sorted(names) for names in as_json(out)["together"]) == TOGETHER
    _, out, _ = thaw(capfd, "check", tmp_path / "photos")
    assert "kept on one side when photos are split" in out and "ant/moon.jpg, ant/sun.jpg" in out


def test_the_three_conflicts_of_trash_are_found(
    photos: Path, thaw_home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = thaw(capfd, "check", photos / "trash", "--json")
    assert len(as_json(out)["conflicts"]) == 3


def test_bases_lists_the_catalog(thaw_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = thaw(capfd, "bases", "--json")
    rows = as_json(out)["bases"]
    assert code == 0 and [row["name"] for row in rows] == [base.name for base in BASES]
    assert {"name", "title", "parameters", "input_size", "imagenet_top1", "weights"} <= set(rows[0])
    assert rows[0]["weights"] == "bundled"


def test_layers_prints_the_tree(thaw_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = thaw(capfd, "layers", "efficientnet-lite0", "--json")
    tree = as_json(out)["tree"]
    assert code == 0 and tree["kind"] == "model"
    blocks = [block["name"] for stage in tree["children"] for block in stage["children"]]
    assert blocks[:2] == ["stem", "block1a"] and blocks[-2:] == ["block7a", "top"]
    assert tree["parameters"] == sum(stage["parameters"] for stage in tree["children"])


REFUSALS = {
    "no such base": (["layers", "resnet51"], "resnet50"),
    "no such data": (["check", "/nowhere/at/all"], "no folder, zip or project"),
    "no data": (["train", "--out", "OUT"], "No photos were named"),
    "no such block": (["train", "DATA", "--out", "OUT", "--train-from", "block9z"], "block9z"),
    "too many blocks": (["train", "DATA", "--out", "OUT", "--train-last", "99"], "99"),
    "two cuts": (["train", "DATA", "--out", "OUT", "--train-last", "1", "--train-all"], "one of them"),
    "negative rate": (["train", "DATA", "--out", "OUT", "--learning-rate", "-1"], "learning rate"),
    "no epochs": (["train", "DATA", "--out", "OUT", "--epochs", "0"], "at least 1 epoch"),
    "unknown optimizer": (["train", "DATA", "--out", "OUT", "--optimizer", "magic"], "adam, rmsprop, sgd"),
    "missing weights": (["train", "DATA", "--out", "OUT", "--weights", "/no/file.h5"], "/no/file.h5"),
    "published weights only as a file": (["train", "DATA", "--out", "OUT", "--base", "inception-v4"], "Inception"),
    "unknown option": (["train", "DATA", "--out", "OUT", "--speed", "9"], "--speed"),
    "no run": (["predict", "/nowhere", "a.jpg"], "not the folder of a run"),
    "missing test folder": (["train", "DATA", "--out", "OUT", "--test", "/nowhere"], "/nowhere"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_are_one_sentence_and_leave_nothing(
    case: str, folder: Path, thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, words = REFUSALS[case]
    out_folder = tmp_path / "run"
    code, out, err = thaw(capfd, *({"DATA": folder, "OUT": out_folder}.get(item, item) for item in arguments))
    assert (code, out) == (2, "")
    assert words in err and "Traceback" not in err
    assert not out_folder.exists()


def bad_folder(tmp_path: Path, kind: str) -> Path:
    """Photos that can't be trained on, of one kind or another."""
    made = tmp_path / "bad"
    made.mkdir()
    if kind == "a zip that is none":
        (made / "x.zip").write_text("not a zip")
        return made / "x.zip"
    classes = {"empty folder": {}, "one class": {"a": 3}, "a class of one photo": {"a": 3, "b": 1}}[kind]
    for name, count in classes.items():
        (made / name).mkdir()
        for number in range(count):
            Image.new("RGB", (20, 20), (number * 40, len(name) * 9, ord(name))).save(made / name / f"{number}.png")
    return made


@pytest.mark.parametrize("kind", ["empty folder", "one class", "a class of one photo", "a zip that is none"])
def test_photos_that_cannot_be_trained_on(
    kind: str, thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = thaw(capfd, "train", bad_folder(tmp_path, kind), "--out", tmp_path / "run")
    assert (code, out) == (2, "") and len(err.strip().splitlines()[-1]) > 20 and "Traceback" not in err
    assert not (tmp_path / "run" / "status.json").exists()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A run trained by the installed command on few drawn photos, fine-tuning included; and what it printed."""
    place = tmp_path_factory.mktemp("trained")
    data = draw_sample("patterns", place / "data", per_class=8, seed=1)
    command = [sys.executable, "-m", "transfer_core", "train", str(data), "--out", str(place / "run"), "--json"]
    command += ["--test", str(data), "--epochs", "4", "--train-last", "1", "--fine-tune-epochs", "1", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "THAW_HOME": str(place / "home")})
    assert done.returncode == 0, done.stderr
    return place / "run", as_json(done.stdout)


def test_train_prints_the_contract(trained: tuple[Path, dict[str, Any]]) -> None:
    run, printed = trained
    assert printed["run"] == str(run)
    assert 0 <= printed["val_interval"][0] <= printed["val_accuracy"] <= printed["val_interval"][1] <= 1
    assert 0 <= printed["test_interval"][0] <= printed["test_accuracy"] <= printed["test_interval"][1] <= 1
    assert len(printed["classes"]) == 4 and printed["trainable_parameters"] > 4 * 1280
    assert printed["freeze_proof"]["frozen_unchanged"] is True
    assert all(seconds >= 0 for seconds in printed["seconds"].values())
    assert (run / "model.keras").is_file() and (run / "labels.json").is_file() and (run / "report.json").is_file()


def test_predict_answers_each_image_and_spares_none_for_a_bad_one(
    trained: tuple[Path, dict[str, Any]], thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, printed = trained
    buffer = io.BytesIO()
    Image.new("L", (50, 30), 90).save(buffer, "PNG")
    (tmp_path / "grey.png").write_bytes(buffer.getvalue())
    (tmp_path / "bad.jpg").write_bytes(b"no")
    table = tmp_path / "answers.csv"
    images = [tmp_path / "grey.png", tmp_path / "bad.jpg", tmp_path / "none.png"]
    code, out, _ = thaw(capfd, "predict", run, *images, "--csv", table, "--json")
    good, bad, missing = as_json(out)["predictions"]
    assert code == 0
    assert good["image"] == str(images[0]) and good["label"] in printed["classes"]
    assert sum(good["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert good["probability"] == max(good["probabilities"].values()) == good["probabilities"][good["label"]]
    assert bad["error"] and missing["error"] and good["none"] in (True, False)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [str(image) for image in images]
    assert [row["none"] for row in rows] == [str(good["none"]), "", ""]
    assert float(rows[0][good["label"]]) == pytest.approx(good["probability"]) and rows[1]["error"]


def test_predict_takes_folders_and_zips_and_makes_a_contact_sheet(
    trained: tuple[Path, dict[str, Any]], thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, printed = trained
    random = np.random.default_rng(0)
    for name in ("1.png", "deep/2.png"):
        (tmp_path / "new" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(tmp_path / "new" / name)
    (tmp_path / "new" / "notes <b>.txt").write_text("milk")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(tmp_path / "new" / "1.png", "inner/3.png")
    sheet = tmp_path / "sheet.html"
    code, out, _ = thaw(capfd, "predict", run, tmp_path / "new", tmp_path / "more.zip", "--sheet", sheet, "--json")
    said = {Path(item["image"]).name: item for item in as_json(out)["predictions"]}
    assert code == 0 and set(said) == {"1.png", "2.png", "3.png", "notes <b>.txt"}
    # In another place of the batch: rounding may differ, but for oneDNN.
    assert said["1.png"]["probabilities"] == pytest.approx(said["3.png"]["probabilities"], abs=1e-6)
    assert said["notes <b>.txt"]["error"]
    drawn = sheet.read_text("utf-8")
    assert drawn.count("<img") == 3 and "notes &lt;b&gt;.txt" in drawn and "Could not be read · 1" in drawn
    assert any(f"<h2>{name} · " in drawn for name in (*printed["classes"], "none of these"))


def test_a_config_repeats_the_run_to_the_last_bit(
    trained: tuple[Path, dict[str, Any]], thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, _ = trained
    code, _, err = thaw(capfd, "train", "--config", run / "config.json", "--out", tmp_path / "again", "--json")
    assert code == 0, err

    def metrics(folder: Path) -> list[dict[str, float]]:
        return [epoch["metrics"] for epoch in json.loads((folder / "report.json").read_text())["history"]]

    assert metrics(run) == metrics(tmp_path / "again") != []


def test_a_run_is_never_overwritten(
    trained: tuple[Path, dict[str, Any]], folder: Path, thaw_home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, _ = trained
    before = (run / "status.json").read_bytes()
    code, _, err = thaw(capfd, "train", folder, "--out", run)
    assert code == 2 and "not empty" in err and (run / "status.json").read_bytes() == before


def test_a_run_made_here_meanwhile_is_not_removed(
    folder: Path, thaw_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"

    # The other process makes its run after ours looked at the folder.
    other = Manifest(("a", "b"), ())
    monkeypatch.setattr(api, "_ensure_weights", lambda space, choice, emit: create_run(out, RunConfig(), other))
    with pytest.raises(RunError, match="already holds a run"):
        api.prepare(RunConfig(data=DataConfig(str(folder))), out)
    assert (out / "status.json").is_file() and (out / "photos.json").is_file()


def test_help_and_version(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = thaw(capfd, "--help")
    assert code == 0 and "train" in out and "predict" in out
    assert thaw(capfd, "--version")[0] == 0
