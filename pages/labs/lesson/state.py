"""Which lesson a project has open and how far it is: kept in the project, so that a refresh and other tabs find it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pages.ui.services import workspace
from transfer_core.errors import ConfigError
from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.lesson import Lesson, lesson_text
from transfer_core.lessons.progress import Progress, begun, read_progress
from transfer_core.lessons.reading import parse_lesson

if TYPE_CHECKING:
    from transfer_core.disk.workspace import Project

__all__ = ["Opened", "change", "kept", "open_lesson", "put_back"]

_CHOICE = "lesson"  # {`own`: the text of a teacher's file, where there is one, `at`, `steps`}
_lock = threading.Lock()


@dataclass(frozen=True)
class Opened:
    """The lesson of a project."""

    lesson: Lesson
    progress: Progress
    own: bool
    """Whether it came from a file."""


def kept(project: Project) -> Opened:
    """The lesson as it stands on disk, whatever the project says.

    Raises:
        ConfigError: the file that was opened is no lesson for this version of Thaw.
    """
    return _read(_stored(project))


def change(project: Project, how: Callable[[Progress], Progress]) -> None:
    """Change how far it is, from what is on disk now.

    Raises:
        TransferError: as `how`, or the disk can't be written.
    """
    with _lock:
        value = _stored(project)
        project.choose(**{_CHOICE: value | how(_read(value).progress).to_dict()})


def open_lesson(project: Project, lesson: Lesson | None) -> dict[str, Any]:
    """Begin a lesson, `lesson` from a file or, None, Thaw's own.

    Returns:
        What stood there before, for `put_back`.

    Raises:
        StorageError: the disk can't be written.
    """
    with _lock:
        before = _stored(project)
        own = {} if lesson is None else {"own": lesson_text(lesson)}
        project.choose(**{_CHOICE: own | begun(lesson or HOW_DEEP).to_dict()})
    return before


def put_back(project: Project, value: dict[str, Any]) -> None:
    """Undo `open_lesson`."""
    with _lock:
        project.choose(**{_CHOICE: value or None})


def _stored(project: Project) -> dict[str, Any]:
    value = workspace().open_project(project.id).choices.get(_CHOICE)
    return dict(value) if isinstance(value, dict) else {}


def _read(value: dict[str, Any]) -> Opened:
    text = value.get("own")
    if text is None:
        return Opened(HOW_DEEP, read_progress(HOW_DEEP, value), False)
    if not isinstance(text, str):
        raise ConfigError("The lesson that was opened here is damaged. Go back to Thaw's own, or open the file again.")
    lesson = parse_lesson(text.encode())
    return Opened(lesson, read_progress(lesson, value), True)
