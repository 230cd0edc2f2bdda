"""A real Chromium and a real server for the tests that do what a person does."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import CHROMIUM_ARGUMENTS, Server, find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as a browser test, and skip it in one line where there is no browser."""
    here = [item for item in items if Path(item.fspath).parent == Path(__file__).parent]
    for item in here:
        item.add_marker(pytest.mark.browser)
        if find_chromium() is None and not os.environ.get("THAW_REQUIRE_BROWSER"):
            item.add_marker(pytest.mark.skip(reason="no Chromium found (install chromium or set THAW_CHROMIUM)"))


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    assert path, "THAW_REQUIRE_BROWSER is set, but there is no Chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def browser(chromium: "Browser") -> Iterator["Browser"]:
    """The same for all tests, without what one of them left open: such pages go on asking for their server."""
    yield chromium
    for context in chromium.contexts:
        context.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running app over an empty workspace."""
    running = Server(tmp_path / "thaw-home")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def few_photos(photos: Path, tmp_path: Path) -> Path:
    """Twenty-four real photos of each of two classes, and one file that is none."""
    folder = tmp_path / "pets"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for path in sorted((photos / "cats_dogs" / "train" / name).iterdir())[:24]:
            shutil.copy(path, folder / name)
    (folder / "dog" / "shopping list.jpg").write_text("milk, bread")
    return folder
