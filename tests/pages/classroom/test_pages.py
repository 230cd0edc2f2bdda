"""Pages in a classroom: what a guest is not shown, the teacher's page, the board, and who was put out."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.classroom import present
from pages.help.parts import PAGES
from pages.home.new_project import photos_task
from pages.jobs.launch import launch_once
from pages.ui import services, tasks
from pages.ui.paths import page_path
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import words
from transfer_core.classroom.handouts import hand_out
from transfer_core.classroom.limits import ClassLimits
from transfer_core.classroom.room import Room
from transfer_core.disk.workspace import Project
from transfer_core.errors import ConfigError, RunError
from transfer_core.photos.manifest import Manifest
from transfer_core.photos.store import PhotoStore
from transfer_core.runs.config import BaseConfig, RunConfig
from transfer_core.runs.folder import Run, create_run

Sit = Callable[..., AppTest]


def opened(app: AppTest, page: str, project: Project | None = None) -> AppTest:
    """The app at a page."""
    if project is not None:
        app.query_params["project"] = project.id
    app.switch_page(page_path(page))
    if project is not None:
        app.query_params["project"] = project.id
    return app.run()


def project_of(room: Room, number: int, jpeg: Callable[[int], bytes], name: str = "Pets") -> Project:
    """A project with ten photos of each of two classes."""
    made = room.workspace(room.seats[number]).create_project(name)
    files = [(f"{kind}/{n}.jpg", jpeg(n + at)) for at, kind in ((0, "cat"), (100, "dog")) for n in range(10)]
    PhotoStore(made.photos_dir).import_files(files)
    return made


def trained(project: Project, share: float) -> Run:
    """A run that has ended, as far as the board reads it."""
    run = create_run(project.new_run_dir(), RunConfig(base=BaseConfig("efficientnet-lite0")), Manifest(("a", "b"), ()))
    status = json.loads((run.path / "status.json").read_text()) | {"state": "FINISHED", "created": time.time()}
    (run.path / "status.json").write_text(json.dumps(status))
    right = round(20 * share)
    part = {
        "accuracy": right / 20,
        "interval": [right / 20 - 0.1, right / 20 + 0.05],
        "confusion": [[right, 20 - right], [0, 0]],
    }
    report = {"val_accuracy": part["accuracy"], "classes": ["a", "b"], "validation": part, "history": []}
    (run.path / "report.json").write_text(json.dumps(report))
    run.model_path.write_bytes(b"")
    return run


def test_a_guest_names_no_files_of_the_computer_and_changes_nothing_of_all(
    sit: Sit, room: Room, jpeg: Callable[[int], bytes]
) -> None:
    app = sit(1, "Ann")
    assert not app.exception and "Ann · Number 1" in words(app)
    made = project_of(room, 1, jpeg)
    ways = [tab.label for tab in opened(app, "photos", made).tabs]
    assert "Camera" in ways and "Folder on this computer" not in ways
    base = opened(app, "base", made)
    assert not base.exception
    keys = {part.key for kind in ("text_input", "button") for part in base.get(kind)}  # type: ignore[attr-defined]
    assert not {key for key in keys if key and key.startswith(("path_", "use_file_", "own_base", "empty_cache"))}


def test_the_teacher_has_all_of_it(sit: Sit, room: Room, jpeg: Callable[[int], bytes]) -> None:
    app = sit(0)
    made = project_of(room, 0, jpeg)
    assert "Folder on this computer" in [tab.label for tab in opened(app, "photos", made).tabs]


def test_nobody_opens_what_is_not_theirs(sit: Sit, room: Room, jpeg: Callable[[int], bytes]) -> None:
    made = project_of(room, 2, jpeg)
    app = sit(1)
    assert "No project is open" in [title.value for title in opened(app, "photos", made).title]
    assert "Pets" not in words(opened(app, "home"))


def test_who_was_put_out_sees_nothing_more(sit: Sit, room: Room, jpeg: Callable[[int], bytes]) -> None:
    app = sit(1)
    made = project_of(room, 1, jpeg)
    assert "cat" in words(opened(app, "photos", made))
    room.renew(1)
    app.run()
    assert [title.value for title in app.title] == ["You are not in this room any more"]
    assert "cat" not in words(app)
    room.end()
    assert "This lesson is over" in words(app.run())


def test_without_a_pass_there_is_no_workspace(
    room: Room, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, thaw_home: Path
) -> None:
    monkeypatch.setattr(present, "_pass", lambda opened: None)
    with pytest.raises(ConfigError, match="not in this room"):
        services.workspace()


def test_who_leaves_is_out_and_told_so(sit: Sit, room: Room) -> None:
    app = sit(1)
    app.button(key="leave_room").click().run()
    assert [title.value for title in app.title] == ["You have left the room"]
    assert not room.seats[1].passes and not room.seats[1].used


def test_more_photos_than_may_be_are_refused_and_none_is_added(
    sit: Sit, room: Room, jpeg: Callable[[int], bytes]
) -> None:
    sit(1)
    made = project_of(room, 1, jpeg)
    room.limits = ClassLimits(photos=25)
    services._store.clear()
    store = services.store(made)
    with pytest.raises(Exception, match="may have 25 photos here"):
        store.import_files([(f"cat/x{n}.jpg", jpeg(n + 30)) for n in range(6)])
    assert sum(store.classes().values()) == 20
    store.import_files([(f"cat/x{n}.jpg", jpeg(n + 30)) for n in range(5)])
    services._store.clear()


def test_a_run_that_may_not_begin_leaves_nothing_that_would(
    sit: Sit, room: Room, engine: FakeEngine, jpeg: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    sit(1)
    made = project_of(room, 1, jpeg)

    def refuse(run: Run) -> None:
        raise RunError("4 of your trainings and experiments wait or run.")

    monkeypatch.setattr(engine, "start", refuse)
    monkeypatch.setattr("pages.jobs.launch.check_disk", lambda: None)
    monkeypatch.setattr("pages.jobs.launch.engine", lambda: engine)
    with pytest.raises(RunError):
        launch_once([], lambda: create_run(made.new_run_dir(), RunConfig(), Manifest(("a", "b"), ())))
    assert not list(made.runs_dir.iterdir())


def test_everybody_finds_what_was_handed_out(sit: Sit, room: Room, jpeg: Callable[[int], bytes]) -> None:
    given = hand_out(room, project_of(room, 0, jpeg), 20, time.time())
    app = sit(2)
    assert "20 photos" in words(app)
    app.button(key=f"start_from_{given.id}").click().run()
    task = tasks.find("start-from-002")
    assert task is None or task.wait(60)
    app.run()
    (copy,) = room.workspace(room.seats[2]).list_projects()
    assert PhotoStore(copy.photos_dir).classes() == {"cat": 10, "dog": 10}
    teacher = sit(0)
    assert not [button for button in teacher.button if str(button.key).startswith("start_from")]


def test_the_teacher_hands_out_only_what_has_photos(sit: Sit, room: Room, jpeg: Callable[[int], bytes]) -> None:
    app = sit(0, "Ms. Ray")
    made = room.workspace(room.seats[0]).create_project("Empty")
    app = opened(app, "classroom")
    assert not app.exception and "Nobody has come in yet" in words(app)
    app.button(key="hand_out").click().run()
    assert "Empty has no photos yet" in words(app)
    PhotoStore(made.photos_dir).import_files([("cat/1.jpg", jpeg(1)), ("dog/2.jpg", jpeg(2))])
    app.button(key="hand_out").click().run()
    task = tasks.find("hand-out")
    assert task is None or task.wait(60)
    assert "2 photos" in words(app.run())
    assert tasks.find(photos_task(made)) is None


def test_the_teacher_sees_who_is_where_and_what_runs(
    sit: Sit, room: Room, engine: FakeEngine, jpeg: Callable[[int], bytes]
) -> None:
    pupil = sit(1, "Ann [x](y)")
    made = project_of(room, 1, jpeg)
    opened(pupil, "photos", made)
    run = create_run(made.new_run_dir(), RunConfig(), Manifest(("a", "b"), ()))
    engine.busy = [run]
    app = opened(sit(0), "classroom")
    said = words(app)
    assert r"Ann \[x\]" in said and "Photos · Pets" in said and "Not come in yet" in said
    app.button(key=f"stop_{run.id}").click().run()
    assert run.stop_requested
    app.button(key="renew_1").click().run()
    assert not room.seats[1].passes
    app.button(key="end_lesson").click().run()
    assert room.ended is not None and "nobody but you is let in" in words(app)
    app.button(key="go_on").click().run()
    assert room.ended is None


def test_nothing_is_deleted_before_the_end_and_without_a_second_word(
    sit: Sit, room: Room, jpeg: Callable[[int], bytes]
) -> None:
    project_of(room, 1, jpeg)
    app = opened(sit(0), "classroom")
    assert app.button(key="delete_all").disabled and app.checkbox(key="sure_to_delete").disabled
    app.button(key="end_lesson").click().run()
    assert app.button(key="delete_all").disabled
    app.checkbox(key="sure_to_delete").check().run()
    app.button(key="delete_all").click().run()
    assert "Everything is deleted" in words(app)
    assert not room.workspace(room.seats[1]).list_projects()
    assert app.button(key="delete_all").disabled  # the second word counts once


def test_the_board_names_whoever_wants_it(sit: Sit, room: Room, jpeg: Callable[[int], bytes]) -> None:
    for number, share in ((1, 0.9), (2, 0.8)):
        made = project_of(room, number, jpeg, f"secret {number}")
        trained(made, share - 0.2)
        trained(made, share)
    sit(2, "Bo")
    app = opened(sit(1, "Ann", named=True), "board")
    said = words(app)
    assert "Ann (you)" in said and "Somebody" in said and "Bo" not in said and "secret" not in said
    assert "2 people have a classifier" in said
    assert said.index("90%") < said.index("80%") and "70%" not in said  # the best of each, the best first
    said = words(opened(sit(2, "Bo"), "board"))
    assert "Ann" in said and "Bo (you)" in said


def test_the_pages_of_a_classroom_have_their_help(sit: Sit, room: Room) -> None:
    for page, title in (("classroom", "Class 7b"), ("board", "The class's board")):
        app = opened(sit(0), page)
        assert title in [one.value for one in app.title]
        (link,) = (one for one in app.get("page_link") if one.proto.label == "Help with this page")
        assert f"part={page}" in link.proto.query_string and page in PAGES
        assert not opened(app, "help").exception


def test_outside_a_classroom_nothing_of_it_is_there(app: AppTest) -> None:
    assert present.room() is None and present.seat() is None
    assert "Everything stays on this computer" in words(app)
    assert not [button for button in app.button if button.key == "leave_room"]
