"""Sets a scene for measurements in the browser: a project with drawn photos and a chosen base."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.support import CHROMIUM_ARGUMENTS, Server, find_chromium, workspace
from transfer_core.disk.workspace import Project
from transfer_core.photos.store import PhotoStore
from transfer_core.samples.sets import draw_sample


def project_of_drawings(home: Path, base: str, weights: str, per_class: int) -> Project:
    """A project in `home` with the drawn shapes as its photos and its base chosen."""
    return project_of_photos(home, draw_sample("shapes", home / "drawn", per_class=per_class), base, weights)


def project_of_photos(home: Path, folder: Path, base: str, weights: str) -> Project:
    """A project in `home` with the photos of a folder and its base chosen."""
    os.environ["THAW_HOME"] = str(home)
    project = workspace().create_project("Measured")
    PhotoStore(project.photos_dir).import_folder(folder)
    return project.choose(base={"name": base, "weights": weights})


@contextmanager
def page_of(server: Server) -> Iterator[Page]:
    """A browser page on a running server."""
    server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
            page = browser.new_page()
            page.set_default_timeout(120_000)
            yield page
            browser.close()
    finally:
        server.kill()


def settle(page: Page) -> None:
    """Wait until the page's script has run to the end."""
    page.locator('[data-test-script-state="notRunning"]').wait_for(state="attached")
