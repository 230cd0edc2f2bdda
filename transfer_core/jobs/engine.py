"""Who trains when: the interface every engine offers, the fair order of waiting runs, and what a worker's end means."""

import signal
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from transfer_core.runs.folder import Run
from transfer_core.text import Sentence

__all__ = ["Engine", "FairQueue", "exit_words", "fair_order", "log_tail"]

Project = TypeVar("Project", bound=Hashable)
Item = TypeVar("Item")

_FROM_OUTSIDE = {"SIGTERM", "SIGINT", "SIGHUP"}


class Engine(Protocol):
    """Whatever carries out runs. All that passes between an engine and a page is what stands in the run's folder."""

    def start(self, run: Run) -> None:
        """Let `run` wait for a free slot and then train; an earlier end (stopped, failed) is taken back.

        Raises:
            RunError: the run has finished already.
            StorageError: its folder can't be written.
        """

    def cancel(self, run: Run) -> None:
        """End `run`: one that waits at once, one that trains after its current step; safe to ask twice."""

    def position(self, run: Run) -> int:
        """The run's place among those that wait, from 1; 0 when it does not wait."""

    def reconcile(self) -> None:
        """Set right what a restart left: watch what still trains, queue what waited, close what died."""


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


class FairQueue:
    """Waiting runs by project (the folder that holds the project's runs). Not thread safe: its engine locks."""

    def __init__(self) -> None:
        """Start empty, with nobody served."""
        self._waiting: list[Run] = []
        self._served: list[Path] = []

    def __contains__(self, run: object) -> bool:
        """Whether `run` waits."""
        return run in self._waiting

    def order(self) -> list[Run]:
        """The waiting runs, the next one first."""
        return fair_order(((run.path.parent, run) for run in self._waiting), self._served)

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
        project = run.path.parent
        self._served = [other for other in self._served if other != project] + [project]

    def position(self, run: Run) -> int:
        """The run's place, from 1; 0 when it does not wait."""
        order = self.order()
        return order.index(run) + 1 if run in order else 0


def exit_words(code: int) -> tuple[bool, Sentence]:
    """What a worker's exit code means, when it left its run open.

    Args:
        code: as `subprocess.Popen.returncode` gives it: negative for the number of a signal.

    Returns:
        Whether it was ended from outside (so the same run may well succeed again), and one sentence.
    """
    if code >= 0:
        return False, Sentence(
            "The work ended with exit code {code} before it was done; the last lines of its log may tell why.",
            code=code,
        )
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    if name == "SIGKILL":
        return True, Sentence(
            "The work was ended from outside, perhaps because this computer ran out of memory. "
            "Close other programs or choose a smaller base or batch, then try again."
        )
    if name in _FROM_OUTSIDE:
        return True, Sentence(
            "The work was ended from outside, perhaps because this computer shut down. "
            "Try again; what was computed is kept."
        )
    return False, Sentence("The work crashed ({name}); the last lines of its log may tell why.", name=name)


def log_tail(run: Run, lines: int = 30) -> str:
    """The last lines a run's worker printed, for a page to show beside a failure; empty when it printed none."""
    try:
        with run.log_path.open("rb") as file:
            # A log may be long: 200 bytes a line is plenty, and only its end is read.
            file.seek(max(0, file.seek(0, 2) - 200 * lines))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
