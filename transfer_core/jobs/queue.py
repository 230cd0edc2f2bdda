"""The fair order of waiting runs: round robin over people, over the projects of each, and in order of arrival."""

from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from transfer_core.runs.folder import Run

__all__ = ["FairQueue", "fair_order", "owner"]

Project = TypeVar("Project", bound=Hashable)
Item = TypeVar("Item")


def fair_order(waiting: Iterable[tuple[Project, Item]], served: Sequence[Project] = ()) -> list[Item]:
    """The order in which `waiting` runs start: round robin over projects, first come first served within one.

    Args:
        waiting: (project, run) pairs in order of arrival.
        served: projects that had a turn, the latest last. Whoever has waited longest for a turn goes first.

    Returns:
        The runs. Taking the first and asking again, with its project served, gives the same list without it.
    """
    lines: dict[Project, list[Item]] = {}
    for project, item in waiting:
        lines.setdefault(project, []).append(item)
    last_turn = {project: turn for turn, project in enumerate(served)}
    turns = sorted(lines, key=lambda project: last_turn.get(project, -1))  # stable: newcomers keep order of arrival
    rounds = max((len(line) for line in lines.values()), default=0)
    return [lines[project][number] for number in range(rounds) for project in turns if number < len(lines[project])]


def owner(run: Run) -> Path:
    """Whose run it is: the root of the workspace that its project lies in."""
    return run.path.parents[3]


class FairQueue:
    """Waiting runs by person, and by project (the folder that holds its runs). Not thread safe: its engine locks."""

    def __init__(self) -> None:
        """Start empty, with nobody served."""
        self._waiting: list[Run] = []
        self._served: list[Path] = []  # projects, and whose they are

    def __contains__(self, run: object) -> bool:
        """Whether `run` waits."""
        return run in self._waiting

    def order(self) -> list[Run]:
        """The waiting runs, the next one first."""
        by_project = fair_order(((run.path.parent, run) for run in self._waiting), self._served)
        return fair_order(((owner(run), run) for run in by_project), self._served)

    def of(self, person: Path) -> int:
        """How many runs of a person wait."""
        return sum(owner(run) == person for run in self._waiting)

    def add(self, run: Run) -> None:
        """Let `run` wait behind its project's earlier runs; once is enough."""
        if run not in self._waiting:
            self._waiting.append(run)

    def remove(self, run: Run) -> None:
        """Let `run` leave without its turn, if it waits."""
        if run in self._waiting:
            self._waiting.remove(run)

    def take(self, run: Run) -> None:
        """Let `run` leave because its turn has come."""
        self.remove(run)
        now = [run.path.parent, owner(run)]
        self._served = [other for other in self._served if other not in now] + now

    def position(self, run: Run) -> int:
        """The run's place, from 1; 0 when it does not wait."""
        order = self.order()
        return order.index(run) + 1 if run in order else 0
