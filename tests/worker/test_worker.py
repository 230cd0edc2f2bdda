"""The worker process: runs one job and says how it ended, waits warm, answers questions."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import workspace
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import DataError, TransferError
from transfer_core.nn.training import run as training
from transfer_core.nn.training.run import train
from transfer_core.photos.manifest import Manifest
from transfer_core.runs import folder as runs
from transfer_core.runs.config import BaseConfig, FitConfig, PhaseConfig
from transfer_core.runs.events import EpochEnded, Event
from transfer_core.runs.folder import Run, create_run, open_run
from transfer_core.text import Sentence
from transfer_core.worker import __main__ as commands
from transfer_core.worker import job as worker
from transfer_core.worker.queries import QueryServer, answer_lines

Make = Callable[..., Run]


def test_a_run_is_recorded_to_its_end(toy_run: Make) -> None:
    run, heard = toy_run(), []
    status = worker.perform(workspace(), run, heard.append)
    assert status == run.status()
    assert (status.state, str(status.message), status.pid) == ("FINISHED", "", os.getpid())
    assert run.events() == heard
    assert [event["epoch"] for event in run.report()["history"]] == [event.epoch for event in run.epochs()]


def test_a_stopped_run_says_what_is_kept(toy_run: Make) -> None:
    run = toy_run(head=PhaseConfig(500, 1e-3), fit=FitConfig(patience=0))

    def stop(event: Event) -> None:
        if isinstance(event, EpochEnded):
            run.request_stop()

    status = worker.perform(workspace(), run, stop)
    assert (status.state, str(status.message)) == ("STOPPED", "Stopped; the best weights so far are kept.")
    assert run.model_path.is_file()
    early = toy_run()
    early.request_stop()
    status = worker.perform(workspace(), early)
    assert (status.state, str(status.message)) == (
        "STOPPED",
        "Stopped before the first epoch ended, so there is no classifier.",
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DataError("Only one class."), "Only one class."),
        (KeyError("x"), "Something went wrong inside Thaw: KeyError; the log has the details."),
        (MemoryError(), "There was not enough memory. Choose a smaller batch, a smaller base or fewer layers."),
    ],
)
def test_a_run_that_fails_says_why(
    toy_run: Make,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    message: str,
) -> None:
    def fail(space: Workspace, run: Run, emit: object) -> None:
        raise error

    monkeypatch.setattr(training, "train", fail)
    status = worker.perform(workspace(), toy_run())
    assert (status.state, str(status.message)) == ("FAILED", message)
    assert ("Traceback" in capsys.readouterr().err) is isinstance(error, KeyError)


def test_the_heart_beats_during_one_long_operation(toy_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "HEARTBEAT", 0.01)
    monkeypatch.setattr(worker, "HEARTBEAT", 0.01)
    run, moved = toy_run(), threading.Event()

    def long_operation(space: Workspace, run: Run, emit: object) -> None:
        first = run.status().heartbeat
        for _ in range(10_000):
            if run.status().heartbeat > first:
                moved.set()
                return

    monkeypatch.setattr(training, "train", long_operation)
    worker.perform(workspace(), run)
    assert moved.is_set()
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]


def test_unknown_commands_and_folders_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TransferError, match=r"takes 'run FOLDER', 'standby' or 'answer'; 'dance' came"):
        commands.main(["dance"])
    assert commands.main(["run", str(tmp_path)]) == 2
    assert "is not the folder of a run" in capsys.readouterr().err


@pytest.fixture
def real_run(tmp_path: Path, thaw_home: Path, toy_manifest: Callable[..., Manifest]) -> Run:
    """A run that another process can carry out: on a base of the catalog."""
    from transfer_core.runs.config import RunConfig

    config = RunConfig(base=BaseConfig("efficientnet-lite0", "none"), head=PhaseConfig(2, 1e-3))
    return create_run(tmp_path / "run", config, toy_manifest(3, 2))


def test_standby_waits_ready_and_trains_the_run_it_is_given(real_run: Run) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "transfer_core.worker", "standby"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == commands.READY
    output, errors = process.communicate(f"{real_run.path}\n", timeout=300)
    assert process.returncode == 0, errors
    assert output == ""
    assert open_run(real_run.path).status().state == "FINISHED"
    assert len(real_run.epochs()) == 2


def test_standby_ends_when_nobody_needs_it(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert commands.main(["standby"]) == 0


def test_a_killed_run_leaves_no_half_written_file(real_run: Run) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "transfer_core.worker", "run", str(real_run.path)],
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    try:
        deadline = time.monotonic() + 120
        while not real_run.events() and time.monotonic() < deadline:
            assert process.poll() is None, "ended before it began"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert real_run.status().state == "RUNNING"  # what the engine turns into INTERRUPTED
    assert not real_run.model_path.exists()
    for path in real_run.path.glob("[!.]*.json"):  # a temporary file it was writing may stay, under a hidden name
        json.loads(path.read_text())


def test_the_lane_answers_each_line_in_its_own_file(toy_run: Make, capsys: pytest.CaptureFixture[str]) -> None:
    run = toy_run(head=PhaseConfig(30, 3e-2))
    assert train(workspace(), run, lambda event: None)
    photo = run.manifest().of("validation")[0]
    requests: list[dict[str, Any]] = [
        {"id": "a1", "kind": "predict", "args": {"run": str(run.path), "images": [photo.path, "/nowhere.jpg"]}},
        {"id": "a2", "kind": "tree", "args": {"base": "toy"}},
        {"id": "a3", "kind": "tree", "args": {"base": "vgg61"}},
        {"id": "a4", "kind": "predict", "args": {"run": str(run.path)}},
        {"id": "a5", "kind": "dance"},
        {"id": "a6", "kind": "predict", "args": {"run": str(run.path), "images": []}},
    ]
    answer_lines(workspace(), [json.dumps(request) + "\n" for request in requests] + ["\n"])
    answers = {path.stem: json.loads(path.read_text()) for path in workspace().queries_dir.glob("*.json")}
    assert set(answers) == {"a1", "a2", "a3", "a4", "a5", "a6"}
    good, bad = answers["a1"]["result"]["predictions"]
    assert (good["image"], good["label"]) == (photo.path, "blue")
    assert "error" in bad
    assert json.loads(Path(answers["a2"]["result"]["path"]).read_text())["tree"]["name"] == "Toy"
    assert (answers["a3"]["ok"], answers["a3"]["kind"]) == (False, "TransferError")
    assert "vgg16" in str(Sentence.from_json(answers["a3"]["error"]))
    assert answers["a4"] == {
        "ok": False,
        "error": "Something went wrong inside Thaw: TypeError; the worker's log has the details.",
        "kind": "bug",
    }
    assert "Traceback" in capsys.readouterr().err
    assert "'dance' came" in str(Sentence.from_json(answers["a5"]["error"]))
    assert answers["a6"] == {"ok": True, "result": {"predictions": []}}


def test_the_lane_keeps_few_classifiers_and_notices_a_new_one(toy_run: Make) -> None:
    folders = []
    for _ in range(3):
        run = toy_run(head=PhaseConfig(1, 1e-3))
        assert train(workspace(), run, lambda event: None)
        folders.append(run)
    answerer = QueryServer(workspace())
    loaded = [answerer._classifier(str(run.path)) for run in folders]
    assert answerer._classifier(str(folders[2].path)) is loaded[2]
    assert answerer._classifier(str(folders[1].path)) is loaded[1]
    assert len(answerer._classifiers) == 2
    os.utime(folders[1].model_path, ns=(1, 1))
    assert answerer._classifier(str(folders[1].path)) is not loaded[1]
