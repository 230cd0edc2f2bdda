"""The app in a classroom, looked at by whoever `sit` puts there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.classroom import present
from pages.ui import services
from tests.pages.conftest import APP
from tests.pages.fake_engine import FakeEngine
from transfer_core.classroom.room import Room, room_folder
from transfer_core.disk.workspace import Workspace


@pytest.fixture
def room(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """The room that the pages are for; one object for both."""
    folder = room_folder(Workspace(thaw_home), "Class 7b")
    Room.make(folder, "Class 7b", 3)
    monkeypatch.setenv("THAW_CLASSROOM", str(folder))
    present._room.cache_clear()
    present._visits.clear()
    made = present.room()
    assert made is not None
    yield made
    present._room.cache_clear()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """What the pages take for the server's engine."""
    fake = FakeEngine()
    monkeypatch.setattr(services, "_engine", lambda home: fake)
    return fake


@pytest.fixture
def sit(room: Room, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Let somebody in, and open the home page as them."""
    monkeypatch.setattr(services, "warm", lambda likely=None: None)

    def at(number: int, name: str = "", named: bool = False) -> AppTest:
        room.reopen([number])
        _, shown = room.join(room.seats[number].code, name, named, "here")
        monkeypatch.setattr(present, "_pass", lambda opened: shown)
        return AppTest.from_file(str(APP), default_timeout=60).run()

    return at
