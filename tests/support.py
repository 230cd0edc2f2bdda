"""What tests and benchmarks share: a Chromium, and the app on a port of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from transfer_core.disk.workspace import Workspace

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """THAW_CHROMIUM, or the first Chromium on the PATH."""
    named = os.environ.get("THAW_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A camera that shows a moving picture, and nobody is asked whether it may be used.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


class Server:
    """`streamlit run app.py` on a free port, with a workspace of its own; can be killed and started again."""

    def __init__(self, home: Path, app: Path = ROOT / "app.py") -> None:
        self.home = home
        self.app = app
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    def start(self) -> None:
        """Start and wait until it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.app.parent,
                stdout=log,
                stderr=log,
                env={**os.environ, "THAW_HOME": str(self.home)} | self.environment,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return
            except OSError:
                assert time.monotonic() < deadline, "the server did not answer within a minute"
            with contextlib.suppress(subprocess.TimeoutExpired):  # still running: ask again
                self.process.wait(timeout=0.1)
                raise AssertionError((self.home / "server.log").read_text())

    def command(self) -> list[str]:
        """What starts it."""
        command = [sys.executable, "-m", "streamlit", "run", str(self.app)]
        return [*command, "--server.headless", "true", "--server.port", str(self.port)]

    def kill(self) -> None:
        """End it as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def small_app(folder: Path, name: str) -> Iterator[Server]:
    """The app tests/browser/NAME, run from `folder`, which has no static folder when the server starts."""
    source = (ROOT / "tests" / "browser" / name).read_text("utf-8")
    (folder / "app.py").write_text(source.replace("str(Path(__file__).parents[2])", repr(str(ROOT))), "utf-8")
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    running = Server(folder / "home", folder / "app.py")
    running.start()
    yield running
    running.kill()


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Ask again until `condition` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def workspace() -> Workspace:
    """That of the test (`thaw_home`)."""
    return Workspace.from_environment()
