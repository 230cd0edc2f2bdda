"""The depth probe carried out: features in one pass, the toy base end to end, drawn samples, the command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.support import workspace
from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.backbones.catalog import Base
from transfer_core.errors import RunError
from transfer_core.labs.experiment import ExperimentConfig, create_experiment, read_result
from transfer_core.labs.probe.settings import Settings
from transfer_core.nn.features.model import POOLED
from transfer_core.nn.training import block_features
from transfer_core.nn.training.session import Session, prepare
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import BaseConfig, DataConfig, RunConfig
from transfer_core.runs.events import Event, Message, Progress
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter
from transfer_core.samples.sets import draw_sample
from transfer_core.stats.intervals import wilson
from transfer_core.text import shown
from transfer_core.worker import job as worker

Photos = Callable[..., Manifest]
TOY = RunConfig(base=BaseConfig("toy", "none"))
QUICK = Settings(folds=3, penalties=(1e-4, 1e-2))


def session(manifest: Manifest) -> Session:
    reporter = Reporter(lambda event: None)
    reporter.start("measure")
    return prepare(workspace(), TOY, manifest, reporter)


def toy_run(folder: Path, manifest: Manifest, settings: Settings = QUICK) -> Run:
    return create_experiment(folder, ExperimentConfig("probe", settings, base=TOY.base), manifest)


@pytest.mark.parametrize("train", [12, 90])  # few photos: Keras; many: LiteRT
def test_all_blocks_come_in_one_pass_and_then_from_disk(
    toy_base: Base, toy_manifest: Photos, monkeypatch: pytest.MonkeyPatch, train: int
) -> None:
    work = session(toy_manifest(train))
    found = block_features.block_features(work)
    assert list(found) == [block.name for block in block_features.tree_of(work).blocks]
    assert {stored.notes["engine"] for stored in found.values()} == {"keras" if train == 12 else "litert"}
    scaled = work.pixels.array.astype(np.float32) / 127.5 - 1
    for block, layer in (("stem", "stem_act"), ("block1", "block1_add"), ("block2", "block2_add")):
        end = keras.Model(work.backbone.inputs, work.backbone.get_layer(layer).output)
        expected = end.predict(scaled, verbose=0).mean((1, 2))
        matching = next(stored for name, stored in found.items() if name.startswith(block))
        np.testing.assert_allclose(matching.array, expected, rtol=1e-3, atol=1e-5)

    def no_pass(*_: Any) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr("transfer_core.nn.training.session.compute_features", no_pass)
    again = session(toy_manifest(train))
    for block, stored in block_features.block_features(again).items():
        np.testing.assert_array_equal(stored.array, found[block].array)


@pytest.mark.parametrize("train", [12, 90])
def test_a_training_finds_the_features_of_the_end_as_it_would_compute_them(
    toy_base: Base, toy_manifest: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, train: int
) -> None:
    *_, last = block_features.block_features(session(toy_manifest(train))).values()
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "another"))
    alone = session(toy_manifest(train)).pooled_features()
    assert last.path.name == alone.path.name
    np.testing.assert_array_equal(last.array, alone.array)


def test_features_that_are_missing_are_computed_alone(toy_base: Base, toy_manifest: Photos) -> None:
    work = session(toy_manifest())
    before = block_features.block_features(work)
    kept = {name: np.array(stored.array) for name, stored in before.items()}
    work.origin.path(workspace(), POOLED).unlink()
    stamps = {stored.path: stored.path.stat().st_mtime_ns for stored in before.values() if stored.path.exists()}
    after = block_features.block_features(work)
    for name, stored in after.items():
        np.testing.assert_array_equal(stored.array, kept[name])
    assert len(stamps) == len(after) - 1


def test_the_toy_base_is_probed(toy_base: Base, toy_manifest: Photos, tmp_path: Path) -> None:
    heard: list[Event] = []
    run = toy_run(tmp_path / "probe", toy_manifest(12, 6, test=4))
    assert worker.perform(workspace(), run, heard.append).state == "FINISHED"
    found = read_result(run)
    assert found is not None and found["complete"]
    assert found["photos"] == 36 and found["classes"] == {"blue": 18, "red": 18} and found["chance"] == 0.5
    depths = found["depths"]
    assert len(depths) == found["blocks"] == 3
    for depth in depths:
        assert depth["interval"] == list(wilson(depth["correct"], 36))
        assert depth["accuracy"] == depth["correct"] / 36
        assert depth["accuracy"] == pytest.approx(np.mean(list(depth["recall"].values())))
        assert len(depth["penalties"]) == 3 and set(depth["penalties"]) <= set(QUICK.penalties)
    # Reddish and bluish photos are told apart by color, which the first block has.
    assert depths[0]["accuracy"] > 0.9 and found["conclusion"]
    shares = [event.done for event in heard if isinstance(event, Progress)]
    assert shares == sorted(shares) and shares[-1] < 1000
    assert any(str(event.step).startswith("classifiers after") for event in heard if isinstance(event, Progress))


def test_a_stop_keeps_the_depths_so_far_and_going_on_ends_alike(
    toy_base: Base, toy_manifest: Photos, tmp_path: Path
) -> None:
    run, other = (toy_run(tmp_path / name, toy_manifest()) for name in ("stopped", "whole"))
    steps = []

    def stop(event: Event) -> None:
        if isinstance(event, Progress) and str(event.step).startswith("classifiers"):
            steps.append(str(event.step))
            if len(steps) == 2:
                run.request_stop()

    assert worker.perform(workspace(), run, stop).state == "STOPPED"
    partial = read_result(run)
    assert partial is not None and len(partial["depths"]) == 1 and partial["blocks"] == 3
    with api.resuming(run):
        found = api.execute_experiment(run)
    expected = api.execute_experiment(other)
    assert found["depths"] == expected["depths"] and found["conclusion"] == expected["conclusion"]


def test_few_photos_are_told_and_too_few_refused(toy_base: Base, toy_manifest: Photos, tmp_path: Path) -> None:
    heard: list[Event] = []
    worker.perform(workspace(), toy_run(tmp_path / "few", toy_manifest(3, 1, seed=4)), heard.append)
    warnings = [str(event.text) for event in heard if isinstance(event, Message)]
    found = read_result(Run(tmp_path / "few"))
    assert found is not None and found["photos"] == 8
    assert any("With 8 photos each figure" in text for text in warnings) and warnings[-1] in shown(found["warnings"])
    assert found["best"] is None and "8 photos are too few to tell the depths apart" in str(found["how_sure"])
    with pytest.raises(RunError, match='at least 5 photos of each class, but "blue" has 4'):
        api.execute_experiment(toy_run(tmp_path / "fewer", toy_manifest(3, 1, seed=4), Settings()))


def test_no_more_photos_than_asked_for_are_looked_at(toy_base: Base, toy_manifest: Photos, tmp_path: Path) -> None:
    found = api.execute_experiment(toy_run(tmp_path / "some", toy_manifest(20, 10), Settings(3, (1e-3,), photos=30)))
    assert (found["photos"], found["of"], found["classes"]) == (30, 60, {"blue": 15, "red": 15})


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pictures of each class of both drawn samples."""
    folder = tmp_path_factory.mktemp("drawn")
    for name in ("patterns", "shapes"):
        draw_sample(name, folder / name, 30)
    return folder


