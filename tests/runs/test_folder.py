"""A run's folder: made whole, read afresh, kept in step with its events."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from transfer_core.errors import RunError, StorageError
from transfer_core.photos.manifest import Manifest
from transfer_core.runs import folder as runs
from transfer_core.runs.config import RunConfig
from transfer_core.runs.events import EpochEnded, Message, PhaseStarted, Progress
from transfer_core.runs.folder import Recorder, Run, create_run, list_runs, open_run
from transfer_core.text import Sentence

METRICS = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}


@pytest.fixture
def run(tmp_path: Path, toy_manifest: Callable[..., Manifest]) -> Run:
    return create_run(tmp_path / "run", RunConfig(seed=3), toy_manifest(2, 1))


def test_a_new_run_waits_and_reads_back(run: Run, toy_manifest: Callable[..., Manifest]) -> None:
    assert open_run(run.path) == run
    assert run.status().state == "QUEUED"
    assert run.status().active
    assert run.config() == RunConfig(seed=3).for_photos(4)
    assert run.manifest() == toy_manifest(2, 1)
    assert run.events() == []
    assert run.report() is None
    with pytest.raises(RunError, match="holds no trained model"):
        run.labels()


def test_a_folder_in_use_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="already holds a run"):
        create_run(run.path, RunConfig(), Manifest((), ()))
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="already exists"):
        create_run(tmp_path / "file", RunConfig(), Manifest((), ()))
    with pytest.raises(RunError, match="not the folder of a run"):
        open_run(tmp_path / "nothing")


def test_runs_are_listed_newest_first(run: Run) -> None:
    later = create_run(run.path.parent / "run2", RunConfig(), Manifest((), ()))
    (run.path.parent / "unfinished").mkdir()
    assert list_runs(run.path.parent) == [later, run]
    assert list_runs(run.path / "nothing") == []


def test_the_status_follows_the_events(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "STATUS_INTERVAL", 0)
    record = Recorder(run, 42)
    assert (run.status().state, run.status().pid) == ("RUNNING", 42)
    record(Progress("features", Sentence("features"), 120, 200, eta=7.5))
    status = run.status()
    assert (status.phase, str(status.step), status.done, status.total) == ("features", "features", 120, 200)
    assert status.eta == 7.5
    record(PhaseStarted("head", 5))
    record(EpochEnded("head", 1, METRICS, 0.1, 1e-3, eta=3.0))
    record(Progress("head", Sentence("epoch 2"), 3, 9, eta=2.5))
    assert (str(run.status().step), run.status().done, run.status().total) == ("epoch 2", 3, 9)
    record(EpochEnded("head", 2, METRICS, 0.1, 1e-3, eta=2.0))
    assert (str(run.status().step), run.status().done, run.status().total) == ("epochs", 2, 5)
    record(Message(Sentence("a hint")))
    assert [event.epoch for event in run.epochs()] == [1, 2]
    assert run.events()[-1] == Message(Sentence("a hint"), time=run.events()[-1].time)
    record.end("STOPPED", Sentence("asked to"))
    status = run.status()
    assert (status.state, str(status.message), status.eta) == ("STOPPED", "asked to", None)
    assert status.ended is not None
    assert not status.active


def test_figures_that_come_fast_are_written_at_the_latest_at_the_end(run: Run) -> None:
    record = Recorder(run, 1)
    for done in range(50):
        record(Progress("head", Sentence("epoch 1"), done, 50))
    assert run.status().done < 49
    record.end("FINISHED")
    assert run.status().done == 49
    assert len(run.events()) == 50


def test_a_heartbeat_is_written_only_when_due(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Recorder(run, 1)
    before = run.status().heartbeat
    record.beat()
    assert run.status().heartbeat == before
    monkeypatch.setattr(runs, "HEARTBEAT", -1.0)
    record.beat()
    assert run.status().heartbeat > before


def test_two_threads_may_hold_the_pen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "HEARTBEAT", -1.0)
    monkeypatch.setattr(runs, "STATUS_INTERVAL", 0)
    record = Recorder(run, 1)
    beating = threading.Thread(target=lambda: [record.beat() for _ in range(60)])
    beating.start()
    for done in range(60):
        record(Progress("head", Sentence("x"), done, 60))
    beating.join()
    assert run.status().done == 59
    assert [event.done for event in run.events() if isinstance(event, Progress)] == list(range(60))


def test_a_half_written_last_line_waits(run: Run) -> None:
    record = Recorder(run, 1)
    record(Message(Sentence("whole")))
    with run.events_path.open("ab") as file:
        file.write(b'{"event": "Mess')
    assert [str(event.text) for event in run.events() if isinstance(event, Message)] == ["whole"]


def test_a_status_of_another_version_is_refused(run: Run) -> None:
    (run.path / "status.json").write_text(json.dumps({"state": "RUNNING", "mood": "good"}))
    with pytest.raises(StorageError, match="another version"):
        run.status()


def test_going_on_forgets_what_the_stopped_process_told(run: Run) -> None:
    metrics = {"loss": 0.1, "accuracy": 1.0, "val_loss": 0.1, "val_accuracy": 1.0}
    before = Recorder(run, 1)
    before(PhaseStarted("prepare"))
    for number in (1, 2):
        before(EpochEnded("head", number, metrics, 0.1, 1e-3))
    before(Message(Sentence("Stopped before fine-tuning had changed anything.")))
    now = Recorder(run, 2)
    now(PhaseStarted("prepare"))
    now(Message(Sentence("One photo could not be read.")))
    run.rewind(1)
    now(Message(Sentence("Continued.")))
    said = [str(event.text) for event in run.events() if isinstance(event, Message)]
    assert said == ["One photo could not be read.", "Continued."]
    assert [event.epoch for event in run.epochs()] == [1]


def test_a_stop_can_be_asked_for_twice(run: Run) -> None:
    assert not run.stop_requested
    run.request_stop()
    run.request_stop()
    assert run.stop_requested
