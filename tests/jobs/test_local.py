"""The engine of one machine with a stand-in worker: ends of every kind, turns, restarts and several servers."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import wait_until, workspace
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.errors import RunError
from transfer_core.jobs import claims, local
from transfer_core.jobs.claims import claim, current_claim
from transfer_core.jobs.limits import JobLimits
from transfer_core.jobs.local import LocalEngine
from transfer_core.jobs.process import WORKER, ProcessId, kill
from transfer_core.jobs.standby import Likely
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import BaseConfig, RunConfig
from transfer_core.runs.folder import Run, create_run

STAND_IN = (sys.executable, "-S", str(Path(__file__).with_name("stand_in_worker.py")))


def state(run: Run) -> str:
    return run.status().state


def wait_for(run: Run, *states: str) -> str:
    """Wait until `run` is in one of `states`; its message."""
    wait_until(lambda: state(run) in states)
    return str(run.status().message)


def starts(home: Path) -> list[str]:
    """The names of runs in the order in which workers took them up."""
    path = home / "starts"
    return [Path(line).name for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def project(thaw_home: Path) -> Project:
    return workspace().create_project("Cats")


@pytest.fixture
def new_run(project: Project) -> Iterator[Callable[..., Run]]:
    made: list[Run] = []

    def make(part: str, of: Project = project) -> Run:
        folder = of.runs_dir / f"run-{len(made):02}"
        made.append(create_run(folder, RunConfig(), Manifest(("a", "b"), ())))
        (folder / "part").write_text(part)
        return made[-1]

    yield make
    for run in made:
        if (mine := current_claim(run)) and mine.worker:
            kill(mine.worker)


@pytest.fixture
def new_engine(new_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LocalEngine]]:
    monkeypatch.setattr(local, "_LONG", 0.0)
    engines: list[LocalEngine] = []

    def make(slots: int = 1, **options: object) -> LocalEngine:
        engines.append(LocalEngine(workspace(), slots, **({"command": STAND_IN} | options)))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(new_engine: Callable[..., LocalEngine]) -> LocalEngine:
    return new_engine()


def exists(pid: int) -> bool:
    """Whether there is such a process, be it as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_is_carried_out_and_its_worker_reaped(engine, new_run):
    run = new_run("finish")
    engine.start(run)
    engine.start(run)  # a second click
    wait_for(run, "FINISHED")
    pid = run.status().pid
    assert pid and run.log_tail() == f"playing finish in {pid}"
    wait_until(lambda: not exists(pid))
    with pytest.raises(RunError, match="has finished"):
        engine.start(run)


def test_a_killed_worker_is_told_in_words(engine, new_run):
    run = new_run("train")
    engine.start(run)
    wait_for(run, "RUNNING")
    os.kill(run.status().pid, signal.SIGKILL)
    message = wait_for(run, "INTERRUPTED", "FAILED")
    assert state(run) == "INTERRUPTED" and "ended from outside" in message and "memory" in message
    assert run.status().ended


def test_a_worker_killed_before_it_said_anything_is_told_too(engine, new_run):
    run = new_run("mute")
    engine.start(run)
    wait_until(lambda: run.log_tail() and current_claim(run).worker)
    os.kill(current_claim(run).worker.pid, signal.SIGTERM)
    assert "ended from outside" in wait_for(run, "INTERRUPTED")


def test_a_crash_fails_the_run_and_keeps_the_last_words(engine, new_run):
    run = new_run("crash")
    engine.start(run)
    assert "exit code 3" in wait_for(run, "FAILED")
    assert run.log_tail().endswith("the last words of a worker")


def test_a_worker_that_cannot_be_started_fails_the_run(new_engine, new_run):
    run, other = new_run("finish"), new_run("finish")
    engine = new_engine(command=("/no/such/python",))
    engine.start(run)
    engine.start(other)
    assert "could not be started" in wait_for(run, "FAILED")
    wait_for(other, "FAILED")


def test_stop_lets_the_worker_end_itself(engine, new_run):
    run = new_run("train")
    engine.start(run)
    wait_for(run, "RUNNING")
    engine.cancel(run)
    engine.cancel(run)
    assert wait_for(run, "STOPPED") == ""
    engine.cancel(run)  # too late, and harmless


