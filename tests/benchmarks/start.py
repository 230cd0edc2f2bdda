"""From the click on Train to the first epoch on screen, against a script that starts cold."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.benchmarks.scene import page_of, project_of_drawings, settle
from tests.benchmarks.table import Row
from tests.support import ROOT, Server

COLD = """import keras
from transfer_core.disk.workspace import Workspace
from transfer_core.nn.backbones.build import build_base
build_base(Workspace.from_environment(), 'efficientnet-lite0')
"""
ROUNDS = 3
READY = 120.0  # seconds a standby may take to be ready


def run() -> list[Row]:
    """Train three times with a warm standby and cached features, after one run that is cold in both."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        project = project_of_drawings(server.home, "efficientnet-lite0", "imagenet", per_class=30)
        project.choose(train={"head": {"epochs": 3, "learning_rate": 0.001}})
        with page_of(server) as page:
            page.goto(f"{server.url}/train?project={project.id}")
            page.locator(".st-key-train button:enabled").wait_for()
            first = _train(page)
            warm, cold = [], []
            for _ in range(ROUNDS):
                _wait_for_standby(server)
                warm.append(_train(page))
                cold.append(_cold_script())
    script = statistics.median(cold)
    name = "python: import keras, build and load the base"
    median = statistics.median(warm)
    note = f"{first:.2f} s for the very first run, nothing cached"
    return [Row("start", "click to first epoch", median, script, "s", name, median / script, "<=", 1 / 3, note)]


def _train(page: Page) -> float:
    """Click Train; seconds until the first epoch's accuracy shows. Waits for the end of the run."""
    settle(page)
    old = page.locator(".st-key-live").all_inner_texts()
    started = time.perf_counter()
    page.locator(".st-key-train button").click()
    page.wait_for_function(
        "old => { const live = document.querySelector('.st-key-live');"
        " return live && live.innerText !== old && /Validation accuracy/.test(live.innerText); }",
        arg=old[0] if old else "",
        polling=5,
    )
    seconds = time.perf_counter() - started
    page.locator(".st-key-result").wait_for()
    page.locator(".st-key-train button:enabled").wait_for()
    return seconds


def _cold_script() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", COLD], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def _wait_for_standby(server: Server) -> None:
    """Until the server's standby worker sleeps on its standard input, imports and warm-up behind it (Linux)."""
    assert server.process is not None
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
                parent = int((path.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
                waiting = "pipe_read" in (path.parent / "wchan").read_text()
            except OSError:
                continue  # it ended meanwhile
            if b"standby" in words and parent == server.process.pid and waiting:
                return
    raise TimeoutError("no standby worker became ready")
