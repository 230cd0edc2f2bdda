"""`thaw classroom` as a process of its own."""

import os
import sys
from pathlib import Path

from tests.support import ROOT, Server
from transfer_core.classroom.room import Room, room_folder
from transfer_core.disk.workspace import Workspace

NAME = "Class 7b"


class School(Server):
    """A classroom on a free port; can be killed and started again."""

    def __init__(self, home: Path, students: int = 3) -> None:
        super().__init__(home)
        self.students = students
        self.environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}

    def command(self) -> list[str]:
        """What starts it."""
        start = [sys.executable, "-m", "transfer_core", "classroom", "--name", NAME, "--students", str(self.students)]
        return [*start, "--port", str(self.port), "--address", "localhost"]

    @property
    def room(self) -> Room:
        """As it is on disk."""
        return Room.read(room_folder(Workspace(self.home), NAME))