def test_a_worker_deaf_to_stop_is_killed_after_the_grace(new_engine, new_run):
    engine = new_engine(grace=0.3)
    run = new_run("deaf")
    engine.start(run)
    wait_for(run, "RUNNING")
    pid = run.status().pid
    engine.cancel(run)
    assert "no progress for 0.3 s" in wait_for(run, "STOPPED", "FAILED", "INTERRUPTED")
    assert state(run) == "STOPPED"
    wait_until(lambda: not exists(pid))


def test_a_waiting_run_stops_at_once_and_never_begins(engine, new_run, thaw_home):
    first, second, third = new_run("train"), new_run("finish"), new_run("finish")
    for run in (first, second, third):
        engine.start(run)
    wait_for(first, "RUNNING")
    assert [engine.position(run) for run in (first, second, third)] == [0, 1, 2]
    engine.cancel(second)
    assert (state(second), str(second.status().message)) == ("STOPPED", "Stopped before it began.")
    assert engine.position(third) == 1
    engine.cancel(first)
    wait_for(third, "FINISHED")
    assert starts(thaw_home) == [first.id, third.id]


def test_a_stopped_run_may_begin_again(engine, new_run):
    run, other = new_run("train"), new_run("train")
    engine.start(other)
    engine.start(run)
    engine.cancel(run)
    assert state(run) == "STOPPED"
    engine.start(run)
    assert state(run) == "QUEUED" and not run.stop_requested and str(run.status().message) == ""
    engine.cancel(other)
    wait_for(run, "RUNNING")


def test_projects_take_turns(engine, new_run, thaw_home):
    dogs = workspace().create_project("Dogs")
    block = new_run("train")
    engine.start(block)
    wait_for(block, "RUNNING")
    cats = [new_run("finish") for _ in range(3)]
    late = [new_run("finish", dogs) for _ in range(2)]
    for run in [*cats, *late]:
        engine.start(run)
    expected = [late[0], cats[0], late[1], cats[1], cats[2]]  # Cats had the last turn
    assert [engine.position(run) for run in expected] == [1, 2, 3, 4, 5]
    (block.path / "end").touch()
    wait_for(expected[-1], "FINISHED")
    assert starts(thaw_home) == [run.id for run in [block, *expected]]


def test_slots_limit_how_many_train(new_engine, new_run):
    engine = new_engine(2)
    runs = [new_run("train") for _ in range(3)]
    for run in runs:
        engine.start(run)
    wait_for(runs[0], "RUNNING")
    wait_for(runs[1], "RUNNING")
    assert state(runs[2]) == "QUEUED" and engine.position(runs[2]) == 1
    (runs[1].path / "end").touch()
    wait_for(runs[2], "RUNNING")


def test_a_new_engine_adopts_what_trains_and_queues_what_waited(new_engine, new_run, thaw_home):
    before = new_engine()
    runs = [new_run("train") for _ in range(3)]
    for run in runs:
        before.start(run)
    wait_for(runs[0], "RUNNING")
    before.close()

    after = new_engine()
    after.reconcile()
    assert [state(run) for run in runs] == ["RUNNING", "QUEUED", "QUEUED"]
    assert [after.position(run) for run in runs] == [0, 1, 2]
    after.cancel(runs[0])
    wait_for(runs[0], "STOPPED")
    wait_for(runs[1], "RUNNING")
    assert starts(thaw_home) == [runs[0].id, runs[1].id]


def test_an_adopted_worker_that_dies_interrupts_its_run(new_engine, new_run):
    run = new_run("train")
    before = new_engine()
    before.start(run)
    wait_for(run, "RUNNING")
    before.close()
    after = new_engine()
    after.reconcile()
    os.kill(run.status().pid, signal.SIGKILL)
    assert "Train again" in wait_for(run, "INTERRUPTED")


def test_an_adopted_worker_deaf_to_stop_is_killed(new_engine, new_run):
    run = new_run("deaf")
    before = new_engine()
    before.start(run)
    wait_for(run, "RUNNING")
    before.close()
    after = new_engine(grace=0.3)
    after.cancel(run)  # even without reconcile: a second tab after a restart
    assert "no progress" in wait_for(run, "STOPPED")


