"""A room: who may enter, and the workspace of each. It is a folder, so a server that is started again finds it."""

import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from transfer_core.classroom.attempts import Attempts
from transfer_core.classroom.codes import digest, matching, new_code, new_pass
from transfer_core.classroom.limits import ClassLimits
from transfer_core.disk.files import slug
from transfer_core.disk.formats import read_current, write_current
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, StorageError, TransferError
from transfer_core.text import Sentence, visible

__all__ = ["MOST_SEATS", "TEACHER", "JoinError", "Room", "Seat", "room_folder"]

TEACHER = 0
"""The number of the teacher's seat."""
MOST_SEATS = 300
_MOST_NAME = 40
_MOST_PASSES = 8  # browsers that one seat knows; the oldest is forgotten


class JoinError(TransferError):
    """A code that does not let in."""


@dataclass(frozen=True)
class Seat:
    """A place in the room: a person, once they have entered."""

    number: int
    """From 1; the teacher's is 0."""
    code: str
    name: str = ""
    """As the person gave it; may be empty."""
    named: bool = False
    """Whether the person wants the name on the board."""
    used: bool = False
    """Whether somebody has entered by the code: it lets in one browser, until the teacher opens it again."""
    passes: tuple[str, ...] = ()
    """Digests of the passes of the browsers that have entered, the newest last."""

    @property
    def teaches(self) -> bool:
        """Whether it is the teacher's."""
        return self.number == TEACHER

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Seat":
        """What `asdict` gave."""
        return cls(**(value | {"passes": tuple(value["passes"])}))


def room_folder(workspace: Workspace, name: str) -> Path:
    """Where the room of this name lies, or would; the name never becomes part of a path as it is.

    Raises:
        ConfigError: the name is empty or too long.
    """
    name = _clean(name, Sentence("The room's name"))
    if not name:
        raise ConfigError("A room needs a name, such as --name 'Class 7b'.")
    return workspace.root / "classrooms" / f"{slug(name) or 'room'}-{digest(name.casefold())[:6]}"


