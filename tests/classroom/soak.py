"""A whole class at once: each brings photos in, trains and tests, while workers and the server are killed."""

import io
import random
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from tests.classroom.school import School
from tests.classroom.tab import GONE, Tab
from transfer_core.classroom.room import Seat
from transfer_core.errors import TransferError
from transfer_core.runs.folder import Run, list_runs

__all__ = ["Soak", "soak"]


@dataclass
class Soak:
    """What came of it."""

    seconds: float = 0.0
    reactions: list[float] = field(default_factory=list)
    """Seconds from a click until the page stood still."""
    memory: int = 0
    """Most bytes that the server's process held."""
    killed_workers: int = 0
    killed_servers: int = 0
    undisturbed: Run | None = None
    """Of the last seat, which trained before anything was killed."""
    runs: dict[int, Run] = field(default_factory=dict)
    """Everybody else's, by the number of the seat."""
    waited: dict[int, float] = field(default_factory=dict)
    """Seconds from everybody's click on Train until the run began."""

    @property
    def median(self) -> float:
        """Of the reactions."""
        return statistics.median(self.reactions)


def soak(school: School, handout: str, worker_kills: int, server_kills: int, seed: int = 0) -> Soak:
    """Let everybody in the room take the handout, train and test: the last seat first and alone, then all others.

    Args:
        school: running; the teacher has handed out a project.
        handout: its id.
        worker_kills, server_kills: how many workers at work, and how often the server, are killed (kill -9) meanwhile.
        seed: of the moments.
    """
    *seats, alone = [seat for seat in school.room.seats if not seat.teaches]
    found = Soak(undisturbed=_person(school, alone, handout)[2])
    began, over = time.monotonic(), threading.Event()
    chaos = threading.Thread(target=_chaos, args=(school, found, worker_kills, server_kills, random.Random(seed), over))
    chaos.start()
    try:
        with ThreadPoolExecutor(len(seats)) as people:
            for seat, tab, run in people.map(lambda seat: _person(school, seat, handout), seats):
                found.reactions += tab.reactions
                found.runs[seat.number] = run
    finally:
        over.set()
        chaos.join()
    found.seconds = time.monotonic() - began
    for number, run in found.runs.items():
        status = run.status()
        found.waited[number] = (status.started or status.created) - status.created
    return found


def _person(school: School, seat: Seat, handout: str) -> tuple[Seat, Tab, Run]:
    space = school.room.workspace(seat)
    tab = Tab(school.port, seat.code, f"Pupil {seat.number}")
    tab.run(page="")
    # A click may be lost with the server, as a person's is: who sees that nothing came of it clicks again.
    while not space.list_projects():
        if tab.has(f"start_from_{handout}"):
            tab.run(f"start_from_{handout}")
        else:
            tab.run(page="")
    project = space.list_projects()[0]
    on = {"": f"open_{project.id}", "photos": "next_base", "base": "next_layers", "layers": "next_train"}
    while not list_runs(project.runs_dir):
        key = on.get(tab.page, "train")
        tab.run(key if tab.has(key) else None)
    (run,) = list_runs(project.runs_dir)
    while run.status().state != "FINISHED":
        tab.run("continue" if tab.has("continue") else None)
        time.sleep(1.0)
    tab.run(page="test")
    while not tab.has("clear_answers"):
        if tab.has("test_images_"):
            try:
                tab.drop("test_images_", "new.png", _picture(seat.number))
            except GONE:  # the server is gone for a moment
                tab.close()
        tab.run()
    tab.close()
    return seat, tab, run


def _picture(number: int) -> bytes:
    """A PNG that nobody else has."""
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(1000 + number).integers(0, 255, (64, 64, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _chaos(
    school: School, found: Soak, worker_kills: int, server_kills: int, drawn: random.Random, over: threading.Event
) -> None:
    kills = ["worker"] * worker_kills + ["server"] * server_kills
    drawn.shuffle(kills)
    pause = drawn.uniform(2, 8)
    since = time.monotonic()
    while not over.wait(0.05):
        if school.process is not None:
            with suppress(psutil.NoSuchProcess):
                found.memory = max(found.memory, psutil.Process(school.process.pid).memory_info().rss)
        if not kills or time.monotonic() - since < pause:
            continue
        if kills[-1] == "server":
            school.kill()
            school.start()
            found.killed_servers += 1
        elif not _kill_worker(school, drawn):
            continue  # none is at work this moment
        else:
            found.killed_workers += 1
        kills.pop()
        pause, since = drawn.uniform(2, 8), time.monotonic()


def _kill_worker(school: School, drawn: random.Random) -> bool:
    at_work = []
    for folder in school.home.glob("classrooms/*/seats/*/projects/*/runs/*"):
        with suppress(TransferError, psutil.NoSuchProcess):
            status = Run(Path(folder)).status()
            if status.state == "RUNNING" and status.pid is not None:
                at_work.append(psutil.Process(status.pid))
    if not at_work:
        return False
    with suppress(psutil.NoSuchProcess):
        drawn.choice(at_work).kill()
    return True
