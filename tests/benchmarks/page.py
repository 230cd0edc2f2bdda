"""The first page of the app against a blank Streamlit page: seconds in a real browser, and memory of the process."""

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.table import Row
from tests.support import CHROMIUM_ARGUMENTS, Server, find_chromium

BLANK = 'import streamlit as st\nst.title("Blank")\n'
ROUNDS = 7


def run() -> list[Row]:
    """Load both pages in turn, each time in a fresh browser context; compare medians."""
    with tempfile.TemporaryDirectory() as folder:
        blank_app = Path(folder) / "blank" / "app.py"
        blank_app.parent.mkdir()
        blank_app.write_text(BLANK)
        ours, blank = Server(Path(folder) / "ours"), Server(Path(folder) / "home", blank_app)
        try:
            for server in (ours, blank):
                server.start()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
                first = [_load(browser, server.url) for server in (ours, blank)]
                seconds = [[_load(browser, server.url) for server in (ours, blank)] for _ in range(ROUNDS)]
                browser.close()
            memory = [_memory(server) for server in (ours, blank)]
        finally:
            for server in (ours, blank):
                server.kill()
    mine, theirs = (statistics.median(times) for times in zip(*seconds, strict=True))
    name = "a page with one title"
    return [
        Row("page", "first visitor", first[0], first[1], "s", name, first[0] / first[1], "<=", 1.5),
        Row("page", "next visitors", mine, theirs, "s", name, mine / theirs, "<=", 1.5),
        Row("page", "server memory", memory[0], memory[1], "MB", name, memory[0] / memory[1], "<=", 2.0),
    ]


def _load(browser: Browser, url: str) -> float:
    """Seconds until the page's heading shows and its script has run to the end."""
    context = browser.new_context()
    page = context.new_page()
    started = time.perf_counter()
    page.goto(url)
    page.locator("h1").first.wait_for()
    page.locator('[data-test-script-state="notRunning"]').wait_for(state="attached")
    seconds = time.perf_counter() - started
    context.close()
    return seconds


def _memory(server: Server) -> float:
    """Resident memory of the server's own process in megabytes (Linux)."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000
