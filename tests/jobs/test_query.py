"""The interactive lane with a stand-in worker: answers, refusals, and a worker that dies, hangs or is cancelled."""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import workspace
from transfer_core.errors import TransferError
from transfer_core.jobs.process import ProcessId
from transfer_core.jobs.query import Lane

STAND_IN = (sys.executable, "-S", str(Path(__file__).with_name("stand_in_worker.py")))


@pytest.fixture
def lane(thaw_home: Path) -> Iterator[Lane]:
    lane = Lane(workspace(), command=STAND_IN)
    yield lane
    lane.close()


def test_an_answer_is_read_and_removed(lane):
    waits: list[float] = []
    answer = lane.ask("echo", {"name": "Müller ✓", "bad": "\udcff"}, on_wait=waits.append)
    assert answer["args"] == {"name": "Müller ✓", "bad": "\udcff"}
    assert waits == sorted(waits) and waits
    assert list(workspace().lane_dir.iterdir()) == []


def test_every_asker_gets_its_own_answer_from_one_worker(lane):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: lane.ask("echo", {"number": number}), range(24)))
    assert [answer["args"]["number"] for answer in answers] == list(range(24))
    assert len({answer["pid"] for answer in answers}) == 1


def test_the_workers_sentence_comes_through(lane):
    with pytest.raises(TransferError, match="There is no base 'alexnet'"):
        lane.ask("refuse", {})


def test_a_bug_is_not_a_refusal_and_its_traceback_is_logged(lane, caplog):
    with pytest.raises(RuntimeError, match="ZeroDivisionError") as caught:
        lane.ask("bug", {})
    assert not isinstance(caught.value, TransferError)
    assert "Traceback: division by zero" in caplog.text
    lane.ask("echo", {})  # the worker's output is still whole after it was read
    with pytest.raises(RuntimeError):
        lane.ask("bug", {})
    assert "Traceback: division by zero\nTraceback: division by zero" in caplog.text


def test_a_dead_worker_is_started_again_once(lane, tmp_path):
    before = lane.ask("echo", {})["pid"]
    after = lane.ask("die", {"unless": str(tmp_path / "died")})["pid"]
    assert before != after
    with pytest.raises(TransferError, match=r"'die'.*twice.*exit code 7"):
        lane.ask("die", {})
    assert lane.ask("echo", {})["pid"] != after


def test_a_worker_killed_while_idle_is_replaced(lane):
    pid = lane.ask("echo", {})["pid"]
    os.kill(pid, 9)
    assert lane.ask("echo", {})["pid"] != pid


@pytest.mark.parametrize("size", [1, 1_000_000])  # the larger one fills the pipe of a worker that reads no more
def test_a_worker_that_hangs_is_ended_in_plain_words(lane, size):
    lane.ask("echo", {})
    with pytest.raises(TransferError, match=r"No answer to 'hang' came within 0\.3 s"):
        lane.ask("hang", {"data": "x" * size}, timeout=0.3)
    assert lane.ask("echo", {"again": True})["args"] == {"again": True}


def test_cancelling_frees_the_asker_at_once_and_the_late_answer_is_removed(lane, tmp_path):
    release = tmp_path / "release"
    asked = threading.Event()

    def cancelled() -> bool:
        asked.set()
        return True

    pid = lane.ask("echo", {})["pid"]
    with pytest.raises(TransferError, match="Cancelled"):
        lane.ask("wait", {"for": str(release)}, cancelled=cancelled)
    assert asked.is_set() and not release.exists()
    release.touch()
    assert lane.ask("echo", {})["pid"] == pid
    assert list(workspace().lane_dir.iterdir()) == []


def test_a_cancelled_question_does_not_count_against_the_next(lane, tmp_path):
    release = tmp_path / "release"
    with pytest.raises(TransferError, match="Cancelled"):
        lane.ask("wait", {"for": str(release)}, timeout=10, cancelled=lambda: True)
    answer = lane.ask("echo", {}, timeout=0.2, on_wait=lambda waited: release.touch() if waited > 0.5 else None)
    assert answer["args"] == {}


def test_waiting_for_a_turn_can_be_cancelled_too(lane, tmp_path):
    release = tmp_path / "release"
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lane.ask, "wait", {"for": str(release)}, on_wait=lambda _: begun.set())
        assert begun.wait(15)
        with pytest.raises(TransferError, match="Cancelled"):
            lane.ask("echo", {}, cancelled=lambda: True)
        release.touch()
        assert first.result(15)["args"] == {"for": str(release)}


def test_warm_starts_the_worker_and_close_ends_it(thaw_home):
    lane = Lane(workspace(), command=STAND_IN)
    lane.warm()
    worker = ProcessId.of(lane.ask("echo", {})["pid"])
    assert worker.alive
    lane.close()
    assert not worker.alive
    with pytest.raises(TransferError, match="shutting down"):
        lane.ask("echo", {})


def test_closing_frees_whoever_waits(thaw_home):
    lane = Lane(workspace(), command=STAND_IN)
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lane.ask, "hang", {}, on_wait=lambda _: begun.set())
        assert begun.wait(15)
        lane.close()
        with pytest.raises(TransferError, match="shutting down"):
            waiting.result(15)


def test_a_worker_that_cannot_start_is_a_sentence(thaw_home):
    lane = Lane(workspace(), command=("/no/such/python",))
    with pytest.raises(TransferError, match="could not be started"):
        lane.ask("echo", {})
    lane.close()


def test_leftovers_of_an_earlier_server_go(lane):
    workspace().lane_dir.mkdir(parents=True)
    old, fresh = workspace().lane_dir / "old.json", workspace().lane_dir / "fresh.json"
    for path in (old, fresh):
        path.write_text("{}")
    os.utime(old, (1, 1))
    lane.ask("echo", {})
    assert not old.exists() and fresh.exists()
