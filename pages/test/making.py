"""Files that the worker makes in the background, to be downloaded."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.ui import tasks
from pages.ui.services import engine

if TYPE_CHECKING:
    from transfer_core.jobs.engine import Engine

__all__ = ["made", "make"]


def make(key: str, title: str, kind: str, name: str, patience: float, question: dict[str, Any]) -> None:
    """Ask the worker a question of a `kind` that is answered by a file, `out`, in a task under `key`.

    Args:
        key: of the task.
        title: what goes on, for the person.
        kind: of `worker.queries.KINDS`.
        name: of the file.
        patience: seconds.
        question: what else is asked.
    """
    lane = engine()  # here: a thread has no page
    tasks.start(key, title, lambda task: _work(task, lane, kind, name, patience, question))


def made(key: str) -> dict[str, Any] | None:
    """What the worker said, once the file is there at `path`; until then how far it is, or why there is none."""
    if (ended := tasks.show(key)) is None:
        return None
    if not Path(ended.result["path"]).is_file():  # the system has emptied its folder of temporary files
        tasks.dismiss(key)
        st.rerun()
    return dict(ended.result)


def _work(
    task: tasks.Task, lane: Engine, kind: str, name: str, patience: float, question: dict[str, Any]
) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="thaw-made-"))
    try:
        return lane.ask(kind, {**question, "out": str(folder / name)}, timeout=patience, cancelled=task.cancelled)
    except BaseException:  # whatever it was: nothing half made is left
        shutil.rmtree(folder, ignore_errors=True)
        raise
