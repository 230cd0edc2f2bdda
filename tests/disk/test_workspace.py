"""Projects on disk: named, chosen for, deleted and brought back."""

import os
import time
from pathlib import Path

import pytest

from transfer_core.disk.workspace import (
    create_project,
    damaged_projects,
    delete_project,
    delete_run,
    find_project,
    home,
    list_projects,
    new_run_dir,
    open_project,
    restore_project,
    restore_run,
    runs_dir,
)
from transfer_core.errors import ConfigError, RunError, StorageError


def test_thaw_home_is_where_everything_lives(thaw_home: Path) -> None:
    assert home() == thaw_home
    assert create_project("Cats").path.is_relative_to(thaw_home)


def test_home_without_thaw_home_is_the_users_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THAW_HOME", raising=False)
    assert home().is_absolute() and home().name == "thaw"


@pytest.mark.parametrize("name", ["Ähnliche Katzen & Hunde", "猫", "  a   b ", "x" * 60, "../../etc"])
def test_any_name_makes_a_safe_folder(thaw_home: Path, name: str) -> None:
    project = create_project(name)
    assert project.path.parent == thaw_home / "projects"
    assert open_project(project.id) == project
    assert find_project(project.name) == project


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_names_that_are_none_are_refused(thaw_home: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="1 to 60"):
        create_project(name)
    assert list_projects() == []


@pytest.mark.parametrize("project_id", ["nobody", "../secret", "", "a/b", "A", "x" * 80])
def test_ids_from_a_url_are_checked(thaw_home: Path, project_id: str) -> None:
    (thaw_home / "secret").mkdir(parents=True)
    (thaw_home / "secret" / "project.json").write_text('{"name": "s", "created": 0, "choices": {}}')
    with pytest.raises(ConfigError, match="no project"):
        open_project(project_id)


def test_choices_are_merged_and_forgotten(thaw_home: Path) -> None:
    project = create_project("a")
    project.choose(base={"name": "vgg16"})
    # A page that holds an older copy loses nothing that another page wrote meanwhile.
    project.choose(trainable=["x"])
    assert open_project(project.id).choices == {"base": {"name": "vgg16"}, "trainable": ["x"]}
    assert project.choose(base=None).choices == {"trainable": ["x"]}


def test_rename_keeps_the_id(thaw_home: Path) -> None:
    project = create_project("a")
    renamed = project.rename(" Better  name ")
    assert (renamed.id, renamed.name) == (project.id, "Better name")


def test_delete_can_be_undone(thaw_home: Path) -> None:
    project = create_project("a")
    (project.path / "kept.txt").write_text("kept")
    delete_project(project.id)
    assert list_projects() == []
    with pytest.raises(ConfigError, match="deleted"):
        open_project(project.id)
    assert restore_project(project.id) == project
    assert (project.path / "kept.txt").read_text() == "kept"
    with pytest.raises(ConfigError, match="trash"):
        restore_project(project.id)


def test_old_trash_goes_for_good(thaw_home: Path) -> None:
    old, new = create_project("old"), create_project("new")
    delete_project(old.id)
    past = time.time() - 31 * 86400
    os.utime(thaw_home / "trash" / old.id, (past, past))
    delete_project(new.id)
    assert [path.name for path in (thaw_home / "trash").iterdir()] == [new.id]


def test_a_damaged_project_says_which_file(thaw_home: Path) -> None:
    project = create_project("a")
    (project.path / "project.json").write_text('{"name": "a"}')
    with pytest.raises(StorageError, match=r"project\.json is incomplete"):
        open_project(project.id)
    other = create_project("b")
    assert list_projects() == [other]
    assert [sentence.count("incomplete") for sentence in damaged_projects()] == [1]


def test_newest_first(thaw_home: Path) -> None:
    names = [create_project(name).name for name in ("a", "b", "c")]
    assert [project.name for project in list_projects()] == names[::-1]


def test_a_deleted_run_can_be_brought_back(thaw_home: Path) -> None:
    project = create_project("a")
    run = new_run_dir(project)
    run.mkdir(parents=True)
    (run / "kept.txt").write_text("kept")
    delete_run(project, run.name)
    assert not run.exists()
    with pytest.raises(RunError, match="no such run"):
        delete_run(project, run.name)
    assert restore_run(project, run.name) == run
    assert (run / "kept.txt").read_text() == "kept"
    with pytest.raises(RunError, match="no longer in the trash"):
        restore_run(project, run.name)


@pytest.mark.parametrize("run_id", ["", ".", "..", ".trash", "../../secret"])
def test_only_a_run_can_be_deleted_as_one(thaw_home: Path, run_id: str) -> None:
    project = create_project("a")
    runs_dir(project).mkdir()
    (thaw_home / "projects" / "secret").mkdir()
    for change in (delete_run, restore_run):
        with pytest.raises(RunError):
            change(project, run_id)
    assert project.path.is_dir() and (thaw_home / "projects" / "secret").is_dir()


def test_runs_deleted_long_ago_go_for_good(thaw_home: Path) -> None:
    project = create_project("a")
    old, new = new_run_dir(project), new_run_dir(project)
    for run in (old, new):
        run.mkdir(parents=True)
    delete_run(project, old.name)
    past = time.time() - 31 * 86400
    os.utime(runs_dir(project) / ".trash" / old.name, (past, past))
    delete_run(project, new.name)
    with pytest.raises(RunError, match="no longer"):
        restore_run(project, old.name)
    assert restore_run(project, new.name) == new


@pytest.mark.parametrize("what", ["project", "run"])
def test_what_a_worker_left_behind_does_not_stop_the_undo(thaw_home: Path, what: str) -> None:
    project = create_project("a")
    run = new_run_dir(project)
    run.mkdir(parents=True)
    (run / "config.json").write_text("{}")
    if what == "project":
        delete_project(project.id)
    else:
        delete_run(project, run.name)
    run.mkdir(parents=True)
    (run / "status.json").write_text("{}")  # the last word of a worker that outlived the folder
    if what == "project":
        assert restore_project(project.id) == project
    else:
        assert restore_run(project, run.name) == run
    assert [path.name for path in run.iterdir()] == ["config.json"]
