"""A small class at once, with a worker and the server killed: nothing is lost and nothing comes out otherwise."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.classroom.school import School
from tests.classroom.soak import soak
from tests.classroom.test_handouts import project
from transfer_core.classroom.handouts import hand_out
from transfer_core.photos.store import PhotoStore
from transfer_core.runs.folder import Run, list_runs


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    """A running classroom for four."""
    running = School(tmp_path / "thaw-home", 4)
    running.start()
    yield running
    running.kill()


def figures(run: Run) -> str:
    """Every number of a run that says what was learned."""
    report = run.report()
    assert report is not None
    epochs = [(one["phase"], one["epoch"], one["metrics"], one["shares"]) for one in report["history"]]
    said = json.dumps([epochs, report["val_accuracy"], report["validation"], run.labels()])
    return said.replace(str(run.path.parents[1]), "")


def test_a_class_at_once_with_kills(school: School) -> None:
    room = school.room
    given = hand_out(room, project(room.workspace(room.seats[0]), photos=24), 24, time.time())
    found = soak(school, given.id, worker_kills=1, server_kills=1)
    assert (found.killed_workers, found.killed_servers, len(found.runs)) == (1, 1, 3)
    assert found.undisturbed is not None
    for number, run in found.runs.items():
        space = room.workspace(room.seats[number])
        (made,) = space.list_projects()
        assert PhotoStore(made.photos_dir).classes() == {"cat": 12, "dog": 12}
        assert list_runs(made.runs_dir) == [run] and run.path.is_relative_to(space.root)
        assert figures(run) == figures(found.undisturbed)
    log = (school.home / "server.log").read_text()
    assert "Traceback" not in log, log[-3000:]
