"""`thaw project`: out of one workspace, into another."""

import json
from pathlib import Path

import pytest

from tests.cli.command_line import thaw
from tests.photos.groups.test_looking import FILES
from tests.support import workspace
from transfer_core.photos.manifest import Manifest
from transfer_core.photos.store import PhotoStore
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import create_run


def test_a_project_goes_from_one_home_to_another(
    thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = workspace().create_project("Insects")
    PhotoStore(project.photos_dir).import_files(FILES.items())
    code, out, _ = thaw(capfd, "project", "export", "Insects", "--out", tmp_path / "i.zip", "--json")
    assert code == 0 and json.loads(out)["bytes"] == (tmp_path / "i.zip").stat().st_size
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "other"))
    code, out, _ = thaw(capfd, "project", "import", tmp_path / "i.zip", "--json")
    made = workspace().open_project(json.loads(out)["project"])
    assert code == 0 and made.name == "Insects" and made.path.is_relative_to(tmp_path / "other")
    assert PhotoStore(made.photos_dir).classes() == {"ant": 6, "bee": 7}
    _, words, _ = thaw(capfd, "project", "import", tmp_path / "i.zip")
    assert "called Insects (2) here" in words


def test_projects_are_listed_with_what_they_hold(thaw_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "no project yet" in thaw(capfd, "project", "list")[1]
    assert json.loads(thaw(capfd, "project", "list", "--json")[1]) == {"projects": [], "damaged": {}}
    project = workspace().create_project("Insects")
    PhotoStore(project.photos_dir).import_files(FILES.items())
    for name in ("a", "b"):
        run = create_run(project.runs_dir / name, RunConfig(), Manifest(("ant", "bee"), ()))
    run.model_path.write_bytes(b"model")
    workspace().create_project("Empty")
    code, out, _ = thaw(capfd, "project", "list", "--json")
    listed = {one["name"]: (one["photos"], one["trained_runs"]) for one in json.loads(out)["projects"]}
    assert code == 0 and listed == {"Insects": (13, 1), "Empty": (0, 0)}
    (project.path / "project.json").write_text("{")
    _, words, _ = thaw(capfd, "project", "list")
    assert "Empty: 0 photos, 0 trained runs" in words and "project.json" in words


def test_what_can_not_be_is_said_in_a_sentence(
    thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    workspace().create_project("Insects")
    code, _, err = thaw(capfd, "project", "export", "Birds", "--out", tmp_path / "b.zip")
    assert code == 2 and "no project called 'Birds'" in err and "Insects" in err
    (tmp_path / "no.zip").write_bytes(b"no zip")
    code, _, err = thaw(capfd, "project", "import", tmp_path / "no.zip")
    assert code == 2 and "is not a zip" in err
    assert thaw(capfd, "project", "import", tmp_path / "gone.zip")[0] == 2