@pytest.mark.parametrize("how", ["dead", "number used again", "claimed by a dead worker"])
def test_reconcile_closes_what_died_unseen(engine, new_run, how):
    run = new_run("train")
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    status = replace(run.status(), state="RUNNING", pid=ended.pid, heartbeat=time.time())
    if how == "number used again":
        status = replace(status, pid=os.getppid(), heartbeat=time.time() - 3600)
    elif how == "claimed by a dead worker":
        claim(run).hand_over(ProcessId(os.getppid(), 1.0))
        status = replace(status, pid=os.getppid())
    run.write_status(status)
    engine.reconcile()
    assert state(run) == "INTERRUPTED" and "Train again" in str(run.status().message)


def test_reconcile_leaves_a_run_alone_that_a_command_line_carries_out(engine, new_run):
    run, waiting = new_run("train"), new_run("finish")
    with subprocess.Popen([*STAND_IN, "run", str(run.path)]) as terminal:
        wait_for(run, "RUNNING")
        engine.reconcile()
        assert state(run) == "RUNNING" and engine.position(waiting) == 1
        (run.path / "end").touch()
        terminal.wait()
    wait_for(waiting, "FINISHED")
    assert state(run) == "FINISHED"


def test_several_servers_start_a_run_once(new_engine, new_run, thaw_home):
    runs = [new_run("finish") for _ in range(8)]
    servers = [new_engine(2) for _ in range(3)]
    gate = threading.Barrier(len(servers))

    def serve(server: LocalEngine) -> None:
        gate.wait()
        server.reconcile()

    threads = [threading.Thread(target=serve, args=(server,)) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        wait_for(run, "FINISHED")
    assert sorted(starts(thaw_home)) == [run.id for run in runs]


def test_one_of_many_gets_a_claim_even_a_stale_one(new_run, monkeypatch):
    run, look = new_run("finish"), claims._newest
    for number in range(1, 4):
        gate = threading.Barrier(6)

        def look_together(run: Run, gate: threading.Barrier = gate) -> Path | None:
            newest = look(run)
            gate.wait(15)  # nobody acts before all have seen the same
            return newest

        with monkeypatch.context() as patch, ThreadPoolExecutor(6) as pool:
            patch.setattr(claims, "_newest", look_together)
            won = [mine for mine in pool.map(claims.claim, [run] * 6) if mine]
        assert [mine.path.name for mine in won] == [f"claim.{number}"]
        assert current_claim(run).held and claim(run) is None
        won[0].hand_over(ProcessId(1, 1.0))  # its worker died: the next round overrules it
        assert not current_claim(run).held


SERVER = """
import sys, time
from pathlib import Path
from transfer_core.jobs.limits import JobLimits
from transfer_core.jobs.local import LocalEngine
from transfer_core.disk.workspace import Workspace
from transfer_core.runs.folder import open_run
run, *command = sys.argv[1:]
space = Workspace.from_environment()
engine = LocalEngine(space, 1, command=command)
engine.start(open_run(Path(run)))
engine.warm()
while engine.standby_pid is None:
    time.sleep(0.01)
print(engine.standby_pid, engine.ask("echo", {})["pid"], flush=True)
time.sleep(60)
"""


def test_when_the_server_is_killed_its_run_goes_on_and_idle_workers_end(new_engine, new_run):
    run = new_run("train")
    (run.path / "epoch").touch()  # the standby waits for the first epoch
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(run.path), *STAND_IN], stdout=subprocess.PIPE, text=True, env=environment
    )
    with server:
        idle = [ProcessId.of(int(pid)) for pid in server.stdout.readline().split()]
        assert len(idle) == 2 and all(process.alive for process in idle)
        wait_for(run, "RUNNING")
        server.kill()
    wait_until(lambda: not any(process.alive for process in idle))
    assert ProcessId.of(run.status().pid).alive
    after = new_engine()
    after.reconcile()
    assert state(run) == "RUNNING"
    after.cancel(run)
    wait_for(run, "STOPPED")


def test_the_standby_takes_the_next_run_and_is_replaced_after_the_first_epoch(engine, new_run):
    engine.warm()
    wait_until(lambda: engine.standby_pid)
    ready, run = engine.standby_pid, new_run("train")
    engine.start(run)
    wait_for(run, "RUNNING")
    assert run.status().pid == ready
    wait_until(lambda: run.log_tail() == f"playing train in {ready}")
    assert engine.standby_pid is None
    (run.path / "epoch").touch()
    wait_until(lambda: engine.standby_pid)
    assert engine.standby_pid != ready and state(run) == "RUNNING"
    os.kill(ready, signal.SIGKILL)
    assert "ended from outside" in wait_for(run, "INTERRUPTED")


