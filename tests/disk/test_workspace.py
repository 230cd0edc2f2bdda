"""Projects on disk: named, chosen for, deleted and brought back."""

import os
import time
from pathlib import Path

import pytest

from tests.support import workspace
from transfer_core.disk.workspace import MAX_NAME
from transfer_core.errors import ConfigError, RunError, StorageError


def test_thaw_home_is_where_everything_lives(thaw_home: Path) -> None:
    assert workspace().root == thaw_home
    assert workspace().create_project("Cats").path.is_relative_to(thaw_home)


def test_home_without_thaw_home_is_the_users_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THAW_HOME", raising=False)
    assert workspace().root.is_absolute() and workspace().root.name == "thaw"


@pytest.mark.parametrize("name", ["Ähnliche Katzen & Hunde", "猫", "  a   b ", "x" * 60, "../../etc"])
def test_any_name_makes_a_safe_folder(thaw_home: Path, name: str) -> None:
    project = workspace().create_project(name)
    assert project.path.parent == thaw_home / "projects"
    assert workspace().open_project(project.id) == project
    assert workspace().find_project(project.name) == project


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_names_that_are_none_are_refused(thaw_home: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="1 to 60"):
        workspace().create_project(name)
    assert workspace().list_projects() == []


@pytest.mark.parametrize("project_id", ["nobody", "../secret", "", "a/b", "A", "x" * 80])
def test_ids_from_a_url_are_checked(thaw_home: Path, project_id: str) -> None:
    (thaw_home / "secret").mkdir(parents=True)
    (thaw_home / "secret" / "project.json").write_text('{"name": "s", "created": 0, "choices": {}}')
    with pytest.raises(ConfigError, match="no project"):
        workspace().open_project(project_id)


def test_choices_are_merged_and_forgotten(thaw_home: Path) -> None:
    project = workspace().create_project("a")
    project.choose(base={"name": "vgg16"})
    # A page that holds an older copy loses nothing that another page wrote meanwhile.
    project.choose(trainable=["x"])
    assert workspace().open_project(project.id).choices == {"base": {"name": "vgg16"}, "trainable": ["x"]}
    assert project.choose(base=None).choices == {"trainable": ["x"]}


def test_rename_keeps_the_id(thaw_home: Path) -> None:
    project = workspace().create_project("a")
    renamed = project.rename(" Better  name ")
    assert (renamed.id, renamed.name) == (project.id, "Better name")


def test_a_name_that_is_taken_gets_a_number(thaw_home: Path) -> None:
    here = workspace()
    names = [
        here.create_project(here.free_name(name)).name
        for name in ("Cats", " Cats ", "CATS", "Dogs", "x" * MAX_NAME, "x" * MAX_NAME)
    ]
    assert names == ["Cats", "Cats (2)", "CATS (3)", "Dogs", "x" * 60, "x" * 56 + " (2)"]


def test_delete_can_be_undone(thaw_home: Path) -> None:
    project = workspace().create_project("a")
    (project.path / "kept.txt").write_text("kept")
    workspace().delete_project(project.id)
    assert workspace().list_projects() == []
    with pytest.raises(ConfigError, match="deleted"):
        workspace().open_project(project.id)
    assert workspace().restore_project(project.id) == project
    assert (project.path / "kept.txt").read_text() == "kept"
    with pytest.raises(ConfigError, match="trash"):
        workspace().restore_project(project.id)


def test_old_trash_goes_for_good(thaw_home: Path) -> None:
    old, new = workspace().create_project("old"), workspace().create_project("new")
    workspace().delete_project(old.id)
    past = time.time() - 31 * 86400
    os.utime(thaw_home / "trash" / old.id, (past, past))
    workspace().delete_project(new.id)
    assert [path.name for path in (thaw_home / "trash").iterdir()] == [new.id]


def test_a_damaged_project_says_which_file(thaw_home: Path) -> None:
    project = workspace().create_project("a")
    (project.path / "project.json").write_text('{"name": "a"}')
    with pytest.raises(StorageError, match=r"project\.json is incomplete"):
        workspace().open_project(project.id)
    other = workspace().create_project("b")
    assert workspace().list_projects() == [other]
    assert [sentence.count("incomplete") for sentence in workspace().read_projects()[1].values()] == [1]


def test_newest_first(thaw_home: Path) -> None:
    names = [workspace().create_project(name).name for name in ("a", "b", "c")]
    assert [project.name for project in workspace().list_projects()] == names[::-1]


def test_a_deleted_run_can_be_brought_back(thaw_home: Path) -> None:
    project = workspace().create_project("a")
    run = project.new_run_dir()
    run.mkdir(parents=True)
    (run / "kept.txt").write_text("kept")
    project.delete_job(run)
    assert not run.exists()
    with pytest.raises(RunError, match="no such run"):
        project.delete_job(run)
    project.restore_job(run)
    assert run.is_dir()
    assert (run / "kept.txt").read_text() == "kept"
    with pytest.raises(RunError, match="no longer in the trash"):
        project.restore_job(run)


@pytest.mark.parametrize("run_id", ["", ".", "..", ".trash", "../../secret"])
def test_only_a_run_can_be_deleted_as_one(thaw_home: Path, run_id: str) -> None:
    project = workspace().create_project("a")
    project.runs_dir.mkdir()
    (thaw_home / "projects" / "secret").mkdir()
    for change in (project.delete_job, project.restore_job):
        with pytest.raises(RunError):
            change(project.runs_dir / run_id)
    assert project.path.is_dir() and (thaw_home / "projects" / "secret").is_dir()


def test_runs_deleted_long_ago_go_for_good(thaw_home: Path) -> None:
    project = workspace().create_project("a")
    old, new = project.new_run_dir(), project.new_run_dir()
    for run in (old, new):
        run.mkdir(parents=True)
    project.delete_job(old)
    past = time.time() - 31 * 86400
    os.utime(project.runs_dir / ".trash" / old.name, (past, past))
    workspace().empty_trash()
    project.delete_job(new)
    workspace().empty_trash()
    with pytest.raises(RunError, match="no longer"):
        project.restore_job(old)
    project.restore_job(new)
    assert new.is_dir()


@pytest.mark.parametrize("what", ["project", "run"])
def test_what_a_worker_left_behind_does_not_stop_the_undo(thaw_home: Path, what: str) -> None:
    project = workspace().create_project("a")
    run = project.new_run_dir()
    run.mkdir(parents=True)
    (run / "config.json").write_text("{}")
    if what == "project":
        workspace().delete_project(project.id)
    else:
        project.delete_job(run)
    run.mkdir(parents=True)
    (run / "status.json").write_text("{}")  # the last word of a worker that outlived the folder
    if what == "project":
        assert workspace().restore_project(project.id) == project
    else:
        project.restore_job(run)
        assert run.is_dir()
    assert [path.name for path in run.iterdir()] == ["config.json"]


def test_a_damaged_project_is_told_and_can_be_deleted(thaw_home: Path) -> None:
    good, bad = workspace().create_project("good"), workspace().create_project("bad")
    (bad.path / "project.json").write_text("{")
    assert workspace().list_projects() == [good]
    (why,) = workspace().read_projects()[1].values()
    assert list(workspace().read_projects()[1]) == [bad.id] and "project.json" in why
    workspace().delete_project(bad.id)
    assert workspace().read_projects()[1] == {}
