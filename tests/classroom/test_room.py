"""Who gets in, by which code, and what each finds there."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.classroom.attempts import Attempts
from transfer_core.classroom.codes import digest, matching, new_code
from transfer_core.classroom.limits import ClassLimits, check_disk
from transfer_core.classroom.room import MOST_SEATS, JoinError, Room, room_folder
from transfer_core.classroom.staying import expire, note_visit
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, StorageError, TransferError


def test_codes_are_easy_to_read_and_hard_to_guess() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}", code) for code in codes)


@given(st.data())
def test_a_code_is_found_however_it_was_typed(data: st.DataObject) -> None:
    codes = [new_code() for _ in range(5)]
    code = data.draw(st.sampled_from(codes))
    typed = "".join(data.draw(st.sampled_from([c, c.lower(), f" {c}", f"{c}-"])) for c in code)
    assert matching(typed, codes) == code
    assert matching(typed[:-2], codes) is None
    assert matching("", codes) is None
    assert matching("ÄÖ" + code, codes) is None


def test_every_code_is_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time it takes tells neither which letters were right nor where in the list the code stands."""
    compared: list[bytes] = []

    def compare(ours: bytes, theirs: bytes) -> bool:
        compared.append(ours)
        return ours == theirs

    monkeypatch.setattr("transfer_core.classroom.codes.hmac.compare_digest", compare)
    codes = [new_code() for _ in range(9)]
    assert matching(codes[0], codes) == codes[0]
    assert len(compared) == 9


def test_each_code_lets_one_person_into_a_workspace_of_their_own(room: Room) -> None:
    codes = [seat.code for seat in room.seats]
    came = [room.join(code, f"P{number}", False, "a")[0] for number, code in enumerate(codes)]
    roots = {room.workspace(seat).root for seat in came}
    assert len(roots) == 4
    teacher, *others = (room.workspace(seat) for seat in came)
    assert teacher.root == room.folder and teacher.shared is None
    made = others[0].create_project("Mine")
    assert [project.name for project in others[0].list_projects()] == ["Mine"]
    for other in (teacher, *others[1:]):
        assert other.list_projects() == []
        with pytest.raises(ConfigError, match="no project"):
            other.open_project(made.id)  # a guessed or overheard id opens nothing
        with pytest.raises(ConfigError, match="no project"):
            other.open_project(f"../../{others[0].root.name}/projects/{made.id}")
    assert {space.cache_dir for space in (teacher, *others)} == {room.folder / "cache"}


def test_a_replayed_code_opens_nothing(room: Room) -> None:
    code = room.seats[1].code
    seat, shown = room.join(code, "Ann", True, "a")
    with pytest.raises(JoinError, match="has been used"):
        room.join(code, "Mallory", False, "b")
    assert room.seat_of(shown) is not None and room.seats[1].name == "Ann"
    room.reopen([seat.number])  # the teacher lets them in on another computer
    again, other = room.join(code, "", False, "c")
    assert (again.number, again.name, again.named) == (1, "Ann", True)
    assert room.seat_of(shown) == room.seat_of(other)
    with pytest.raises(JoinError):
        room.join(code, "Mallory", False, "b")


def test_a_new_code_puts_out_whoever_came_by_the_old(room: Room) -> None:
    old = room.seats[2].code
    _, shown = room.join(old, "Eve", False, "a")
    new = room.renew(2)
    assert room.seat_of(shown) is None
    with pytest.raises(JoinError, match="opens nothing"):
        room.join(old, "Eve", False, "a")
    assert room.join(new.code, "Bo", False, "a")[0].number == 2


def test_who_leaves_may_come_in_again(room: Room) -> None:
    code = room.seats[1].code
    _, shown = room.join(code, "Ann", False, "a")
    room.leave(shown)
    assert room.seat_of(shown) is None
    room.leave("nobody's")
    assert room.join(code, "", False, "a")[0].name == "Ann"


def test_wrong_codes_are_counted_by_address_and_then_refused_unseen(room: Room) -> None:
    for _ in range(20):
        with pytest.raises(JoinError):
            room.join(new_code(), "", False, "evil")
    with pytest.raises(TransferError, match="Too many wrong codes") as refusal:
        room.join(room.seats[1].code, "", False, "evil")  # even a right one: a guess tells nothing any more
    assert not isinstance(refusal.value, JoinError)
    assert room.join(room.seats[1].code, "", False, "another")[0].number == 1


def test_attempts_are_forgotten_after_a_while() -> None:
    now = [0.0]
    attempts = Attempts(2, 60, lambda: now[0])
    attempts.failed("a")
    now[0] = 30
    attempts.failed("a")
    with pytest.raises(TransferError, match="30 seconds"):
        attempts.check("a")
    now[0] = 60
    attempts.check("a")
    attempts.failed("a")
    with pytest.raises(TransferError):
        attempts.check("a")


def test_made_up_addresses_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transfer_core.classroom.attempts._MOST_ADDRESSES", 10)
    attempts = Attempts()
    for number in range(100):
        attempts.failed(str(number))
    assert len(attempts._wrong) == 10