def test_a_standby_hears_what_is_likely_once_of_two_bases_at_most_and_so_does_the_next(engine, new_run, thaw_home):
    one, two, three = (Likely(base, "imagenet", 0, head_only=True, photos=200) for base in ("one", "two", "three"))
    (told := thaw_home / "likely").touch()
    engine.warm()
    wait_until(lambda: engine.standby_pid)
    for likely in (one, two, replace(one, photos=300), three):
        engine.warm(likely=likely)
    wait_until(lambda: told.read_text().count("\n") == 2)
    first, run = engine.standby_pid, new_run("train")
    assert told.read_text().split() == [str(first), "one", str(first), "two"]
    (run.path / "epoch").touch()
    engine.start(run)
    wait_until(lambda: told.read_text().count("\n") == 4)
    assert run.status().pid == first
    assert told.read_text().split()[4:] == [str(engine.standby_pid), "one", str(engine.standby_pid), "three"]


def test_a_standby_that_died_is_replaced_or_done_without(engine, new_run):
    engine.warm()
    wait_until(lambda: engine.standby_pid)
    gone = engine.standby_pid
    os.kill(gone, signal.SIGKILL)
    run = new_run("finish")
    engine.start(run)
    wait_for(run, "FINISHED")
    assert run.status().pid != gone


def test_a_standby_that_dies_before_it_reads_its_run_costs_the_run_nothing(engine, new_run):
    """A kill takes effect in its own time: the engine may still see the standby alive and name it the run."""
    engine.warm()
    wait_until(lambda: engine.standby_pid)
    gone, run = engine.standby_pid, new_run("finish")
    os.kill(gone, signal.SIGSTOP)  # alive, and deaf
    engine.start(run)
    wait_until(lambda: engine.position(run) == 0)
    os.kill(gone, signal.SIGKILL)
    wait_for(run, "FINISHED")
    assert run.status().pid != gone


def test_a_standby_that_always_dies_is_given_up(new_engine, new_run, caplog):
    engine = new_engine(command=(sys.executable, "-S", "-c", "import sys; sys.exit('no Keras here')"))
    with caplog.at_level(logging.WARNING):
        engine.warm()
        wait_until(lambda: caplog.text.count("no Keras here") >= 3)
    run = new_run("finish")
    engine.start(run)
    assert "exit code 1" in wait_for(run, "FAILED")


def test_close_ends_the_standby_and_refuses_new_runs(new_engine, new_run):
    engine = new_engine()
    engine.warm()
    wait_until(lambda: engine.standby_pid)
    standby = ProcessId.of(engine.standby_pid)
    engine.close()
    assert not standby.alive
    with pytest.raises(RuntimeError, match="closed"):
        engine.start(new_run("finish"))


def test_a_deleted_project_holds_nobody_up(engine, new_run, project):
    doomed, waiting = new_run("train"), new_run("finish")
    other = new_run("finish", workspace().create_project("Dogs"))
    for run in (doomed, waiting, other):
        engine.start(run)
    wait_for(doomed, "RUNNING")
    worker = ProcessId.of(doomed.status().pid)
    workspace().delete_project(project.id)
    wait_for(other, "FINISHED")
    wait_until(lambda: not worker.alive)
    wait_until(lambda: engine.position(waiting) == 0)


def test_a_full_disk_keeps_the_run_waiting_until_there_is_space(engine, new_run, monkeypatch, caplog):
    from transfer_core.disk import files as storage

    run, tried = new_run("finish"), threading.Event()

    def full(*_: object) -> None:
        tried.set()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(storage.os, "fsync", full)
        engine.start(run)
        assert tried.wait(15)
        wait_until(lambda: "is full" in caplog.text)
        assert state(run) == "QUEUED"
    wait_for(run, "FINISHED")


