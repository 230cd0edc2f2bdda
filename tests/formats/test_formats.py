"""A workspace of every earlier format opens, shows what it showed, and its runs go on.

format-0.zip holds what the commit f97bfec left with the toy base of the tests: a project of 48 photos with one edit to
undo and one file refused, two finished runs, one killed before the state of its last epoch was kept, and an experiment
of five labs. Its paths begin with @HOME@; versions.json names the libraries it was made with.
"""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import services
from pages.ui.paths import page_path
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import words
from tests.support import workspace
from transfer_core import api
from transfer_core.backbones.catalog import Base
from transfer_core.disk.formats import FORMAT
from transfer_core.disk.workspace import Project
from transfer_core.errors import StorageError
from transfer_core.labs.experiment import experiment_config, list_experiments, read_result
from transfer_core.nn.export import classifier
from transfer_core.nn.models.describe import load_tree
from transfer_core.nn.training import run as training
from transfer_core.photos.store import PhotoStore
from transfer_core.runs.events import Message
from transfer_core.runs.folder import Run, list_runs

HERE = Path(__file__).parent
APP = HERE.parents[1] / "app.py"
KINDS = ("probe", "sweep", "sanity", "recipe", "compare")


@pytest.fixture
def kept(thaw_home: Path, toy_base: Base, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project in format-0.zip, unpacked; the libraries seem to be those that it was made with."""
    with zipfile.ZipFile(HERE / "format-0.zip") as file:
        file.extractall(thaw_home)
    for path in thaw_home.rglob("*.json*"):
        path.write_text(path.read_text("utf-8").replace("@HOME@", thaw_home.as_posix()), "utf-8")
    versions = json.loads((thaw_home / "versions.json").read_text())
    for module in (classifier, training):
        monkeypatch.setattr(module, "versions", lambda: versions)
    (project,) = workspace().list_projects()
    return project


def runs(project: Project) -> dict[str, Run]:
    """By the letters at the end of their names: `aaaa` and `cccc` finished, `bbbb` was killed."""
    return {run.id[-4:]: run for run in list_runs(project.runs_dir)}


def test_its_photos_their_refusals_and_the_undo_are_there(kept: Project) -> None:
    store = PhotoStore(kept.photos_dir)
    assert store.classes() == {"blue": 24, "red": 23}
    (refused,) = store.report().refused
    assert refused.name == "red/damaged.png" and "cut off" in str(refused.reason)
    assert "photo" in str(store.last_edit())
    store.undo()
    assert store.classes() == {"blue": 24, "red": 24}


def test_its_runs_say_what_they_said_and_answer_as_they_did(kept: Project) -> None:
    done = runs(kept)["aaaa"]
    assert done.status().state == "FINISHED" and len(done.epochs()) == 7
    report = done.report()
    assert report is not None
    photos = done.manifest().of("validation")
    answers = api.predict(done, [photo.path for photo in photos])
    right = [
        answer["label"] == done.manifest().classes[photo.label] for answer, photo in zip(answers, photos, strict=True)
    ]
    assert sum(right) / len(right) == pytest.approx(report["val_accuracy"])
    assert "shut down" in str(runs(kept)["bbbb"].status().message)


def test_its_killed_run_starts_again_as_photos_are_read_otherwise_since(kept: Project) -> None:
    """And ends as the same run did that was never killed."""
    killed, heard = runs(kept)["bbbb"], []
    before = [epoch.metrics for epoch in killed.epochs()]
    api.resume(killed, heard.append)
    said = [str(event.text) for event in heard if isinstance(event, Message)]
    assert any(text.startswith("The run starts again from its first epoch: its photos") for text in said)
    after = [epoch.metrics for epoch in killed.epochs()]
    assert len(before) == len(after) == 7 and killed.status().state == "FINISHED"
    for was, now in zip(before, after, strict=True):
        assert {name: now[name] for name in was} == pytest.approx(was, rel=1e-3)  # there are more of them now


def test_its_experiments_are_known_by_lab(kept: Project) -> None:
    for kind in KINDS:
        (run,) = list_experiments(kept.experiments_dir, kind)
        result = read_result(run)
        assert result is not None and experiment_config(run).kind == kind
        assert isinstance(result["conclusion"], str) and result["conclusion"].endswith(".")


@pytest.fixture
def open_page(kept: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AppTest]:
    monkeypatch.setattr(services, "warm", lambda likely=None: None)
    monkeypatch.setattr(services, "_engine", lambda home: FakeEngine())
    load_tree(workspace(), "toy")
    app = AppTest.from_file(str(APP), default_timeout=60).run()

    def opened(step: str) -> AppTest:
        app.query_params["project"] = kept.id
        app.switch_page(page_path(step))
        app.query_params["project"] = kept.id
        return app.run()

    return opened


def test_the_app_shows_them(kept: Project, open_page: Callable[[str], AppTest]) -> None:
    for step in ("photos", "base", "layers", "train", "test", "labs", *KINDS):
        page = open_page(step)
        assert not page.exception, (step, page.exception)
        assert not page.error, (step, [error.value for error in page.error])
        if step in KINDS:
            (run,) = list_experiments(kept.experiments_dir, step)
            result = read_result(run)
            assert result is not None and result["conclusion"][:60] in words(page).replace("\\", "")


@pytest.mark.parametrize("file", ["project.json", "runs/{}/config.json"])
def test_what_a_newer_thaw_wrote_is_refused_in_one_sentence(kept: Project, file: str) -> None:
    run = runs(kept)["aaaa"]
    path = kept.path / file.format(run.id)
    path.write_text(json.dumps({"format": FORMAT + 1, **json.loads(path.read_text())}))
    with pytest.raises(StorageError, match=f"written by a newer version of Thaw .format {FORMAT + 1}; .* Update Thaw"):
        run.config()
        workspace().open_project(kept.id)


def test_what_changes_is_written_in_the_format_of_today(kept: Project) -> None:
    changed = kept.rename("Kept on")
    assert json.loads((kept.path / "project.json").read_text())["format"] == FORMAT
    assert workspace().open_project(kept.id) == changed
