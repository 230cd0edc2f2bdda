"""The query worker with a stand-in worker: answers, refusals, and a worker that dies, hangs or is cancelled."""

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
from transfer_core.jobs.query import QueryWorker

STAND_IN = (sys.executable, "-S", str(Path(__file__).with_name("stand_in_worker.py")))


@pytest.fixture
def worker(thaw_home: Path) -> Iterator[QueryWorker]:
    worker = QueryWorker(workspace(), command=STAND_IN)
    yield worker
    worker.close()


def test_an_answer_is_read_and_removed(worker):
    waits: list[float] = []
    answer = worker.ask("echo", {"name": "Müller ✓", "bad": "\udcff"}, on_wait=waits.append)
    assert answer["args"] == {"name": "Müller ✓", "bad": "\udcff"}
    assert waits == sorted(waits) and waits
    assert list(workspace().queries_dir.iterdir()) == []


def test_every_asker_gets_its_own_answer_from_one_worker(worker):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: worker.ask("echo", {"number": number}), range(24)))
    assert [answer["args"]["number"] for answer in answers] == list(range(24))
    assert len({answer["pid"] for answer in answers}) == 1


def test_the_workers_sentence_comes_through(worker):
    with pytest.raises(TransferError, match="There is no base 'alexnet'"):
        worker.ask("refuse", {})


def test_a_bug_is_not_a_refusal_and_its_traceback_is_logged(worker, caplog):
    with pytest.raises(RuntimeError, match="ZeroDivisionError") as caught:
        worker.ask("bug", {})
    assert not isinstance(caught.value, TransferError)
    assert "Traceback: division by zero" in caplog.text
    worker.ask("echo", {})  # the worker's output is still whole after it was read
    with pytest.raises(RuntimeError):
        worker.ask("bug", {})
    assert "Traceback: division by zero\nTraceback: division by zero" in caplog.text


def test_a_dead_worker_is_started_again_once(worker, tmp_path):
    before = worker.ask("echo", {})["pid"]
    after = worker.ask("die", {"unless": str(tmp_path / "died")})["pid"]
    assert before != after
    with pytest.raises(TransferError, match=r"'die'.*twice.*exit code 7"):
        worker.ask("die", {})
    assert worker.ask("echo", {})["pid"] != after


def test_a_worker_killed_while_idle_is_replaced(worker):
    pid = worker.ask("echo", {})["pid"]
    os.kill(pid, 9)
    assert worker.ask("echo", {})["pid"] != pid


@pytest.mark.parametrize("size", [1, 1_000_000])  # the larger one fills the pipe of a worker that reads no more
def test_a_worker_that_hangs_is_ended_in_plain_words(worker, size):
    worker.ask("echo", {})
    with pytest.raises(TransferError, match=r"No answer to 'hang' came within 0\.3 s"):
        worker.ask("hang", {"data": "x" * size}, timeout=0.3)
    assert worker.ask("echo", {"again": True})["args"] == {"again": True}


def test_cancelling_frees_the_asker_at_once_and_the_late_answer_is_removed(worker, tmp_path):
    release = tmp_path / "release"
    asked = threading.Event()

    def cancelled() -> bool:
        asked.set()
        return True

    pid = worker.ask("echo", {})["pid"]
    with pytest.raises(TransferError, match="Cancelled"):
        worker.ask("wait", {"for": str(release)}, cancelled=cancelled)
    assert asked.is_set() and not release.exists()
    release.touch()
    assert worker.ask("echo", {})["pid"] == pid
    assert list(workspace().queries_dir.iterdir()) == []


def test_a_cancelled_question_does_not_count_against_the_next(worker, tmp_path):
    release = tmp_path / "release"
    with pytest.raises(TransferError, match="Cancelled"):
        worker.ask("wait", {"for": str(release)}, timeout=10, cancelled=lambda: True)
    answer = worker.ask("echo", {}, timeout=0.2, on_wait=lambda waited: release.touch() if waited > 0.5 else None)
    assert answer["args"] == {}


def test_waiting_for_a_turn_can_be_cancelled_too(worker, tmp_path):
    release = tmp_path / "release"
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(worker.ask, "wait", {"for": str(release)}, on_wait=lambda _: begun.set())
        assert begun.wait(15)
        with pytest.raises(TransferError, match="Cancelled"):
            worker.ask("echo", {}, cancelled=lambda: True)
        release.touch()
        assert first.result(15)["args"] == {"for": str(release)}


def test_warm_starts_the_worker_and_close_ends_it(thaw_home):
    worker = QueryWorker(workspace(), command=STAND_IN)
    worker.warm()
    process = ProcessId.of(worker.ask("echo", {})["pid"])
    assert process.alive
    worker.close()
    assert not process.alive
    with pytest.raises(TransferError, match="shutting down"):
        worker.ask("echo", {})


def test_closing_frees_whoever_waits(thaw_home):
    worker = QueryWorker(workspace(), command=STAND_IN)
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(worker.ask, "hang", {}, on_wait=lambda _: begun.set())
        assert begun.wait(15)
        worker.close()
        with pytest.raises(TransferError, match="shutting down"):
            waiting.result(15)


def test_a_worker_that_cannot_start_is_a_sentence(thaw_home):
    worker = QueryWorker(workspace(), command=("/no/such/python",))
    with pytest.raises(TransferError, match="could not be started"):
        worker.ask("echo", {})
    worker.close()


def test_leftovers_of_an_earlier_server_go(worker):
    workspace().queries_dir.mkdir(parents=True)
    old, fresh = workspace().queries_dir / "old.json", workspace().queries_dir / "fresh.json"
    for path in (old, fresh):
        path.write_text("{}")
    os.utime(old, (1, 1))
    worker.ask("echo", {})
    assert not old.exists() and fresh.exists()
