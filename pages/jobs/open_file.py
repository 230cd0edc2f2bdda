"""The form that opens a Keras file, and how far that is: the same where a base is brought and where a classifier is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.photos.edits import edit, show_refusal, typed
from pages.ui import tasks
from pages.ui.html import plain
from pages.ui.paths import given_path
from pages.ui.services import guest
from transfer_core.errors import ConfigError
from transfer_core.opening.open import SCALINGS
from transfer_core.text import Sentence, t

if TYPE_CHECKING:
    from transfer_core.backbones.base import Scaling

__all__ = ["Opening", "open_form"]

Opening = Callable[[Path, "Scaling | None", tasks.Task, dict[str, Any]], Any]
"""Opens a file in a thread of its own: the file, how photos are scaled (None: find out), the task, and what stood in
the other fields, by key."""

_FIND_OUT = ""  # no scaling: not None, or the box could be cleared
_FIND_OUT_WORDS = Sentence("Find out from the network")


def open_form(
    name: str,
    title: str,
    work: Opening,
    task_key: str,
    more: Callable[[], Sequence[str]] = lambda: (),
    types: str = "`.keras`",
) -> Any:
    """Draw the form, or how far the opening is.

    Args:
        name: of the form, for its keys.
        title: what the task does, for the person.
        work: opens the file.
        task_key: of the task.
        more: draws further fields; their keys.
        types: which files, in words.

    Returns:
        What `work` gave, once; None before.
    """
    task = tasks.find(task_key)
    if task is not None and task.ended and task.error is None:
        tasks.dismiss(task_key)
        return task.result
    with st.container():  # always there: what follows keeps its place, and a file that is being uploaded is not lost
        tasks.show(task_key)
    if task is not None and not task.ended:
        return None
    turn = st.session_state.get(_turn(name), 0)
    kept = _kept(name)
    path, upload, scaling = f"{name}_path", f"{name}_upload_{turn}", f"{name}_scaling"
    with st.form(f"{name}_form", border=False):
        # Of any type: of a wrong one the browser would show a red mark and no reason.
        st.file_uploader(t("Drop a {types} file here", types=types), key=upload)
        if kept:
            said = t("**{file}** is still here: change what is wrong, then open it.", file=plain(kept.name))
            st.markdown(f":material/draft: {said}")
        if not guest():
            st.text_input(t("Or its path on this computer"), key=path, placeholder="/home/me/Downloads/model.keras")
        fields = more()
        st.selectbox(
            t("Which numbers does it expect for a photo's colors?"),
            [_FIND_OUT, *SCALINGS],
            format_func=lambda one: t(SCALINGS[one] if one else _FIND_OUT_WORDS),
            key=scaling,
            help=t(
                "Networks differ in the numbers they were trained on. Many turn those of a photo, 0 to 255, into "
                "theirs themselves, and then it is found out. With wrong numbers a network sees next to nothing: ask "
                "whoever trained it. People's own networks mostly take 0 to 1."
            ),
        )
        st.form_submit_button(
            t("Open"),
            key=f"{name}_open",
            icon=":material/folder_open:",
            on_click=partial(edit, at=name),
            args=(_begin, name, title, work, task_key, (path, upload, scaling), tuple(fields)),
        )
    show_refusal(name)
    return None


def _turn(name: str) -> str:
    return f"{name}_opened"


def _begin(
    name: str, title: str, work: Opening, task_key: str, keys: tuple[str, str, str], fields: tuple[str, ...]
) -> None:
    if tasks.running(task_key):
        return  # the second click of a pair
    path = "" if guest() else typed(keys[0])
    upload, scaling = typed(keys[1]), typed(keys[2])
    values = {field: typed(field) for field in fields}
    text, kept, folder = given_path(path), _kept(name), None
    if upload is not None:
        folder = Path(tempfile.mkdtemp(prefix="thaw-brought-"))
        file = folder / (Path(upload.name).name or "model.keras")
        file.write_bytes(upload.getvalue())
    elif text:
        file = Path(text).expanduser()
    elif kept:
        file, folder = kept, kept.parent
    else:
        raise ConfigError("No file was given: drop one into the field, or type its path.")
    if kept and kept != file:
        shutil.rmtree(kept.parent, ignore_errors=True)
    st.session_state[f"{name}_kept"] = file if folder else None
    tasks.dismiss(task_key)
    tasks.start(task_key, title, lambda task: _work(task, work, file, scaling, values, folder))
    st.session_state[_turn(name)] = st.session_state.get(_turn(name), 0) + 1  # an empty field for the next file


def _work(
    task: tasks.Task,
    work: Opening,
    file: Path,
    scaling: Any,
    values: dict[str, Any],
    folder: Path | None,
) -> Any:
    made = work(file, scaling or None, task, values)
    if folder is not None:  # where it was refused, the file waits: perhaps only a setting was wrong
        shutil.rmtree(folder, ignore_errors=True)
    return made


def _kept(name: str) -> Path | None:
    """The file that was dropped and could not be opened as things were."""
    kept: Path | None = st.session_state.get(f"{name}_kept")
    return kept if kept is not None and kept.is_file() else None
