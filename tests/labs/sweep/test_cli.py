"""`thaw sweep`: its JSON, its words, what it refuses, and going on with one that was stopped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.command_line import thaw
from transfer_core.labs.experiment import create_experiment, experiment_config, read_result, write_result
from transfer_core.runs.folder import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten photos of each of two classes that differ in color."""
    random = np.random.default_rng(0)
    for label, name in enumerate(("blue", "red")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(0, 160, (32, 32, 3), np.uint8)
            pixels[..., 2 - 2 * label] += 60
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


def asked(folder: Path, out: Path, *more: object) -> list[object]:
    """A small sweep of the toy base."""
    base = ["--base", "toy", "--weights", "none", "--cut", "block2_add", "--rate", 0.001, "--epochs", 2]
    return ["sweep", folder, *base, "--repeats", 2, "--out", out, *more]


def test_it_prints_what_the_contract_promises(
    folder: Path, tmp_path: Path, toy_base: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = thaw(capfd, *asked(folder, tmp_path / "out", "--budget", 2, "--json"))
    assert code == 0, err
    found = json.loads(out)
    assert out.count("\n") == 1 and found["state"] == "FINISHED" and found["folder"] == str(tmp_path / "out")
    assert {trial["train_from"] for trial in found["trials"]} == {"head", "block2_add"}
    for trial in found["trials"]:
        low, high = trial["interval"]
        assert 0 <= low <= trial["accuracy"] <= high <= 1
        assert trial["seconds"] > 0 and trial["trainable_parameters"] > 0 and isinstance(trial["pareto"], bool)
    assert found["recommended"] in ("head", "block2_add") and found["conclusion"]
    assert {"seconds", "repeats", "photos", "gain"} <= set(found["depths"][0])


def test_in_words_it_lists_the_depths_and_the_smallest_budget_still_trains_the_head(
    folder: Path, tmp_path: Path, toy_base: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = thaw(capfd, *asked(folder, tmp_path / "out", "--budget", 0.01, "--epochs", 2000))
    assert code == 0 and "the head alone" in out and "<- recommended" in out
    assert "was enough for the head alone" in out and f"Kept in {tmp_path / 'out'}." in out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--budget", 0], "budget must be a number of minutes from 0.01"),
        (["--cut", "block9"], "no block called 'block9'"),
        (["--rate", 50], "learning rate must be"),
        (["--repeats", 0], "number of repeats"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_folder(
    folder: Path, tmp_path: Path, toy_base: Any, capfd: pytest.CaptureFixture[str], more: list[object], words: str
) -> None:
    code, out, err = thaw(capfd, *asked(folder, tmp_path / "out", *more))
    assert code == 2 and not out and words in err and not (tmp_path / "out").exists()


def test_a_stopped_one_is_gone_on_with(
    folder: Path, tmp_path: Path, toy_base: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    thaw(capfd, *asked(folder, tmp_path / "whole", "--budget", 2, "--json"))
    whole = Run(tmp_path / "whole")
    result = read_result(whole)
    assert result is not None
    # What an interruption after the first two trainings leaves behind.
    half = create_experiment(tmp_path / "half", experiment_config(whole), whole.manifest())
    write_result(half, result | {"trials": result["trials"][:2]}, complete=False)
    code, out, err = thaw(capfd, "resume", half.path, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["trials"][:2] == result["trials"][:2]
    assert [trial["right"] for trial in found["trials"]] == [trial["right"] for trial in result["trials"]]
    code, _, err = thaw(capfd, "resume", half.path)
    assert code == 2 and "finished" in err
