"""Home: a project saved as a zip, and opened from one."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.home import archive
from pages.ui import tasks
from tests.photos.groups.test_looking import FILES
from tests.support import workspace
from transfer_core.disk.workspace import Project
from transfer_core.photos.store import PhotoStore

Finish = Callable[[AppTest, str], AppTest]


@pytest.fixture
def project(app: AppTest) -> Project:
    project = workspace().create_project("Insects")
    PhotoStore(project.photos_dir).import_files(FILES.items())
    return project


def keys(app: AppTest) -> set[str]:
    return {str(one.proto.id) for one in app.get("download_button")}  # type: ignore[attr-defined]


def test_saved_and_opened_again(app: AppTest, project: Project, finish: Finish) -> None:
    app.run()
    app.button(key=f"pack_{project.id}").click().run()
    finish(app, f"pack-{project.id}")
    assert not app.exception and any("download_project" in key for key in keys(app))
    task = tasks.find(f"pack-{project.id}")
    assert task is not None
    data = task.result.read_bytes()
    app.button(key="forget_zip").click().run()
    assert not task.result.exists() and not any("download_project" in key for key in keys(app))

    app.file_uploader(key="project_zip_0").set_value(("insects.zip", data, "")).run()
    finish(app, app.session_state[archive._UNPACKING])
    assert app.title[0].value == "Photos" and {one.name for one in workspace().list_projects()} == {
        "Insects", "Insects (2)"
    }  # fmt: skip


def test_a_zip_that_is_no_project_is_refused_and_another_can_be_tried(
    app: AppTest, project: Project, finish: Finish
) -> None:
    app.run()
    app.file_uploader(key="project_zip_0").set_value(("x.zip", b"no zip", "")).run()
    finish(app, app.session_state[archive._UNPACKING])
    assert any("is not a zip" in error.value for error in app.error)
    assert len(workspace().list_projects()) == 1 and not app.file_uploader(key="project_zip_1").disabled
