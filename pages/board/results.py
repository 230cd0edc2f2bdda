"""The results of a room, one a person: their best classifier's."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from pages.jobs.trained_runs import best_run, trained_runs
from transfer_core.classroom.room import Room, Seat
from transfer_core.errors import TransferError
from transfer_core.runs.figure import Figure

__all__ = ["Result", "results"]


@dataclass(frozen=True)
class Result:
    """The best that somebody reached."""

    seat: Seat
    base: str
    learned: str
    """What trained, in words."""
    figure: Figure


def results(room: Room) -> list[Result]:
    """The best of each person, of all their projects, the teacher's too; who has none yet is left out."""
    found = []
    for seat in room.seats:
        own = []
        for project in room.workspace(seat).list_projects():
            with suppress(TransferError):  # deleted meanwhile, or damaged, which its own page tells
                best = best_run([one for one in trained_runs(project) if one.figure is not None])
                if best is not None and best.figure is not None:
                    own.append(Result(seat, best.base, best.learned, best.figure))
        if own:
            found.append(max(own, key=lambda one: (one.figure.honest, one.figure.low)))
    return found
