"""A room of three people."""

from pathlib import Path

import pytest

from transfer_core.classroom.room import Room, room_folder
from transfer_core.disk.workspace import Workspace


@pytest.fixture
def room(thaw_home: Path) -> Room:
    """With codes for three, and nobody in it."""
    return Room.make(room_folder(Workspace(thaw_home), "Class 7b"), "Class 7b", 3)