def test_a_room_outlives_its_server(room: Room) -> None:
    _, shown = room.join(room.seats[1].code, "Ann", True, "a")
    again = Room.read(room.folder)
    assert again.seats == room.seats and again.cookie == room.cookie
    assert (found := again.seat_of(shown)) is not None and found.name == "Ann"
    kept = (room.folder / "room.json").read_text()
    assert shown not in kept and digest(shown) in kept  # who reads the file can't come in by it
    again.grow(5)
    assert [seat.code for seat in again.seats[:4]] == [seat.code for seat in room.seats]
    assert len(again.seats) == 6


def test_what_the_disk_does_not_take_has_not_happened(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, value: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr("transfer_core.classroom.room.write_current", full)
    with pytest.raises(StorageError):
        room.join(room.seats[1].code, "Ann", False, "a")
    assert not room.seats[1].used
    with pytest.raises(StorageError):
        room.end()
    assert room.ended is None


def test_after_the_end_only_the_teacher_is_in(room: Room) -> None:
    _, teacher = room.join(room.seats[0].code, "", False, "a")
    _, shown = room.join(room.seats[1].code, "", False, "a")
    room.end()
    assert room.seat_of(shown) is None and room.seat_of(teacher) is not None
    with pytest.raises(JoinError, match="over"):
        room.join(room.seats[2].code, "", False, "a")
    room.go_on()
    assert room.seat_of(shown) is not None


@pytest.mark.parametrize("name", ["../../etc", "7b/..", "Ä", "班级", "\x00\x07", "a" * 41, "", "  "])
def test_the_name_of_a_room_forms_no_path(thaw_home: Path, name: str) -> None:
    try:
        folder = room_folder(Workspace(thaw_home), name)
    except ConfigError:
        return
    assert folder.parent == thaw_home / "classrooms"
    assert re.fullmatch(r"[a-z0-9-]+", folder.name)


def test_two_names_are_two_rooms(thaw_home: Path) -> None:
    folders = {room_folder(Workspace(thaw_home), name) for name in ("7b", "7B", "7 b", "班级一", "班级二")}
    assert len(folders) == 4  # upper and lower case are one


@pytest.mark.parametrize("students", [0, -1, MOST_SEATS + 1])
def test_a_room_has_some_people(thaw_home: Path, students: int) -> None:
    with pytest.raises(ConfigError, match="1 to 300"):
        Room.make(thaw_home / "r", "r", students)


@pytest.mark.parametrize(
    "spoil",
    [lambda value: value.pop("seats"), lambda value: value["seats"][0].pop("code"), lambda value: value.clear()],
)
def test_a_damaged_room_is_refused_in_words(room: Room, spoil: Callable[[dict[str, object]], object]) -> None:
    path = room.folder / "room.json"
    value = json.loads(path.read_text())
    spoil(value)
    path.write_text(json.dumps(value))
    with pytest.raises(StorageError, match="incomplete"):
        Room.read(room.folder)


def test_a_name_hides_nothing(room: Room) -> None:
    seat, _ = room.join(room.seats[1].code, "An\u202en\x00", False, "a")
    assert seat.name == "An\\u202En"
    with pytest.raises(ConfigError, match="40 letters"):
        room.join(room.seats[2].code, "x" * 41, False, "a")
    assert not room.seats[2].used


def test_limits_are_numbers_above_zero() -> None:
    assert ClassLimits.from_dict(ClassLimits(photos=5).to_dict() | {"later": 1}).photos == 5
    for wrong in (0, -1, float("inf"), "3", True):
        with pytest.raises(ConfigError, match="photos"):
            ClassLimits.from_dict({"photos": wrong})


def test_who_has_taken_their_part_of_the_disk_begins_nothing_new(room: Room) -> None:
    space = room.workspace(room.seats[1])
    project = space.create_project("Large")
    check_disk(space, ClassLimits(disk_gb=0.001))
    (project.path / "large").write_bytes(bytes(1_100_000))
    with pytest.raises(StorageError, match="may have"):
        check_disk(space, ClassLimits(disk_gb=0.001))
    check_disk(room.workspace(room.seats[2]), ClassLimits(disk_gb=0.001))


def test_what_nobody_comes_back_for_goes(room: Room) -> None:
    teacher, one, two, three = (room.workspace(seat) for seat in room.seats)
    for space in (teacher, one, two):
        space.create_project("P")
        note_visit(space)
    days = room.limits.keep_days * 86_400
    now = (one.root / "seen").stat().st_mtime
    os.utime(one.root / "seen", (now - days - 1, now - days - 1))
    os.utime(two.root / "seen", (now - days + 60, now - days + 60))
    os.utime(teacher.root / "seen", (0, 0))
    assert [seat.number for seat in expire(room, now)] == [1]
    assert not one.root.exists() and not three.root.exists()
    assert two.list_projects() and teacher.list_projects()
    note_visit(two)  # who comes back keeps it
    assert expire(room, now + 120) == []