def test_patterns_are_solved_before_shapes(thaw_home: Path, drawn: Path, tmp_path: Path) -> None:
    at = {}
    for name in ("patterns", "shapes"):
        config = ExperimentConfig("probe", Settings(), DataConfig(str(drawn / name)))
        found = api.experiment(config, tmp_path / name)
        blocks = [depth["block"] for depth in found["depths"]]
        at[name] = blocks.index(found["best"])
        accuracies = [depth["accuracy"] for depth in found["depths"]]
        # Both are guesses at first and solved at last; the weights are real ones.
        assert accuracies[0] < 0.5 and max(accuracies) > 0.9, name
        assert found["best"] in found["conclusion"] and blocks[0] == "stem" and blocks[-1] == "top"
    assert at["patterns"] < at["shapes"], at


def test_the_command_prints_the_depths(
    toy_base: Base, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["probe", str(drawn / "patterns"), "--base", "toy", "--weights", "none", "--folds", "3"]
    main([*arguments, "--out", str(tmp_path / "json"), "--json"])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"depths", "best", "conclusion", "folder"} <= found.keys()
    assert {"block", "accuracy", "interval"} <= found["depths"][0].keys()
    main([*arguments, "--out", str(tmp_path / "text")])
    printed = capsys.readouterr().out
    assert found["conclusion"] in printed and all(depth["block"] in printed for depth in found["depths"])


def test_the_command_refuses_in_one_sentence(
    thaw_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_sample("patterns", tmp_path / "few", 2)
    for arguments, words in (
        (["--folds", "99"], "from 3 to 20; 99 came"),
        (["--photos", "0"], "above 0; 0 came"),
        ([], 'at least 5 photos of each class, but "checkerboard" has 2'),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["probe", str(tmp_path / "few"), "--out", str(tmp_path / "out"), *arguments])
        assert ended.value.code == 2
        assert words in capsys.readouterr().err
