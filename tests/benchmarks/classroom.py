"""A whole class at one server: thirty people bring photos in, train a head, drop a photo and read the answer, at once.

Each speaks the protocol of browsers (`tests/classroom/tab.py`). Meanwhile workers and the server itself are killed
(kill -9) at random moments. The last of the class trains before anything is killed; all numbers are compared with that.
"""

import tempfile
import time
from pathlib import Path

from tests.benchmarks.material import say
from tests.benchmarks.table import Row
from tests.classroom.school import School
from tests.classroom.soak import soak
from tests.classroom.test_handouts import project
from tests.classroom.test_soak import figures
from transfer_core.classroom.handouts import hand_out

_REACTION, _MEMORY = 1.0, 400.0  # seconds; megabytes


def run(quick: bool = False) -> list[Row]:
    """Let the class in, and measure."""
    people, photos, workers, servers = (3, 24, 1, 1) if quick else (30, 60, 10, 2)
    with tempfile.TemporaryDirectory() as folder:
        school = School(Path(folder), people + 1)
        school.start()
        try:
            room = school.room
            given = hand_out(room, project(room.workspace(room.seats[0]), photos=photos), photos, time.time())
            found = soak(school, given.id, workers, servers)
        finally:
            school.kill()
        assert found.undisturbed is not None
        same = sum(figures(run) == figures(found.undisturbed) for run in found.runs.values())
    waited = sorted(found.waited.values())
    say(
        f"{people} people with {photos} photos each: {found.seconds:.0f} s; {found.killed_workers} workers and "
        f"{found.killed_servers} servers killed; waited for their turn {waited[0]:.0f} to {waited[-1]:.0f} s; "
        f"slowest reaction {max(found.reactions):.1f} s of {len(found.reactions)}"
    )
    megabytes = found.memory / 1e6
    return [
        Row(
            "classroom",
            f"{people} people, a click until the page stands still (median)",
            found.median,
            _REACTION,
            "s",
            "the limit",
            found.median / _REACTION,
            "<=",
            1.0,
        ),
        Row(
            "classroom",
            f"{people} people, most memory of the server's own process",
            megabytes,
            _MEMORY,
            "MB",
            "the limit",
            megabytes / _MEMORY,
            "<=",
            1.0,
        ),
        Row(
            "classroom",
            f"runs as undisturbed, with {found.killed_workers} workers and {found.killed_servers} servers killed",
            same,
            people,
            "runs",
            "all",
            same / people,
            ">=",
            1.0,
        ),
    ]
