"""Test: a classifier from a file beside those that were trained here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs.trained_runs import best_run, opened_classifiers, trained_runs
from pages.ui import tasks
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import words
from tests.support import workspace
from transfer_core.disk.files import write_bytes, write_json
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.opening import open as opening
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import RunConfig
from transfer_core.runs.folder import Run, Status, create_run

Finish = Callable[[AppTest, str], AppTest]


@pytest.fixture
def project(thaw_home: Path) -> Project:
    return workspace().create_project("Pets")


@pytest.fixture
def page(open_page: Callable[[str, str], AppTest], project: Project, engine: FakeEngine) -> AppTest:
    return open_page("test", project.id)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked of the opening, which answers at once."""
    found: list[Any] = []

    def open_classifier(
        space: Workspace, path: Path, folder: Path, names: Sequence[str] | None, scaling: str | None, cancelled: object
    ) -> Run:
        found.append((path.name, names, scaling))
        run = Run(folder)
        write_bytes(run.model_path, b"a model")
        labels = {"classes": names or ["a", "b"], "input_size": 32, "base": "", "file": path.name}
        write_json(run.labels_path, labels)
        run.write_status(Status("FINISHED", created=1.0))
        return run

    monkeypatch.setattr(opening, "open_classifier", open_classifier)
    return found


def opened(page: AppTest, project: Project, finish: Finish, path: str) -> None:
    page.text_input(key="opened_path").input(path)
    page.button(key="opened_open").click().run()
    if tasks.find(key := f"opened-{project.id}"):  # or it was over before the page was drawn
        finish(page, key)
    page.run()
    assert not page.exception


def test_without_a_training_one_can_be_asked(page: AppTest, project: Project, asked: list[Any], finish: Finish) -> None:
    assert "There is no trained classifier in this project yet." in words(page)
    page.text_area(key="opened_classes").input(" cat \n\n dog\n")
    opened(page, project, finish, "/tmp/pets *.keras")
    assert asked == [("pets *.keras", ["cat", "dog"], None)]
    assert "nobody here knows how good it is" in words(page) and r"pets \*.keras" in words(page)
    assert page.selectbox(key="test_run").options[0].startswith("pets *.keras, from a file · 2 classes")
    # What needs its photos is not offered.
    keys = {button.key for button in page.button}
    assert not keys & {"export_make", "code_show", "measure_every_photo"}
    page.button(key="opened_remove").click().run()
    assert "Removed the classifier from a file." in words(page) and opened_classifiers(project) == []
    page.button(key="undo_opened").click().run()
    assert "nobody here knows how good it is" in words(page)


def test_one_that_was_trained_here_stays_the_best(
    page: AppTest, project: Project, asked: list[Any], finish: Finish
) -> None:
    opened(page, project, finish, "/tmp/theirs.zip")
    run = create_run(project.new_run_dir(), RunConfig(), Manifest(("cat", "dog"), ()))
    write_bytes(run.model_path, b"another")
    write_json(run.labels_path, {"classes": ["cat", "dog"], "input_size": 32, "base": "efficientnet-lite0"})
    write_json(run.path / "report.json", {"val_accuracy": 0.5, "val_interval": [0.4, 0.6]})
    run.write_status(replace(run.status(), state="FINISHED"))
    both = [*trained_runs(project), *opened_classifiers(project)]
    best = best_run(both)
    assert best is not None and best.run.id == run.id and len(both) == 2
    page.run()
    assert len(page.selectbox(key="test_run").options) == 2
    assert page.selectbox(key="test_run").value == opened_classifiers(project)[0].run.id  # it was opened to be asked
