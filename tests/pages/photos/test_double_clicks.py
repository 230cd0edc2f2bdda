"""The second click of a pair does nothing, wherever it falls; and a popover that did its work is closed."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import streamlit as st

from pages.photos import edits
from tests.pages.photos.photos_page import Jpeg, Photos
from transfer_core.errors import DataError


def fill_rename(pets: Photos) -> None:
    pets.app.selectbox(key="rename_old").set_value("cat")
    pets.app.text_input(key="rename_new").set_value("kitten")


def fill_merge(pets: Photos) -> None:
    pets.app.multiselect(key="merge_names").set_value(["cat", "dog"])
    pets.app.text_input(key="merge_into").set_value("pet")


def fill_delete(pets: Photos) -> None:
    pets.app.selectbox(key="delete_name").set_value("cat")


def popovers(pets: Photos) -> dict[str, str]:
    return {block.proto.popover.label: block.proto.id for block in pets.app.get("popover")}


@pytest.mark.parametrize(
    ("label", "fill", "button", "left"),
    [
        ("Rename", fill_rename, "rename_class", {"dog": 3, "kitten": 4}),
        ("Merge", fill_merge, "merge_classes", {"pet": 7}),
        ("Delete", fill_delete, "delete_class", {"dog": 3}),
    ],
)
def test_the_second_click_on_a_class_tool_does_nothing(
    pets: Photos, label: str, fill: Callable[[Photos], None], button: str, left: dict[str, int]
) -> None:
    before = popovers(pets)
    fill(pets)
    pets.press_twice(button)
    assert pets.store.classes() == left
    assert not pets.app.error
    # A new popover is closed; those that did nothing stay as they are.
    after = popovers(pets)
    assert {name for name, key in after.items() if before[name] != key} - {"Undo"} == {label}


def test_rename_after_enter_does_nothing(pets: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "_DOUBLE_CLICK", 0.0)  # long after
    fill_rename(pets)
    field = pets.app.text_input(key="rename_new").id
    pets.app.button(key="rename_class").click()
    sent = pets.app._tree.get_widget_states()
    pets.app._run(sent)
    assert pets.app.text_input(key="rename_new_1").value == ""
    # As if the browser had emptied the field of the form that it still shows.
    (state,) = [state for state in sent.widgets if state.id == field]
    state.string_value = ""
    pets.app._run(sent)
    assert not pets.app.error
    assert pets.store.classes() == {"dog": 3, "kitten": 4}


def test_the_next_rename_and_the_next_deletion_work(pets: Photos) -> None:
    fill_rename(pets)
    pets.press("rename_class")
    pets.app.selectbox(key="rename_old_1").set_value("kitten")
    pets.app.text_input(key="rename_new_1").set_value("a/b")
    pets.press("rename_class_1")
    assert "has a slash" in pets.app.error[0].value
    pets.app.text_input(key="rename_new_1").set_value("cat")  # a refusal leaves the form as it was
    pets.press("rename_class_1")
    assert pets.store.classes() == {"cat": 4, "dog": 3}
    fill_delete(pets)
    pets.press("delete_class")
    pets.press("undo_edit")
    pets.app.selectbox(key="delete_name_1").set_value("cat")
    pets.press("delete_class_1")
    assert pets.store.classes() == {"dog": 3}


def test_a_double_click_joins_classes_that_look_alike_once(page: Photos, jpeg: Jpeg) -> None:
    page.add("upload_folder", [(f"p/{'Aa'[n % 2]}/{n}.jpg", jpeg(n)) for n in range(5)])
    page.press_twice("join_0")
    assert page.store.classes() == {"A": 5} and not page.app.error
    page.press("undo_edit")
    page.press_twice("join_0")  # once more: it is another click than the first
    assert page.store.classes() == {"A": 5} and not page.app.error


@pytest.mark.parametrize(
    ("key", "left"), [("keep_{dog}", {"cat": 3, "dog": 4}), ("keep_none_{cat}", {"cat": 3, "dog": 3})]
)
def test_a_double_click_settles_a_conflict_once(pets: Photos, jpeg: Jpeg, key: str, left: dict[str, int]) -> None:
    pets.add("upload_folder", [("p/dog/again.jpg", jpeg(0))], taken=1)
    (group,) = pets.store.conflicts()
    pets.press_twice(key.format(**{photo.class_name: photo.id for photo in group}))
    assert pets.store.classes() == left and not pets.app.error
    pets.press("undo_edit")
    assert pets.store.classes() == {"cat": 4, "dog": 4}, "one click is one edit to undo"


@pytest.mark.parametrize(
    ("key", "left"), [("move_photos", {"cat": 3, "dog": 4}), ("remove_photos", {"cat": 3, "dog": 3})]
)
def test_a_double_click_moves_or_removes_picked_photos_once(pets: Photos, key: str, left: dict[str, int]) -> None:
    first, *_ = pets.store.photos("cat")
    pets.app.checkbox(key=f"pick_{first.id}").check().run()
    pets.app.selectbox(key="move_to").set_value("dog").run()
    pets.press_twice(key)
    assert pets.store.classes() == left and not pets.app.error
    pets.press("undo_edit")
    assert pets.store.classes() == {"cat": 4, "dog": 3}


class Interrupted(BaseException):
    """As Streamlit stops a run for the click that came meanwhile."""


class Session(dict[str, Any]):
    """A session state that a second click waits in: each access after the edit stops the run."""

    waiting = False

    def stop(self) -> None:
        if self.waiting:
            raise Interrupted

    def __getitem__(self, key: str) -> Any:
        self.stop()
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.stop()
        super().__setitem__(key, value)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self.stop()
        return super().setdefault(key, default)

    def get(self, key: str, default: Any = None) -> Any:
        self.stop()
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.stop()
        return super().__contains__(key)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    state = Session()
    monkeypatch.setattr(st, "session_state", state)
    return state


def click_twice(session: Session, click: Callable[[Callable[..., None]], None]) -> list[Any]:
    """Click, and click again as soon as the edit is made; give what was done."""
    done = []

    def change(*values: str) -> None:
        if done:
            raise DataError('There is no class "tin".')
        done.append(values)
        session.waiting = True

    with suppress(Interrupted):
        click(change)
    session.waiting = False
    click(change)
    return done


@pytest.mark.parametrize("kind", ["form", "button", "field"])
def test_of_two_clicks_at_once_one_is_done(session: Session, kind: str) -> None:
    """Streamlit may run their callbacks at once, each in a thread of its own."""
    session["text"] = "tin"
    drawn, begun, done = edits.form("rename"), threading.Barrier(2), []

    def change(*values: str) -> None:
        with suppress(threading.BrokenBarrierError):
            begun.wait(0.2)  # both are here, if nothing keeps the second out
        done.append(values)

    def click() -> None:
        if kind == "form":
            drawn.edit(change, "text")
        elif kind == "button":
            drawn.edit_with(change, "tin")
        else:
            edits.edit_field(change, "text")

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [("tin",)]


def test_a_click_that_stops_the_run_of_the_first_does_nothing(session: Session) -> None:
    session["delete_name"] = "tin"
    drawn = edits.form("delete")
    assert click_twice(session, lambda change: drawn.edit(change, "delete_name")) == [("tin",)]
    assert edits._REFUSAL not in session


def test_a_field_is_sent_once_and_empty_after_it(session: Session) -> None:
    session["new_class"] = "tin"
    assert click_twice(session, lambda change: edits.edit_field(change, "new_class")) == [("tin",)]
    assert session["new_class"] == "" and edits._REFUSAL not in session
