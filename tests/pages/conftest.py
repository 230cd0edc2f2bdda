"""The app without a browser: a run of app.py that starts no workers, on a workspace of the test's own."""

import io
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from pages.ui import services, tasks
from pages.ui.paths import page_path
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_project
from transfer_core.disk.workspace import Project

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture(scope="session", autouse=True)
def quick_apptest() -> Iterator[None]:
    """What AppTest does again and again to no purpose here, at half a second each time.

    For every app it looks through all that is installed for components: here once for all tests. After every run it has
    Keras clear its session and collect garbage, if Keras is loaded: other tests in this process load it, the app never.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture
def recent_apptest() -> None:
    """For tests that drive what AppTest can't in the Streamlit that Python 3.10 gets (1.65), but can in 1.67.

    There it finds no v2 component, sets no pagination and does not go on from a page that was switched to.
    """
    if tuple(int(part) for part in streamlit.__version__.split(".")[:2]) < (1, 67):
        pytest.skip("the AppTest of this Streamlit can't drive this; it takes 1.67")


@pytest.fixture
def app(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app's home page, run once."""
    monkeypatch.setattr(services, "warm", lambda likely=None: None)
    return AppTest.from_file(str(APP), default_timeout=60).run()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """What the pages take for the server's engine."""
    fake = FakeEngine()
    monkeypatch.setattr(services, "_engine", lambda home: fake)
    return fake


@pytest.fixture
def open_page(app: AppTest) -> Callable[[str, str], AppTest]:
    """Open a step's page of a project, as a link to it does."""

    def opened(step: str, project_id: str) -> AppTest:
        app.query_params["project"] = project_id
        app.switch_page(page_path(step))
        app.query_params["project"] = project_id
        return app.run()

    return opened


@pytest.fixture
def finish() -> Callable[[AppTest, str], AppTest]:
    """Wait for a long step, then draw the page anew, as the page does by polling."""

    def finished(app: AppTest, key: str) -> AppTest:
        deadline = time.monotonic() + 60
        task = tasks.find(key)
        assert task is not None, f"no task {key}"
        assert task.wait(deadline - time.monotonic()), f"{task.title} did not end"
        return app.run()

    return finished


@pytest.fixture
def project(app: AppTest, engine: FakeEngine, jpeg: Callable[[int], bytes]) -> Project:
    """Ten photos of each of two classes, and a base whose tree is the toy."""
    return toy_project(jpeg)


@pytest.fixture
def jpeg() -> Callable[[int], bytes]:
    """A small photo, another one for each number."""

    def make(number: int) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (32, 24), ((37 * number) % 256, (91 * number) % 256, (17 * number) % 256)).save(buffer, "JPEG")
        return buffer.getvalue()

    return make
