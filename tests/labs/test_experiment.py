"""Experiments as the engine sees them: a folder asked, carried out, stopped, failed, gone on with."""

import json
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import workspace
from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.backbones.catalog import Base
from transfer_core.errors import ConfigError, DataError, RunError
from transfer_core.labs import experiment as experiments
from transfer_core.labs.experiment import (
    ExperimentConfig,
    create_experiment,
    experiment_config,
    is_experiment,
    list_experiments,
    read_result,
)
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import BaseConfig, DataConfig
from transfer_core.runs.events import Event, Progress
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence
from transfer_core.worker import job as worker


@dataclass(frozen=True)
class Settings:
    """How many steps to count; `fail` at which step, 0: never."""

    steps: int = 3
    fail: int = 0
    names: tuple[str, ...] = ("a",)


def count(bench: Any) -> dict[str, Any]:
    """Count the photos `steps` times, going on from what was kept."""
    kept = bench.load() or {"counts": []}
    counts = list(kept["counts"])
    while len(counts) < bench.settings.steps:
        bench.share(Sentence("step {number}", number=len(counts) + 1), len(counts) / bench.settings.steps)
        if len(counts) + 1 == bench.settings.fail:
            raise DataError("The photos are not as expected.")
        counts.append(len(bench.session().pixels.array))
        bench.save({"counts": counts})
    return {
        "counts": counts,
        "conclusion": Sentence("{photos} photos, {times} times.", photos=counts[-1], times=len(counts)),
    }


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab called `counting`."""
    light: Any = types.ModuleType("transfer_core.labs.counting.settings")
    light.Settings = Settings
    heavy: Any = types.ModuleType("transfer_core.labs.counting.run")
    heavy.run = count
    monkeypatch.setitem(sys.modules, light.__name__, light)
    monkeypatch.setitem(sys.modules, heavy.__name__, heavy)
    monkeypatch.setattr(experiments, "KINDS", ("counting",))


@pytest.fixture
def make(tmp_path: Path, counting: None, toy_base: Base, toy_manifest: Callable[..., Manifest]) -> Callable[..., Run]:
    """Make an experiment of that lab on the toy base."""

    def made(**settings: Any) -> Run:
        config = ExperimentConfig("counting", Settings(**settings), base=BaseConfig("toy", "none"))
        return create_experiment(tmp_path / "experiment", config, toy_manifest())

    return made


def test_what_was_asked_comes_back(make: Callable[..., Run]) -> None:
    run = make(steps=5, names=("x", "y"))
    assert is_experiment(run) and run.status().state == "QUEUED"
    assert experiment_config(run).settings == Settings(5, 0, ("x", "y"))
    assert ExperimentConfig.from_dict(json.loads(json.dumps(experiment_config(run).to_dict()))) == experiment_config(
        run
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"kind": "magic"}, "no lab 'magic'; there are counting"),
        ({"kind": "counting", "speed": 1}, "unknown key 'speed'"),
        ({"kind": "counting", "settings": {"step": 1}}, "unknown key 'step'"),
        ({"kind": "counting", "seed": -1}, r"The shuffle number \(seed\) must be a whole number"),
        ({"kind": "counting", "data": {"validation_fraction": 2}}, "share of photos"),
    ],
)
def test_what_does_not_fit_is_refused(counting: None, value: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ExperimentConfig.from_dict(value)
    with pytest.raises(ConfigError, match="takes its own settings"):
        ExperimentConfig("counting", {"steps": 1})


def test_it_is_carried_out_and_its_result_is_kept(make: Callable[..., Run]) -> None:
    run, heard = make(), []
    assert worker.perform(workspace(), run, heard.append).state == "FINISHED"
    result = read_result(run)
    assert result is not None and result["complete"]
    assert result["counts"] == [36, 36, 36] and str(result["conclusion"]) == "36 photos, 3 times."
    assert result["seconds"]["measure"] > 0
    steps = [event for event in heard if isinstance(event, Progress) and str(event.step).startswith("step")]
    assert [(str(event.step), event.done, event.total) for event in steps] == [
        ("step 1", 0, 1000),
        ("step 2", 333, 1000),
        ("step 3", 667, 1000),
    ]
    assert steps[-1].eta is not None


def test_a_stop_keeps_what_was_found_and_it_can_go_on(make: Callable[..., Run]) -> None:
    run, before = make(), []

    def stop(event: Event) -> None:
        before.append(event)
        if isinstance(event, Progress) and str(event.step) == "step 2":
            run.request_stop()

    status = worker.perform(workspace(), run, stop)
    assert (status.state, str(status.message)) == ("STOPPED", "Stopped; what was found so far is kept.")
    partial = read_result(run)
    assert partial == {"counts": [36], "complete": False}
    with api.resuming(run):
        found = api.execute_experiment(run)
    assert found["counts"] == [36, 36, 36] and found["complete"] and found["state"] == "FINISHED"


def test_a_refusal_is_the_message_and_nothing_found_is_no_result(make: Callable[..., Run]) -> None:
    run = make(fail=1)
    with pytest.raises(RunError, match="not as expected"):
        api.execute_experiment(run)
    assert (run.status().state, str(run.status().message)) == ("FAILED", "The photos are not as expected.")
    assert read_result(run) is None


def test_experiments_of_a_project_are_listed_deleted_and_brought_back(make: Callable[..., Run]) -> None:
    run, project = make(), workspace().create_project("Lab")
    made = [create_experiment(project.new_experiment_dir("counting"), experiment_config(run)) for _ in range(2)]
    assert {one.path for one in list_experiments(project.experiments_dir, "counting")} == {one.path for one in made}
    assert list_experiments(project.experiments_dir, "other") == []
    project.delete_job(made[0].path)
    assert [one.path for one in list_experiments(project.experiments_dir)] == [made[1].path]
    project.restore_job(made[0].path)
    assert len(list_experiments(project.experiments_dir)) == 2
    with pytest.raises(RunError, match="no run or experiment"):
        project.delete_job(project.experiments_dir / "../../secrets")


def test_from_the_interface_and_on_the_command_line(
    counting: None,
    toy_base: Base,
    toy_manifest: Callable[..., Manifest],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    toy_manifest()
    photos = tmp_path / "toy-photos"
    config = ExperimentConfig("counting", Settings(1), DataConfig(str(photos)), BaseConfig("toy", "none"))
    found = api.experiment(config)
    assert Path(found["folder"]).parent == workspace().experiments_dir and found["counts"] == [36]
    assert experiment_config(Run(Path(found["folder"]))).data.source == str(photos)
    with pytest.raises(RunError, match="not empty"):
        api.experiment(config, found["folder"])
    # A finished one is not gone on with; one that was interrupted is, by `thaw resume`.
    with pytest.raises(SystemExit) as ended:
        main(["resume", found["folder"]])
    assert ended.value.code == 2 and "has finished" in capsys.readouterr().err
    waiting = api.prepare_experiment(config, tmp_path / "waiting")
    main(["resume", str(waiting.path), "--json"])
    assert json.loads(capsys.readouterr().out)["conclusion"] == "36 photos, 1 times."
