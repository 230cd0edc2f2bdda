"""A run that was interrupted, stopped or failed goes on, and ends as if nothing had been."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import workspace
from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.disk.files import read_json
from transfer_core.errors import RunError
from transfer_core.jobs.claims import claim
from transfer_core.nn.numerics import numerics
from transfer_core.nn.training import blend
from transfer_core.nn.training import run as training
from transfer_core.nn.training.run import train
from transfer_core.runs import checkpoint
from transfer_core.runs.config import FitConfig, PhaseConfig
from transfer_core.runs.events import EpochEnded, Event, Message, PhaseStarted
from transfer_core.runs.folder import Recorder, Run
from transfer_core.worker.job import perform

Make = Callable[..., Run]


class Killed(BaseException):
    """Nothing catches it: what is not on disk by now is lost, as with kill -9."""


def kill_at(epoch: int) -> Callable[[Event], None]:
    def emit(event: Event) -> None:
        if isinstance(event, EpochEnded) and event.epoch == epoch:
            raise Killed

    return emit


def recorded(run: Run, on: Callable[[Event], None] = lambda event: None) -> Callable[[Event], None]:
    record = Recorder(run, os.getpid())

    def emit(event: Event) -> None:
        record(event)
        on(event)

    return emit


def story(run: Run) -> list[tuple[int, str, dict[str, float], float]]:
    return [(event.epoch, event.phase, event.metrics, event.learning_rate) for event in run.epochs()]


def outcome(run: Run) -> dict[str, Any]:
    """What of the report must not depend on a break."""
    report = run.report()
    assert report is not None
    kept = {name: report[name] for name in ("phases", "validation", "freeze_proof", "trainable_parameters", "stopped")}
    return kept | {"history": [(epoch["epoch"], epoch["phase"], epoch["metrics"]) for epoch in report["history"]]}


@pytest.fixture
def settings(last_toy_block: FreezePlan) -> dict[str, Any]:
    return {
        "plan": last_toy_block,
        "head": PhaseConfig(4, 1e-2),
        "fine_tune": PhaseConfig(4, 1e-3),
        "fit": FitConfig(batch_size=5, dropout=0.5, patience=0),
    }


@pytest.fixture
def uninterrupted(toy_run: Make, settings: dict[str, Any]) -> Run:
    run = toy_run(**settings)
    train(workspace(), run, recorded(run))
    return run


@pytest.mark.parametrize("interval", [0.0, 1e9], ids=["each epoch kept", "only the first epoch of a process kept"])
def test_a_killed_run_ends_as_if_it_had_not_been(
    toy_run: Make, settings: dict[str, Any], uninterrupted: Run, interval: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_INTERVAL", interval)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)
    run = toy_run(**settings)
    # In the head, at its last epoch, and twice in fine-tuning: each time further on.
    for epoch in (3, 4, 6, 8):
        with pytest.raises(Killed):
            train(workspace(), run, recorded(run, kill_at(epoch)))
    assert run.report() is None
    train(workspace(), run, recorded(run))
    assert story(run) == story(uninterrupted)
    assert outcome(run) == outcome(uninterrupted)
    assert not run.checkpoint_path.exists()


@pytest.mark.parametrize("place", [0, 1, 4])
def test_a_run_killed_after_its_last_epoch_keeps_the_same_weights(
    toy_run: Make, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr(checkpoint, "_INTERVAL", 0.0)
    monkeypatch.setattr(blend, "choose", lambda losses: place)

    def kill_at_the_end(event: Event) -> None:
        if isinstance(event, PhaseStarted) and event.phase == "finish":
            raise Killed

    whole, run = toy_run(**settings), toy_run(**settings)
    train(workspace(), whole, recorded(whole))
    with pytest.raises(Killed):
        train(workspace(), run, recorded(run, kill_at_the_end))
    train(workspace(), run, recorded(run))
    assert outcome(run) == outcome(whole)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_every_optimizer_goes_on_where_it_was(
    toy_run: Make, settings: dict[str, Any], optimizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_INTERVAL", 0.0)
    settings |= {
        "fit": replace(settings["fit"], optimizer=optimizer),
        "plan": FreezePlan(),
        "head": PhaseConfig(5, 1e-2),
    }
    whole, run = toy_run(**settings), toy_run(**settings)
    train(workspace(), whole, recorded(whole))
    with pytest.raises(Killed):
        train(workspace(), run, recorded(run, kill_at(4)))
    train(workspace(), run, recorded(run))
    assert story(run) == story(whole)


def stop_at(run: Run, epoch: int) -> Callable[[Event], None]:
    def emit(event: Event) -> None:
        if isinstance(event, EpochEnded) and event.epoch == epoch:
            run.request_stop()

    return emit


@pytest.mark.parametrize("epoch", [2, 6])
def test_a_stopped_run_goes_on_from_its_last_epoch(
    toy_run: Make, settings: dict[str, Any], uninterrupted: Run, epoch: int
) -> None:
    run = toy_run(**settings)
    assert perform(workspace(), run, stop_at(run, epoch)).state == "STOPPED"
    assert len(run.epochs()) == epoch
    assert run.model_path.exists()
    before = (run.report() or {})["seconds"]
    heard: list[Event] = []
    report = api.resume(run, heard.append)
    assert report == run.report()
    assert all(report["seconds"][phase] > seconds for phase, seconds in before.items()), "all that it took counts"
    assert run.status().state == "FINISHED"
    assert [event.epoch for event in heard if isinstance(event, EpochEnded)] == list(range(epoch + 1, 9)), "run again"
    assert f"Continued after epoch {epoch}" in " ".join(
        str(event.text) for event in heard if isinstance(event, Message)
    )
    phase = next(event for event in heard if isinstance(event, PhaseStarted) and event.epochs > event.done)
    assert phase.done == epoch - (0 if phase.phase == "head" else 4)
    assert story(run) == story(uninterrupted)
    assert outcome(run) == outcome(uninterrupted)


def test_early_stopping_counts_on(toy_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_INTERVAL", 0.0)
    settings = {"head": PhaseConfig(200, 0.5), "fit": FitConfig(batch_size=5, patience=3)}
    whole, run = toy_run(**settings), toy_run(**settings)
    train(workspace(), whole, recorded(whole))
    last = len(whole.epochs())
    for epoch in (last - 1, last):
        with pytest.raises(Killed):
            train(workspace(), run, recorded(run, kill_at(epoch)))
    train(workspace(), run, recorded(run))
    assert story(run) == story(whole)
    assert outcome(run) == outcome(whole)


def test_other_photos_start_the_run_again(toy_run: Make, settings: dict[str, Any]) -> None:
    run = toy_run(**settings)
    perform(workspace(), run, stop_at(run, 3))
    Path(run.manifest().of("train")[0].path).unlink()
    # The decoded photo is still in the cache: only a fresh one misses it.
    for path in (Path(os.environ["THAW_HOME"]) / "cache" / "pixels").rglob("*.pixels"):
        path.unlink()
    heard: list[Event] = []
    report = api.resume(run, heard.append)
    assert "starts again from its first epoch" in " ".join(
        str(event.text) for event in heard if isinstance(event, Message)
    )
    assert (
        [epoch["epoch"] for epoch in report["history"]] == [event.epoch for event in run.epochs()] == list(range(1, 9))
    )


@pytest.mark.parametrize("other", [{"onednn": not numerics()["onednn"]}, {"instructions": "sse"}, {"threads": 99}])
def test_a_processor_that_rounds_otherwise_starts_the_run_again(
    toy_run: Make, settings: dict[str, Any], other: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = toy_run(**settings)
    perform(workspace(), run, stop_at(run, 3))
    report = run.report()
    assert report is not None and report["numerics"] == numerics()
    monkeypatch.setattr(training, "numerics", lambda: numerics() | other)
    heard: list[Event] = []
    api.resume(run, heard.append)
    assert "software or processor" in " ".join(str(event.text) for event in heard if isinstance(event, Message))


def test_a_failure_while_going_on_is_told_and_keeps_what_was(
    toy_run: Make, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = toy_run(**settings)
    perform(workspace(), run, stop_at(run, 3))
    report = run.report()

    def full(*args: Any) -> None:
        raise RunError("It can't go on.")

    with monkeypatch.context() as patch:
        patch.setattr("transfer_core.nn.training.run.fit", full)
        with pytest.raises(RunError, match="can't go on"):
            api.resume(run)
    assert run.status().state == "FAILED"
    assert run.report() == report
    assert api.resume(run)["stopped"] is False


def test_a_finished_run_or_one_at_work_is_refused(
    toy_run: Make, settings: dict[str, Any], uninterrupted: Run, tmp_path: Path
) -> None:
    Recorder(uninterrupted, os.getpid()).end("FINISHED")
    with pytest.raises(RunError, match="has finished; make a new run"):
        api.resume(uninterrupted)
    run = toy_run(**settings)
    held = claim(run)
    assert held is not None
    with pytest.raises(RunError, match="Another process is at work"):
        api.resume(str(run.path))
    held.release()
    Recorder(run, os.getpid())  # the command line: at work in its own process, with no claim
    with pytest.raises(RunError, match="Another process is at work"):
        api.resume(run)


def test_the_command_prints_what_train_does(
    toy_run: Make, settings: dict[str, Any], uninterrupted: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    run = toy_run(**settings)
    perform(workspace(), run, stop_at(run, 5))
    capfd.readouterr()
    main(["resume", str(run.path), "--json"])
    value = json.loads(capfd.readouterr().out)
    assert value["run"] == str(run.path)
    assert value["state"] == "FINISHED"
    assert value["val_accuracy"] == read_json(uninterrupted.path / "report.json")["val_accuracy"]
    assert {"val_interval", "test_accuracy", "classes", "trainable_parameters", "seconds", "freeze_proof"} <= set(value)
    assert story(run) == story(uninterrupted)
    with pytest.raises(SystemExit) as refusal:
        main(["resume", str(run.path)])
    assert refusal.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.strip() == f"Run {run.id} has finished; make a new run to train again."
