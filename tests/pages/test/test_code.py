"""Test: the code of a run is shown, and can be taken along."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs import where
from pages.test import ask as test_photos
from pages.test import making
from pages.ui import tasks
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import words
from tests.support import workspace
from tests.toys import trained
from transfer_core.disk.workspace import Project
from transfer_core.exports.code_files import code_files
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import BaseConfig, RunConfig
from transfer_core.runs.folder import Run, create_run


class Worker(FakeEngine):
    """Writes the zip, less the base, which takes TensorFlow."""

    def ask(self, kind: str, args: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        if kind != "code":
            return {}
        run, out = Run(Path(args["run"])), Path(args["out"])
        with zipfile.ZipFile(out, "w") as archive:
            for name, text in code_files(run, out.stem).items():
                archive.writestr(name, text)
        return {"format": "code", "path": str(out), "bytes": out.stat().st_size, "beside": []}


@pytest.fixture
def project(thaw_home: Path) -> Project:
    return workspace().create_project("Pets & co")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (making, test_photos, where):
        monkeypatch.setattr(module, "engine", Worker)


def downloads(page: AppTest) -> set[str]:
    return {button.key for button in page.get("download_button")}


@pytest.mark.parametrize("base", ["efficientnet-lite0", "mobilenet-v2"])
def test_the_code_is_shown_and_taken_along(
    open_page: Callable[[str, str], AppTest],
    project: Project,
    engine: None,
    toy_manifest: Callable[..., Manifest],
    base: str,
) -> None:
    run = trained(create_run(project.runs_dir / "one", RunConfig(base=BaseConfig(base)), toy_manifest()))
    page = open_page("test", project.id)
    assert not page.exception and not page.code
    page.button(key="show_code").click().run()
    assert not page.exception
    (shown,) = page.code
    assert "# Step 3: train the part you added" in shown.value
    assert {"code_script", "code_notebook", "code_table"} <= downloads(page)
    assert ("which Keras does not have" in words(page)) == (base == "efficientnet-lite0")

    page = open_page("test", project.id)
    page.button(key="code_make").click().run()
    (task,) = (task for key, task in tasks._tasks()[0].items() if str(run.path) in key)
    assert task.wait(20)
    page.run()
    assert not page.exception and "code_zip" in downloads(page)
    assert zipfile.is_zipfile(task.result["path"])