def test_the_real_worker_takes_a_run_from_standby_and_says_what_is_wrong(new_engine, project):
    """The one test here with Keras: the protocol between engine and worker, up to a refusal in plain words."""
    config = RunConfig(base=BaseConfig(weights="/no/such/weights.h5"))
    run = create_run(project.runs_dir / "real", config, Manifest(("a", "b"), ()))
    engine = new_engine(command=WORKER)
    engine.warm()
    wait_until(lambda: engine.standby_pid)
    standby = engine.standby_pid
    engine.start(run)
    wait_until(lambda: state(run) == "FAILED", seconds=90)  # importing Keras on a busy machine
    assert "/no/such/weights.h5" in str(run.status().message)
    assert run.status().pid == standby and run.log_path.exists()


def test_an_interrupted_run_goes_on_by_itself_but_not_for_ever(new_engine, new_run):
    engine = new_engine(restarts=2)
    engine.start(run := new_run("train"))
    killed = set()
    for _ in range(3):
        wait_until(lambda: run.status().pid not in (None, *killed) and state(run) == "RUNNING")
        killed.add(run.status().pid)
        os.kill(run.status().pid, signal.SIGKILL)
    wait_for(run, "INTERRUPTED")
    engine.start(run)  # by hand it may always go on
    wait_until(lambda: run.status().pid not in (None, *killed) and state(run) == "RUNNING")
    (run.path / "end").touch()
    wait_for(run, "FINISHED")


def test_what_died_unseen_goes_on_and_what_was_asked_to_stop_does_not(new_engine, new_run):
    runs = [new_run("finish"), new_run("finish")]
    for run in runs:
        run.write_status(replace(run.status(), state="RUNNING", pid=4_000_000, heartbeat=time.time()))
    runs[1].request_stop()
    new_engine(restarts=1).reconcile()
    wait_for(runs[0], "FINISHED")
    wait_for(runs[1], "INTERRUPTED")


# Many people on one machine


@pytest.fixture
def pupils(thaw_home: Path) -> list[Workspace]:
    """Two people whose workspaces lie in that of the engine."""
    return [Workspace(thaw_home / "seats" / number, shared=thaw_home) for number in ("001", "002")]


def test_one_engine_takes_in_the_runs_of_all_people(new_engine, new_run, pupils):
    runs = [new_run("finish", space.create_project("Mine")) for space in pupils]
    engine = new_engine(people=lambda: pupils)
    engine.reconcile()
    for run in runs:
        wait_for(run, "FINISHED")
    wait_until(lambda: not engine.running())
    assert engine.waiting() == []


def test_who_has_many_jobs_gets_no_more_and_others_do(new_engine, new_run, pupils):
    engine = new_engine(people=lambda: pupils, limits=JobLimits(active=3))
    mine, theirs = (space.create_project("Mine") for space in pupils)
    taken = [new_run("train", mine) for _ in range(3)]
    for run in taken:
        engine.start(run)
    for _ in range(1000):  # a thousand clicks, or whatever sends them
        with pytest.raises(RunError, match="3 of your trainings"):
            engine.start(Run(mine.runs_dir / "one-more"))
    engine.start(taken[2])  # one that waits already is none more
    engine.start(other := new_run("finish", theirs))
    wait_for(taken[0], "RUNNING")
    assert engine.position(other) == 1  # before the two that wait of the one who has many
    engine.cancel(taken[1])
    engine.start(new_run("finish", mine))  # there is room again
    (taken[0].path / "end").touch()
    wait_for(other, "FINISHED")
    (taken[2].path / "end").touch()


def test_a_job_that_runs_too_long_is_stopped_and_keeps_what_it_learned(new_engine, new_run):
    engine = new_engine(limits=JobLimits(seconds=0.5))
    engine.start(run := new_run("train"))
    assert "longest that a job may run here" in wait_until_told(run, "STOPPED")


def test_a_job_that_takes_too_much_memory_is_ended(new_engine, new_run):
    engine = new_engine(limits=JobLimits(memory=1_000_000))
    engine.start(run := new_run("deaf"))
    assert "more than 0.001 GB of memory" in wait_for(run, "FAILED")
    engine.start(new_run("finish"))  # the slot is free again


def wait_until_told(run: Run, *states: str) -> str:
    """As `wait_for`, until the engine has said why."""
    wait_until(lambda: state(run) in states and str(run.status().message))
    return wait_for(run, *states)
