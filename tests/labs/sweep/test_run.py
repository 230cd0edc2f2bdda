"""The sweep at work on the toy base: budgets by a clock of the test's own, resuming, and a base left as it was."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import workspace
from transfer_core import api
from transfer_core.errors import ConfigError, RunError
from transfer_core.labs.experiment import ExperimentConfig, create_experiment, experiment_config, read_result
from transfer_core.labs.run_bench import Bench
from transfer_core.labs.sweep import run as sweep
from transfer_core.labs.sweep.settings import HEAD, Settings
from transfer_core.nn.models.partition import weight_hashes
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import BaseConfig
from transfer_core.runs.events import EpochEnded, Event, Message, Progress
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.worker import job as worker

SMALL: dict[str, Any] = {"rates": (1e-3,), "repeats": 2, "head_epochs": 4, "epochs": 2, "batch_size": 5}


@dataclass
class Clock:
    """Goes on by `step` seconds at every look."""

    step: float = 0.0
    now: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


Make = Callable[..., Run]


@pytest.fixture
def make(tmp_path: Path, toy_base: Any, toy_manifest: Callable[..., Manifest]) -> Make:
    """Make a sweep of the toy base."""

    def made(name: str = "sweep", manifest: Manifest | None = None, **settings: Any) -> Run:
        config = ExperimentConfig("sweep", Settings(**SMALL | settings), base=BaseConfig("toy", "none"))
        return create_experiment(tmp_path / name, config, manifest or toy_manifest(train=8, validation=4))

    return made


def bench(run: Run, hear: Callable[[Event], None] = lambda event: None) -> Bench:
    reporter = Reporter(hear, lambda: run.stop_requested)
    reporter.start("measure")
    return Bench(workspace(), run, experiment_config(run), reporter)


def names(result: dict[str, Any]) -> list[tuple[str, int]]:
    return [(trial["train_from"], trial["repeat"]) for trial in result["trials"]]


def test_every_depth_is_tried_and_repeated_and_the_base_is_as_it_was(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bases: list[Any] = []
    prepare = sweep.prepare

    def prepared(*given: Any) -> Any:
        bases.append(prepare(*given))
        return bases[-1]

    monkeypatch.setattr(sweep, "prepare", prepared)
    heard: list[Event] = []
    result = sweep.run(bench(make(), heard.append), Clock())
    depths = [HEAD, "block2_add", "block1_add", "stem_conv"]
    assert names(result)[:4] == [(name, 0) for name in depths]
    assert [row["train_from"] for row in result["depths"]] == depths
    assert result["recommended"] in depths and result["conclusion"] and result["untried"] == []
    for trial in result["trials"]:
        assert len(trial["right"]) == trial["photos"] == 8
        low, high = trial["interval"]
        assert low <= trial["accuracy"] == trial["right"].count("1") / 8 <= high
    parameters = [row["trainable_parameters"] for row in result["depths"]]
    assert parameters == sorted(set(parameters))
    (session,) = bases  # one base, built once, for all trials
    assert weight_hashes(session.backbone) == session.hashes
    assert "retracing" not in caplog.text  # each depth is another network: no news for anyone
    shares = [event.done for event in heard if isinstance(event, Progress)]
    assert shares and all(0 <= share <= 1000 for share in shares)


def test_trials_of_the_deepest_cut_do_change_the_base_while_they_last(make: Make) -> None:
    result = sweep.run(bench(make(cuts=("stem_conv",), repeats=1, epochs=6, rates=(3e-2,))), Clock())
    deep = next(trial for trial in result["trials"] if trial["train_from"] == "stem_conv")
    head = next(trial for trial in result["trials"] if trial["train_from"] == HEAD)
    assert deep["choice_loss"] < head["choice_loss"] and deep["best_epoch"] > 0


def test_the_same_sweep_gives_the_same_trials(make: Make) -> None:
    first, second = (sweep.run(bench(make(name, cuts=("block2_add",))), Clock()) for name in ("one", "two"))
    kept = ("train_from", "rate", "repeat", "seed", "right", "choice_loss", "best_epoch")
    assert [[one[name] for name in kept] for one in first["trials"]] == [
        [one[name] for name in kept] for one in second["trials"]
    ]


def test_a_budget_too_small_for_a_cut_does_the_head_and_says_so(make: Make) -> None:
    result = sweep.run(bench(make(budget=0.2)), Clock(step=5))
    assert names(result) == [(HEAD, 0)] and result["recommended"] == HEAD
    assert "was enough for the head alone" in str(result["how_sure"])
    assert [row["train_from"] for row in result["untried"]] == ["block2_add", "block1_add", "stem_conv"]


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_trial_that_outlasts_the_budget_is_broken_off(
    make: Make, monkeypatch: pytest.MonkeyPatch, epochs: int
) -> None:
    clock = Clock()
    fit = sweep.fit

    def slow(network: Any, train: Any, validation: Any, schedule: Any, reporter: Reporter) -> Any:
        hear = reporter.emit

        def late(event: Event) -> None:
            hear(event)
            # Only an epoch's end counts: a slow machine also tells of its batches.
            if network.body is not None and isinstance(event, EpochEnded):
                clock.now += 70  # the budget is a minute

        if epochs:
            reporter.emit = late
        elif network.body is not None:
            clock.now += 70
        return fit(network, train, validation, schedule, reporter)

    monkeypatch.setattr(sweep, "fit", slow)
    result = sweep.run(bench(make(budget=1)), clock)
    assert names(result) == [(HEAD, 0), ("block2_add", 0)][: 1 + epochs]
    assert result["spent"] == 70
    if epochs:  # what was learned until then counts
        assert result["trials"][1]["ending"] == "stopped" and result["trials"][1]["epochs"] == 1


def test_what_was_done_is_not_done_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    cuts = ("block2_add", "block1_add")
    whole = names(sweep.run(bench(make("whole", cuts=cuts)), Clock()))
    run = make(cuts=cuts)
    keep, goes = Bench.save, []

    def stop_after_three(self: Bench, result: dict[str, Any]) -> None:
        keep(self, result)
        goes.append(result)
        if len(result["trials"]) == 3:
            run.request_stop()

    monkeypatch.setattr(Bench, "save", stop_after_three)
    with pytest.raises(Stopped):
        sweep.run(bench(run), Clock(step=0.01))
    kept = read_result(run)
    assert kept is not None and len(kept["trials"]) == 3 and str(kept["how_sure"]).startswith("So far:")
    run.stop_path.unlink()
    monkeypatch.setattr(Bench, "save", keep)
    result = sweep.run(bench(run), Clock(step=0.01))
    same = ("train_from", "repeat", "right", "seconds", "choice_loss")
    for before, after in zip(kept["trials"], result["trials"], strict=False):
        assert [before[name] for name in same] == [after[name] for name in same]
    assert names(result) == whole
    assert result["spent"] > kept["spent"]


def test_kept_trials_of_other_photos_are_dropped_and_it_is_said(make: Make) -> None:
    run = make(cuts=("block2_add",), repeats=1)
    first = sweep.run(bench(run), Clock())
    bench(run).save(first | {"identity": "another"})
    heard: list[Event] = []
    result = sweep.run(bench(run, heard.append), Clock())
    assert names(result) == names(first)
    assert any(isinstance(event, Message) and "starts again" in str(event.text) for event in heard)


def test_photos_that_cannot_be_read_are_told_and_left_out(make: Make, toy_manifest: Callable[..., Manifest]) -> None:
    manifest = toy_manifest(train=8, validation=4)
    Path(manifest.photos[0].path).unlink()
    heard: list[Event] = []
    result = sweep.run(bench(make(manifest=manifest, cuts=("block2_add",), repeats=1), heard.append), Clock())
    assert result["trials"] and any(isinstance(event, Message) and "is left out" in str(event.text) for event in heard)


def test_a_small_cache_changes_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_CACHE_GB", "0.000001")
    tight = sweep.run(bench(make("tight", cuts=("block1_add",), repeats=1)), Clock())
    monkeypatch.delenv("THAW_CACHE_GB")
    roomy = sweep.run(bench(make("roomy", cuts=("block1_add",), repeats=1)), Clock())
    assert [trial["right"] for trial in tight["trials"]] == [trial["right"] for trial in roomy["trials"]]
    assert [trial["choice_loss"] for trial in tight["trials"]] == [trial["choice_loss"] for trial in roomy["trials"]]
    monkeypatch.setenv("THAW_CACHE_GB", "much")
    with pytest.raises(ConfigError, match="THAW_CACHE_GB"):
        sweep.run(bench(make("refused")), Clock())


def test_as_an_experiment_it_is_carried_out_and_kept(make: Make) -> None:
    run = make(cuts=("block2_add",))
    assert worker.perform(workspace(), run).state == "FINISHED"
    result = read_result(run)
    assert result is not None and result["complete"]
    assert names(result) == [(HEAD, 0), ("block2_add", 0), (HEAD, 1), ("block2_add", 1)]
    assert run.status().done == run.status().total or run.status().state == "FINISHED"


def test_a_class_with_too_few_photos_fails_with_what_is_needed(
    make: Make, toy_manifest: Callable[..., Manifest]
) -> None:
    run = make(manifest=toy_manifest(train=1, validation=1))
    with pytest.raises(RunError, match="needs at least 2 of each class"):
        api.execute_experiment(run)
