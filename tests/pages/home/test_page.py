"""Home: a sample to start with, projects by name, and cards that open, rename, delete and come back."""

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import streamlit
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.home import new_project as starting
from pages.home.new_project import photos_task
from pages.home.previews import preview, preview_paths
from pages.ui import services, tasks
from pages.ui.paths import page_path
from pages.ui.services import store
from tests.support import workspace
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.samples.sets import SAMPLES, Sample

Finish = Callable[[AppTest, str], AppTest]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def one_double_click(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of the page stand for the two clicks of a pair, however long a run takes on this machine."""
    monkeypatch.setattr(starting, "_DOUBLE_CLICK", float("inf"))


@pytest.fixture
def few_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "SAMPLE_PER_CLASS", 3)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_an_empty_workspace_says_what_to_do(app: AppTest) -> None:
    assert not app.exception
    assert app.title[0].value.startswith("Teach a computer")
    assert "Nothing here yet" in app.info[0].value
    assert {"sample_shapes", "sample_patterns"} <= {button.key for button in app.button}


@pytest.mark.usefixtures("recent_apptest")
@pytest.mark.parametrize("sample", ["shapes", "patterns"])
def test_one_click_makes_a_project_with_drawn_photos(
    app: AppTest, finish: Finish, few_drawings: None, sample: str
) -> None:
    app.button(key=f"sample_{sample}").click().run()
    (project,) = workspace().list_projects()
    assert app.title[0].value == "Photos"
    assert app.query_params["project"] == project.id
    finish(app, starting.photos_task(project))
    assert not app.exception
    assert set(services.store(project).classes().values()) == {3}
    assert not app.button(key="next_base").disabled


@pytest.mark.usefixtures("few_drawings", "one_double_click")
def test_a_second_click_does_not_make_a_second_project(app: AppTest, finish: Finish) -> None:
    app.button(key="sample_shapes").click().run()
    app.switch_page(page_path("home")).run()
    app.button(key="sample_shapes").click().run()
    (project,) = workspace().list_projects()
    assert app.title[0].value == "Photos"
    finish(app, starting.photos_task(project))
    assert sum(services.store(project).classes().values()) == 12


@pytest.mark.usefixtures("recent_apptest")
def test_a_named_project_opens_on_its_photos(app: AppTest) -> None:
    app.text_input(key="new_project_name").set_value("Birds *of* my garden")
    app.button(key="new_project").click().run()
    (project,) = workspace().list_projects()
    assert project.name == "Birds *of* my garden"
    assert app.title[0].value == "Photos"
    assert r"**Birds \*of\* my garden**" in [text.value for text in app.sidebar.markdown]


def test_a_name_that_is_too_long_is_refused_in_words_and_stays(app: AppTest) -> None:
    """A browser drops a name that is pasted over the limit of its field, so the field has none."""
    assert app.text_input(key="new_project_name").proto.max_chars == 0
    app.text_input(key="new_project_name").set_value("x" * 76)
    app.button(key="new_project").click().run()
    assert "needs 1 to 60 characters" in app.error[0].value and "has 76" in app.error[0].value
    assert app.text_input(key="new_project_name").value == "x" * 76
    assert workspace().list_projects() == []


@pytest.mark.usefixtures("one_double_click")
def test_the_form_keeps_its_name_for_the_second_click_of_a_pair(app: AppTest) -> None:
    """A form that clears itself sends an empty name with the second click, which replaces the first one's."""
    app.text_input(key="new_project_name").set_value("Birds")
    app.button(key="new_project").click().run()
    app.switch_page(page_path("home")).run()
    app.text_input(key="new_project_name").set_value("Birds")
    app.button(key="new_project").click().run()
    assert [project.name for project in workspace().list_projects()] == ["Birds"]
    forms = [block.proto.form for block in app.main if block.type == "form"]
    assert not any(form.clear_on_submit for form in forms)


def test_a_second_click_that_interrupts_the_first_finds_its_project(
    thaw_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit ends a callback for a newer click wherever it looks at the session's state."""

    class Interrupted(dict[str, object]):
        clicks = 0

        def __setitem__(self, name: str, value: object) -> None:
            if name == "begin" and self.clicks == 1:
                raise KeyboardInterrupt
            super().__setitem__(name, value)

    state = Interrupted()
    monkeypatch.setattr(starting.st, "session_state", state)
    state.clicks = 1
    with pytest.raises(KeyboardInterrupt):
        starting._begin("Birds", None)
    state.clicks = 2
    starting._begin("Birds", None)
    (project,) = workspace().list_projects()
    assert state["begin"] == project.id


def test_of_two_clicks_at_once_one_makes_a_project(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit may run their callbacks at once, each in a thread of its own."""
    state: dict[str, object] = {"begun": {}}
    monkeypatch.setattr(starting.st, "session_state", state)
    both, create = threading.Barrier(2), Workspace.create_project

    def slow(space: Workspace, name: str) -> Project:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # both are here, if nothing keeps the second out
        return create(space, name)

    monkeypatch.setattr(Workspace, "create_project", slow)
    threads = [threading.Thread(target=starting._begin, args=("Birds", None)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (project,) = workspace().list_projects()
    assert state["begin"] == project.id


@pytest.mark.usefixtures("recent_apptest")
def test_the_way_back_stands_where_the_deleted_card_stood(app: AppTest) -> None:
    (first, second) = (workspace().create_project(name) for name in ("Birds", "Fish"))
    app.run()
    app.button(key=f"delete_{first.id}").click().run()
    keys = [button.key for button in app.button]
    assert keys.index("new_project") < keys.index("undo_delete") < keys.index(f"open_{second.id}")


def test_a_card_that_lost_its_photos_says_what_one_without_says(app: AppTest, jpeg: Callable[[int], bytes]) -> None:
    project = workspace().create_project("Emptied")
    photos = store(project)
    photos.import_files([("cat.jpg", jpeg(1))], "cat")
    photos.undo()
    app.run()
    assert any(caption.value == "Not trained yet" for caption in app.caption)


def test_the_icon_comes_from_this_server(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    icons: list[object] = []
    monkeypatch.setattr(streamlit, "set_page_config", lambda page_icon, **_: icons.append(page_icon))
    monkeypatch.setattr(services, "warm", lambda: None)
    AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert {ElementTree.parse(str(icon)).getroot().tag for icon in icons} == {"{http://www.w3.org/2000/svg}svg"}


def test_a_project_without_a_name_is_refused(app: AppTest) -> None:
    app.text_input(key="new_project_name").set_value("   ")
    app.button(key="new_project").click().run()
    assert workspace().list_projects() == []
    assert "name" in app.warning[0].value


def test_rename_shows_the_new_name(app: AppTest) -> None:
    project = workspace().create_project("Old")
    app.run()
    app.text_input(key=f"name_{project.id}").set_value("New")
    app.button(key=f"rename_{project.id}").click().run()
    assert workspace().open_project(project.id).name == "New"
    assert "**New**" in [text.value for text in app.markdown]


def test_a_card_does_not_say_there_are_no_photos_while_they_come_in(app: AppTest) -> None:
    project, go = workspace().create_project("Drawn"), threading.Event()
    tasks.start(photos_task(project), "Drawing the sample photos", lambda task: go.wait(60))
    try:
        strips = "".join(part.proto.body for part in app.run().get("html"))
        assert "Photos are coming in" in strips and "No photos yet" not in strips
    finally:
        go.set()
        assert tasks.find(photos_task(project)).wait(60)
        tasks.dismiss(photos_task(project))


def test_deleting_can_be_undone_one_after_the_other(app: AppTest) -> None:
    first, second = workspace().create_project("First"), workspace().create_project("Second")
    app.run()
    for project in (first, second):
        app.button(key=f"delete_{project.id}").click().run()
    assert workspace().list_projects() == []
    assert any("Deleted **Second**" in text.value for text in app.markdown)
    app.button(key="undo_delete").click().run()
    assert [project.name for project in workspace().list_projects()] == ["Second"]
    app.button(key="undo_delete").click().run()
    assert {project.name for project in workspace().list_projects()} == {"First", "Second"}
    assert "undo_delete" not in {button.key for button in app.button}


def test_a_card_deleted_in_another_tab_says_so(app: AppTest) -> None:
    project = workspace().create_project("Gone")
    app.run()
    stale = app.button(key=f"delete_{project.id}")
    project.path.rename(project.path.with_name("elsewhere"))
    stale.click().run()
    assert not app.exception
    assert "no project" in app.error[0].value


@pytest.mark.parametrize("named", ["nothing-here", "../../etc", "x" * 300, ""])
def test_a_link_to_no_project_leads_home(open_page: Callable[[str, str], AppTest], named: str) -> None:
    app = open_page("photos", named)
    assert not app.exception
    assert app.title[0].value == "No project is open"
    app.button(key="go_home").click().run()
    assert app.title[0].value.startswith("Teach a computer")


def test_open_leads_to_the_first_step_that_is_not_done(app: AppTest, finish: Finish, few_drawings: None) -> None:
    app.button(key="sample_shapes").click().run()
    (project,) = workspace().list_projects()
    finish(app, starting.photos_task(project))
    app.switch_page(page_path("home")).run()
    app.button(key=f"open_{project.id}").click().run()
    assert app.title[0].value == "Base"


def test_the_app_never_imports_tensorflow(thaw_home: Path) -> None:
    program = (
        "import sys; from streamlit.testing.v1 import AppTest; from pages.base import cards;"
        " from pages.photos import classes, conflicts, grid, split, upload;"
        " from pages.test import answers, ask, download;"
        f" app = AppTest.from_file({str(ROOT / 'app.py')!r}, default_timeout=60).run(); assert not app.exception;"
        " print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_previews_show_what_is_drawn(sample: Sample) -> None:
    for place, path in enumerate(preview_paths(sample)):
        kept = np.asarray(Image.open(path).convert("RGB"), float)
        assert np.abs(kept - np.asarray(preview(sample, place), float)).mean() < 8, "python -m pages.home.previews"


def test_the_first_page_loads_neither_numpy_nor_a_database(thaw_home: Path) -> None:
    """Only what home.py itself brings along; the testing tools of Streamlit load more."""
    program = (
        "import sys; from pages.home import deletions, new_project; from pages.components import static_files;"
        " from pages.ui import frame, sidebar;"
        " print([name for name in ('numpy', 'PIL.Image', 'sqlite3', 'pandas', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_a_damaged_project_is_shown_and_can_be_deleted_and_brought_back(app: AppTest) -> None:
    project = workspace().create_project("Cats")
    (project.path / "project.json").write_text("{")
    page = app.run()
    assert not page.exception and not page.info
    assert any("damaged" in shown.value or "can't be read" in shown.value for shown in page.markdown)
    page.button(key=f"delete_{project.id}").click().run()
    assert not project.path.exists()
    assert "Nothing here yet" in page.info[0].value
    page.button(key="undo_delete").click().run()
    assert project.path.exists() and page.button(key=f"delete_{project.id}")
