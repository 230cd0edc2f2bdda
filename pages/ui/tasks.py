"""Long steps of a page: a thread that outlives the page run, its progress in every tab, and a Cancel button.

A task belongs to the server, not to a session: a refresh, a second tab and a double click all meet the same one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.ui.format import span
from pages.ui.html import sentence
from transfer_core.errors import TransferError
from transfer_core.text import Sentence, speaking, spoken, t

__all__ = ["Task", "dismiss", "find", "running", "show", "start"]

POLL_SECONDS = 0.4


@dataclass
class Task:
    """One long step. `work` runs in a thread and reports through `progress`; fields are read by any page."""

    title: str
    """What goes on, for the person: "Importing 980 photos"."""
    key: str
    work: Callable[[Task], Any]
    unit: Sentence = field(default_factory=lambda: Sentence("{done} of {total}"))
    """How its progress reads, with places for `done` and `total`, or in megabytes `done_mb` and `total_mb`."""
    done: int = 0
    total: int = 0
    result: Any = None
    error: Exception | None = None
    language: str = field(default_factory=spoken)
    """Of whoever asked for it."""
    ended: bool = False
    asked_by: set[str] = field(default_factory=set)
    """Ids of the projects whose people asked for it, where the work is for all projects."""
    seen: Any = None
    """What a page noted when it first showed the result."""
    started: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def progress(self, done: int, total: int, *_: object) -> None:
        """Note how far the work has come."""
        self.done, self.total = done, total

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Whether the person asked to stop."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until the work has ended; False if it has not by then."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self.ended

    def run(self) -> None:
        """Do the work; keep what it gives or why it failed."""
        try:
            with speaking(self.language):
                self.result = self.work(self)
        except Exception as error:
            self.error = error  # shown by `show`: a refusal as a sentence, a bug as a bug
        finally:
            self.work = lambda task: None  # holds what was uploaded, which may be gigabytes
            self.ended = True


@st.cache_resource(show_spinner=False)
def _tasks() -> tuple[dict[str, Task], threading.Lock]:
    return {}, threading.Lock()


def start(key: str, title: str, work: Callable[[Task], Any], unit: Sentence | None = None) -> Task:
    """Start `work` under `key`, or give the task that is already at it."""
    tasks, lock = _tasks()
    with lock:
        running = tasks.get(key)
        if running is not None and not running.ended:
            return running
        task = Task(title, key, work)
        if unit is not None:
            task.unit = unit
        tasks[key] = task
        task._thread = threading.Thread(target=task.run, name=f"thaw-{key[:40]}", daemon=True)
        task._thread.start()
    return task


def find(key: str) -> Task | None:
    """The task under `key`, running or ended and not yet dismissed."""
    return _tasks()[0].get(key)


def running(key: str) -> bool:
    """Whether a task is at work under `key`."""
    task = find(key)
    return task is not None and not task.ended


def dismiss(key: str) -> None:
    """Forget the ended task under `key`."""
    tasks, lock = _tasks()
    with lock:
        if key in tasks and tasks[key].ended:
            del tasks[key]


def show(key: str) -> Task | None:
    """Draw the task under `key`: progress and Cancel while it runs, its refusal when it failed.

    Returns:
        The task when it has ended well (its result may be shown below), else None.
    """
    task = find(key)
    if task is None:
        return None
    if not task.ended:
        st.fragment(_running, run_every=POLL_SECONDS)(task)
        return None
    if task.error is None:
        return task
    if not isinstance(task.error, TransferError):
        dismiss(key)
        raise task.error
    if task.cancelled():
        st.info(sentence(str(task.error)), icon=":material/cancel:")
    else:
        st.error(sentence(str(task.error)), icon=":material/error:")
    st.button(t("OK"), key=f"dismiss_{key}", on_click=dismiss, args=(key,))
    return None


def _amounts(task: Task) -> dict[str, float]:
    """What a task's `unit` may speak of."""
    done, total = task.done, task.total
    return {"done": done, "total": total, "done_mb": done / 1e6, "total_mb": total / 1e6}


def _running(task: Task) -> None:
    if task.ended:
        st.rerun()
    share = min(task.done / task.total, 1.0) if task.total else 0.0
    left = ""
    spent = time.monotonic() - task.started
    # A guess from the first moments would jump about, so none is made.
    if spent > 3 and share > 0.02:
        left = t(" · about {span} left", span=span(max(1.0, spent / share - spent)))
    detail = " · " + t(task.unit.id, **_amounts(task)) if task.total else ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(share, text=sentence(f"{task.title}{detail}{left}"))
        if task.cancelled():
            st.caption(t("Stopping…"), width="content")
        else:
            st.button(t("Cancel"), key=f"cancel_{task.key}", icon=":material/close:", on_click=task.cancel)
