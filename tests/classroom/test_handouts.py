"""Projects that are handed out, the sheet of codes, and the end of a lesson."""

import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transfer_core.archive.unpack import unpack
from transfer_core.classroom.handouts import hand_out, handouts, start_from, take_back
from transfer_core.classroom.room import Room
from transfer_core.classroom.sheet import join_sheet
from transfer_core.classroom.winding_up import collect, delete_all
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.errors import ConfigError, DataError
from transfer_core.photos.store import PhotoStore


def project(space: Workspace, name: str = "Cats", photos: int = 4) -> Project:
    """A project with photos of two classes, and a choice."""
    made = space.create_project(name).choose(split={"seed": 3})
    files = []
    for seed in range(photos):
        buffer = io.BytesIO()
        noise = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(buffer, "PNG")
        files.append((f"{'cat' if seed % 2 else 'dog'}/{seed}.png", buffer.getvalue()))
    PhotoStore(made.photos_dir).import_files(files)
    return made


def test_everybody_starts_from_a_copy_of_their_own(room: Room) -> None:
    given = project(room.workspace(room.seats[0]))
    made = hand_out(room, given, 4, time.time())
    assert [(one.id, one.name, one.photos) for one in handouts(room)] == [(made.id, "Cats", 4)]
    one, two = (start_from(room, made.id, room.workspace(seat)) for seat in room.seats[1:3])
    for copy in (one, two):
        assert copy.choices == given.choices
        assert PhotoStore(copy.photos_dir).classes() == {"cat": 2, "dog": 2}
    one.rename("Mine")
    assert two.workspace.open_project(two.id).name == "Cats"
    take_back(room, made.id)
    assert handouts(room) == []
    with pytest.raises(ConfigError, match="no longer"):
        start_from(room, made.id, room.workspace(room.seats[3]))
    assert PhotoStore(one.photos_dir).classes()  # what was begun stays


def test_what_the_teacher_trained_is_not_handed_out(room: Room) -> None:
    given = project(room.workspace(room.seats[0]))
    run = given.new_run_dir()
    run.mkdir(parents=True)
    (run / "status.json").write_text('{"state": "FINISHED"}')
    made = hand_out(room, given, 4, time.time())
    assert not list(start_from(room, made.id, room.workspace(room.seats[1])).runs_dir.glob("*"))


@pytest.mark.parametrize("name", ["../room", "../../x", "", "0" * 11, "g" * 12])
def test_the_id_of_a_handout_forms_no_path(room: Room, name: str) -> None:
    project(room.workspace(room.seats[0]))
    with pytest.raises(ConfigError):
        start_from(room, name, room.workspace(room.seats[1]))
    take_back(room, name)
    assert (room.folder / "room.json").is_file()


def test_a_damaged_handout_is_left_out(room: Room) -> None:
    made = hand_out(room, project(room.workspace(room.seats[0])), 4, 0.0)
    (room.folder / "handouts" / "00ff00ff00ff.json").write_text("{}")
    (room.folder / "handouts" / "11ff00ff00ff.json").write_text("no JSON")
    assert [one.id for one in handouts(room)] == [made.id]


def test_everything_is_taken_along_and_opens_elsewhere(room: Room, tmp_path: Path) -> None:
    for seat in room.seats[:3]:
        project(room.workspace(seat), f"of {seat.number}")
    room.join(room.seats[1].code, "Ann", False, "a")
    seen: list[tuple[int, int]] = []
    with zipfile.ZipFile(collect(room, lambda done, total, name: seen.append((done, total)))) as archive:
        names = archive.namelist()
        assert sorted(name.partition("/")[0] for name in names) == ["001", "002", "people.txt"]  # not the teacher's
        assert archive.read("people.txt").decode().splitlines() == ["001\tAnn", "002\t", "003\t"]
        inner = archive.read(next(name for name in names if name.startswith("002/")))
    opened = unpack(Workspace(tmp_path / "elsewhere"), inner)
    assert opened.name == "of 2" and PhotoStore(opened.photos_dir).classes() == {"cat": 2, "dog": 2}
    assert seen == [(0, 2), (1, 2), (2, 2)]
    with pytest.raises(DataError, match="stopped"):
        collect(room, cancelled=lambda: True)
    assert zipfile.is_zipfile(room.folder / "collected" / "everything.zip")  # that of before


def test_everything_is_deleted_but_the_teachers(room: Room) -> None:
    for seat in room.seats[:3]:
        project(room.workspace(seat))
    collect(room)
    cached = room.folder / "cache" / "features" / "x" / "y.features"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"1")
    delete_all(room)
    assert [len(room.workspace(seat).list_projects()) for seat in room.seats] == [1, 0, 0, 0]
    assert not cached.exists() and not (room.folder / "collected").exists()
    delete_all(room)  # nothing left is no error
    assert Room.read(room.folder).seats == room.seats


def test_the_sheet_has_everybodys_code_but_the_teachers(thaw_home: Path) -> None:
    room = Room.make(thaw_home / "r", "<script>alert(1)</script>", 2)
    sheet = join_sheet(room, "http://192.168.1.20:8501")
    assert all(seat.code in sheet for seat in room.seats[1:]) and room.seats[0].code not in sheet
    assert sheet.count("<svg") == 2 and "<script" not in sheet
    assert room.seats[2].code not in join_sheet(room, "http://x", room.seats[:2])
