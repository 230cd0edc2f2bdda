"""From the click on Train to the first epoch on screen, and to the trained head, against processes that start cold."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.benchmarks.material import BASE, photo_folder, weights
from tests.benchmarks.outside import measure
from tests.benchmarks.scene import page_of, project_of_drawings, project_of_photos, settle
from tests.benchmarks.table import Row
from tests.support import ROOT, Server

COLD = """import keras
from transfer_core.disk.workspace import Workspace
from transfer_core.nn.backbones.build import build_base
build_base(Workspace.from_environment(), 'efficientnet-lite0')
"""
ROUNDS = 3
READY = 120.0  # seconds a standby may take to be ready
PHOTOS = 200
ANSWER = 7 / 3
"""How many times as fast as a cold command the trained head should be there: 3 s where that takes 7."""


def run() -> list[Row]:
    """Measure both."""
    return [_first_epoch(), _first_answer()]


def _first_epoch() -> Row:
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
    return Row("start", "click to first epoch", median, script, "s", name, median / script, "<=", 1 / 3, note)


def _first_answer() -> Row:
    """Train heads by the defaults on photos that no base has seen yet, in the app with a warm standby and by a command.

    Every round begins with an empty workspace. The command's time is that of the whole process, the app's from the
    click until the result stands on the page.
    """
    app, command = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            photos = Path(folder) / "photos"
            kind = photo_folder(photos, PHOTOS)
            server = Server(Path(folder) / "home")
            project = project_of_photos(server.home, photos, BASE, weights())
            with page_of(server) as page:
                page.goto(f"{server.url}/train?project={project.id}")
                page.locator(".st-key-train button:enabled").wait_for()
                _wait_for_standby(server, ready_for_this_page=True)
                settle(page)
                started = time.perf_counter()
                page.locator(".st-key-train button").click()
                page.locator(".st-key-result").wait_for()
                app.append(time.perf_counter() - started)
            (Path(folder) / "config.json").write_text(json.dumps({"base": {"name": BASE, "weights": weights()}}))
            options = ["--out", f"{folder}/run", "--config", f"{folder}/config.json", "--json"]
            words = ["-m", "transfer_core", "train", photos, *options]
            command.append(measure(words, Path(folder) / "cold").seconds)
    ours, rival = statistics.median(app), statistics.median(command)
    case = f"click to trained head, {PHOTOS} {kind}"
    return Row("start", case, ours, rival, "s", "thaw train", rival / ours, ">=", ANSWER)


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


def _wait_for_standby(server: Server, ready_for_this_page: bool = False) -> None:
    """Until the server's standby worker sleeps on its standard input, imports and warm-up behind it (Linux).

    With `ready_for_this_page` until it has converted the base, too, which takes it four seconds in all.
    """
    assert server.process is not None
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
                parent = int((path.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
                # Reading, and from standard input: while it imports, it may wait for a pipe of another kind.
                reads = (path.parent / "syscall").read_text().split()[1:2] == ["0x0"]
                waiting = reads and "pipe_read" in (path.parent / "wchan").read_text()
            except OSError:
                continue  # it ended meanwhile
            waiting = waiting and (not ready_for_this_page or any(server.home.glob("cache/prefix/*.litert")))
            if b"standby" in words and parent == server.process.pid and waiting:
                return
    raise TimeoutError("no standby worker became ready")
