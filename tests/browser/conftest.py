"""A real Chromium and a real server for the tests that do what a person does."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """THAW_CHROMIUM, or the first Chromium on the PATH."""
    named = os.environ.get("THAW_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as a browser test, and skip it in one line where there is no browser."""
    here = [item for item in items if Path(item.fspath).parent == Path(__file__).parent]
    for item in here:
        item.add_marker(pytest.mark.browser)
        if find_chromium() is None and not os.environ.get("THAW_REQUIRE_BROWSER"):
            item.add_marker(pytest.mark.skip(reason="no Chromium found (install chromium or set THAW_CHROMIUM)"))


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    assert path, "THAW_REQUIRE_BROWSER is set, but there is no Chromium"
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


class Server:
    """`streamlit run app.py` on a free port, with a workspace of its own; can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "streamlit", "run", "app.py"]
        command += ["--server.headless", "true", "--server.port", str(self.port)]
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "THAW_HOME": str(self.home)}
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return
            except OSError:
                assert self.process.poll() is None, (self.home / "server.log").read_text()
                assert time.monotonic() < deadline, "the server did not answer within a minute"

    def kill(self) -> None:
        """End it as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running app over an empty workspace."""
    running = Server(tmp_path / "thaw-home")
    running.start()
    yield running
    running.kill()
