"""Home: a set of real photos is fetched into a project of its own; where that fails it can be tried again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.home.new_project import photos_task
from pages.ui.services import store
from tests.samples.test_photo_sets import published
from tests.support import workspace
from transfer_core.samples.photo_sets import PhotoSet

Finish = Callable[[AppTest, str], AppTest]
__all__ = ["published"]


@pytest.mark.usefixtures("recent_apptest")
def test_one_click_fetches_a_set(
    app: AppTest, finish: Finish, published: dict[str, PhotoSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.button(key="fetch_flowers").click().run()
    (project,) = workspace().list_projects()
    finish(app, photos_task(project))
    assert app.title[0].value == "Photos" and not app.exception
    assert project.name == "Flowers" and store(project).classes() == {"blue": 2, "red": 1}
    assert not list((workspace().cache_dir / "samples").iterdir()), "its photos are in the project"


@pytest.mark.usefixtures("recent_apptest")
def test_without_a_network_it_can_be_tried_again(
    app: AppTest,
    open_page: Callable[[str, str], AppTest],
    finish: Finish,
    published: dict[str, PhotoSet],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("THAW_SAMPLES_URL", "http://127.0.0.1:9")
    app.button(key="fetch_flowers").click().run()
    (project,) = workspace().list_projects()
    finish(app, photos_task(project))
    assert any("could not be reached" in error.value for error in app.error)
    assert app.button(key="fetch_photo_set").label == "Fetch the photos"
    app.button(key="fetch_photo_set").click().run()
    finish(app, photos_task(project))
    assert any('under "Add photos"' in error.value for error in app.error)
    monkeypatch.delenv("THAW_SAMPLES_URL")
    # On Home the project is taken away again, and a click just afterwards makes a new one.
    home = open_page("home", project.id)
    assert not home.exception and workspace().list_projects() == []
    assert any("could not be reached" in error.value for error in home.error)
    home.button(key="fetch_flowers").click().run()
    (again,) = workspace().list_projects()
    assert again.name == "Flowers" and home.title[0].value == "Photos" and not home.exception


def test_what_was_ever_used_is_not_taken_away(open_page: Callable[[str, str], AppTest], thaw_home: Path) -> None:
    failed = {"photo_set": "flowers", "photo_set_failed": True}
    held = workspace().create_project("Held").choose(**failed)
    store(held).add_class("rose")
    store(held).delete_class("rose")
    workspace().create_project("Chosen").choose(**failed, base={"name": "mobilenet"})
    workspace().create_project("Never fetched").choose(photo_set="flowers")
    workspace().create_project("Empty").choose(**failed)
    page = open_page("home", held.id)
    assert not page.exception
    assert {project.name for project in workspace().list_projects()} == {"Held", "Chosen", "Never fetched"}