class Room:
    """The room of a folder. One process looks after it; safe to use from any thread.

    The teacher's workspace is the room itself; each other seat's has weights and caches in common with it.
    """

    def __init__(self, folder: Path, value: dict[str, Any], clock: Callable[[], float] = time.time) -> None:
        """Use `make` or `read`."""
        self.folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._attempts = Attempts()
        self.id: str = value["id"]
        """Names the cookie, so that two rooms on one machine do not meet."""
        self.name: str = value["name"]
        self.created: float = value["created"]
        self.ended: float | None = value["ended"]
        """When the teacher ended the lesson, in seconds since the epoch; None: it goes on."""
        self.limits = ClassLimits.from_dict(value["limits"])
        self._seats = {seat.number: seat for seat in map(Seat.from_dict, value["seats"])}
        self._by_pass = _passes(self._seats)

    @classmethod
    def make(cls, folder: Path, name: str, students: int, limits: ClassLimits | None = None) -> "Room":
        """A new room with a code for each of so many people, and one for the teacher.

        Raises:
            ConfigError: the number of people is not from 1 to 300.
            StorageError: the folder can't be written.
        """
        _check_count(students)
        value = {
            "id": secrets.token_hex(4),
            "name": _clean(name, Sentence("The room's name")),
            "created": time.time(),
            "ended": None,
            "limits": (limits or ClassLimits()).to_dict(),
            "seats": [],
        }
        room = cls(folder, value)
        room._keep({TEACHER: Seat(TEACHER, new_code(3))}, None)
        room.grow(students)
        return room

    @classmethod
    def read(cls, folder: Path) -> "Room":
        """The room as it is on disk.

        Raises:
            StorageError: there is none, or its file is damaged or of a newer Thaw.
        """
        path = folder / _FILE
        value = read_current(path)
        try:
            return cls(folder, value)
        except (KeyError, TypeError, AttributeError) as error:
            raise StorageError(
                "{path} is incomplete ({error}). Restore it from a copy or delete the room.",
                path=path,
                error=repr(error),
            ) from error

    @staticmethod
    def is_one(folder: Path) -> bool:
        """Whether there is a room in this folder."""
        return (folder / _FILE).is_file()

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds a browser's pass."""
        return f"thaw_{self.id}"

    @property
    def seats(self) -> list[Seat]:
        """Everybody's, by number, the teacher's first."""
        with self._lock:
            return [self._seats[number] for number in sorted(self._seats)]

    def grow(self, students: int) -> None:
        """Have at least so many seats; those there are keep their codes.

        Raises:
            ConfigError: the number is not from 1 to 300.
            StorageError: the folder can't be written.
        """
        _check_count(students)
        with self._lock:
            taken = {seat.code for seat in self._seats.values()}
            new = set(range(1, students + 1)) - set(self._seats)
            self._change(*(Seat(number, _other_than(taken)) for number in sorted(new)))

    def join(self, typed: str, name: str, named: bool, address: str) -> tuple[Seat, str]:
        """Let somebody in by a code.

        Args:
            typed: the code, as it was typed.
            name: what the person wants to be called; may be empty.
            named: whether it may stand on the board.
            address: where the request comes from; wrong codes are counted by it.

        Returns:
            The seat, and the pass that the browser keeps.

        Raises:
            JoinError: no such code, it has been used, or the lesson is over.
            TransferError: too many wrong codes came from this address, or the name is too long.
        """
        self._attempts.check(address)
        name = _clean(name, Sentence("Your name"))
        with self._lock:
            seats = {seat.code: seat for seat in self._seats.values()}
            code = matching(typed, seats)
            seat = seats.get(code or "")
            if seat is None or (seat.used and not seat.teaches):
                self._attempts.failed(address)
                if seat is None:
                    raise JoinError(
                        Sentence("This code opens nothing here. Look at your sheet again, letter by letter.")
                    )
                raise JoinError(Sentence("This code has been used. Ask your teacher to open it again."))
            if self.ended is not None and not seat.teaches:
                raise JoinError(Sentence("This lesson is over. Ask your teacher."))
            shown = new_pass()
            kept = (*seat.passes, digest(shown))[-_MOST_PASSES:]
            seat = replace(seat, used=True, passes=kept, name=name or seat.name, named=named if name else seat.named)
            self._change(seat)
            return seat, shown

    def seat_of(self, shown: str | None) -> Seat | None:
        """Whose pass it is; None where it is nobody's, or the lesson is over for them."""
        if not shown:
            return None
        with self._lock:
            number = self._by_pass.get(digest(shown))
            seat = None if number is None else self._seats[number]
            return None if seat is None or (self.ended is not None and not seat.teaches) else seat

    def leave(self, shown: str) -> None:
        """Forget a browser's pass. The code lets in again, for whoever leaves says that another may come."""
        with self._lock:
            number = self._by_pass.get(digest(shown))
            if number is not None:
                seat = self._seats[number]
                kept = tuple(one for one in seat.passes if one != digest(shown))
                self._change(replace(seat, passes=kept, used=bool(kept)))

    def reopen(self, numbers: Iterable[int]) -> None:
        """Let the codes of these seats let in once more; who is in stays in."""
        with self._lock:
            self._change(*(replace(self._seats[number], used=False) for number in numbers))

    def renew(self, number: int) -> Seat:
        """Give a seat another code, and put out whoever sits there: for a code that fell into other hands."""
        with self._lock:
            taken = {seat.code for seat in self._seats.values()}
            code = new_code(3) if number == TEACHER else _other_than(taken)
            self._change(replace(self._seats[number], code=code, used=False, passes=()))
            return self._seats[number]

    def end(self) -> None:
        """End the lesson: nobody but the teacher is let in or stays in. Nothing is deleted."""
        with self._lock:
            self._keep(self._seats, self._clock())

    def go_on(self) -> None:
        """Undo `end`."""
        with self._lock:
            self._keep(self._seats, None)

    def workspace(self, seat: Seat) -> Workspace:
        """Where the person of a seat keeps everything."""
        if seat.teaches:
            return Workspace(self.folder)
        return Workspace(self.folder / "seats" / f"{seat.number:03d}", shared=self.folder)

    def workspaces(self) -> list[Workspace]:
        """Everybody's."""
        return [self.workspace(seat) for seat in self.seats]

    def _change(self, *seats: Seat) -> None:
        self._keep(self._seats | {seat.number: seat for seat in seats}, self.ended)

    def _keep(self, seats: dict[int, Seat], ended: float | None) -> None:
        """Write first: what the disk would not take has not happened."""
        value = {
            "id": self.id,
            "name": self.name,
            "created": self.created,
            "ended": ended,
            "limits": self.limits.to_dict(),
            "seats": [asdict(seats[number]) for number in sorted(seats)],
        }
        write_current(self.folder / _FILE, value)
        self._seats, self.ended, self._by_pass = seats, ended, _passes(seats)


_FILE = "room.json"


def _passes(seats: dict[int, Seat]) -> dict[str, int]:
    return {one: seat.number for seat in seats.values() for one in seat.passes}


def _check_count(students: int) -> None:
    if not 1 <= students <= MOST_SEATS:
        raise ConfigError(
            "A room has 1 to {most} students; {students} were asked for.", most=MOST_SEATS, students=students
        )


def _other_than(taken: set[str]) -> str:
    while (code := new_code()) in taken:
        pass
    taken.add(code)
    return code


def _clean(name: str, what: Sentence) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    name = visible("".join(letter for letter in name if unicodedata.category(letter) != "Cc"))
    if len(name) > _MOST_NAME:
        raise ConfigError("{what} may have {most} letters; {count} came.", what=what, most=_MOST_NAME, count=len(name))
    return name
