"""`thaw serve`, asked by 8 at a time over HTTP, beside the classifier itself, asked for 8 photos at a time.

Both decode; the classifier in its own process with nothing around it. In turns, whose median counts. Then 1000 requests
by 50 at a time: all answers right, and how much the server's memory grew over that after the first 100.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import psutil

from tests.benchmarks.material import photo_folder, say, thaw_train
from tests.benchmarks.outside import INTERVAL
from tests.benchmarks.table import Row
from tests.support import ROOT

_PHOTOS = 64
_AT_ONCE, _TURNS = 8, 7
_MANY, _MANY_AT_ONCE = 1000, 50
_LIMIT = 1.3


def run(quick: bool = False) -> list[Row]:
    """Measure a photo's time both ways, then the load."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        photos, work = Path(folder) / "photos", Path(folder)
        photo_folder(photos, _PHOTOS)
        thaw_train(photos, work, 1)
        files = sorted(photos.glob("*/*"))
        bodies = [file.read_bytes() for file in files]
        server = _start(["-m", "transfer_core", "serve", work / "run", "--port", "0", "--json"])
        alone = _start(["-m", "tests.benchmarks.serve", work / "run", *files])
        try:
            assert server.stdout is not None and alone.stdin is not None and alone.stdout is not None
            port = int(json.loads(server.stdout.readline())["url"].rpartition(":")[2])
            expected = json.loads(alone.stdout.readline())
            _ask_all(port, bodies, _AT_ONCE)  # each size of a pass is new once
            served, direct = [], []
            for _ in range(2 if quick else _TURNS):
                began = time.perf_counter()
                _ask_all(port, bodies, _AT_ONCE)
                served.append(1000 * (time.perf_counter() - began) / len(bodies))
                alone.stdin.write("again\n")
                alone.stdin.flush()
                direct.append(json.loads(alone.stdout.readline()))
            say(f"milliseconds a photo: served {served}, direct {direct}")
            right, grown = _load(port, psutil.Process(server.pid), bodies, expected, 100 if quick else _MANY)
        finally:
            for process in (server, alone):
                process.terminate()
                process.communicate()
    ours, rival = statistics.median(served), statistics.median(direct)
    note = f"{_MANY_AT_ONCE} at a time: {right}, memory grew by at most {grown / 2**20:.0f} MB"
    return [
        Row(
            "serve",
            f"a photo over HTTP, {_AT_ONCE} at a time",
            ours,
            rival,
            "ms",
            "the classifier alone",
            ours / rival,
            "<=",
            _LIMIT,
            note,
        )
    ]


def _start(command: Sequence[str | Path]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _ask_all(port: int, bodies: Sequence[bytes], at_once: int) -> list[dict[str, Any]]:
    """Ask about each, over `at_once` connections that are kept."""

    def some(start: int) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        answers = []
        for body in bodies[start::at_once]:
            connection.request("POST", "/predict", body, {"Content-Type": "image/jpeg"})
            answers.append(json.loads(connection.getresponse().read()))
        connection.close()
        return answers

    answers: list[dict[str, Any]] = [{}] * len(bodies)
    with ThreadPoolExecutor(at_once) as pool:
        for start, part in enumerate(pool.map(some, range(at_once))):
            answers[start::at_once] = part
    return answers


def _load(
    port: int, server: psutil.Process, bodies: Sequence[bytes], expected: Sequence[dict[str, Any]], count: int
) -> tuple[str, int]:
    """How many of so many answers were right, and by how many bytes the server's memory grew meanwhile."""
    _ask_all(port, [bodies[index % len(bodies)] for index in range(100)], _MANY_AT_ONCE)
    before = peak = server.memory_info().rss
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(INTERVAL):
            peak = max(peak, server.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        wanted = [expected[index % len(bodies)]["probabilities"] for index in range(count)]
        answers = _ask_all(port, [bodies[index % len(bodies)] for index in range(count)], _MANY_AT_ONCE)
    finally:
        over.set()
        watcher.join()
    right = 0
    for shares, answer in zip(wanted, answers, strict=True):
        said = answer.get("probabilities", {})
        right += said.keys() == shares.keys() and all(abs(said[name] - shares[name]) < 1e-4 for name in shares)
    return f"{right} of {count} right", peak - before


def _alone(run: Path, files: Sequence[Path]) -> None:
    """The rival: tell the answers, then the milliseconds a photo of asking again, for each line that comes."""
    from transfer_core.nn.inference.predictor import Classifier
    from transfer_core.runs.folder import open_run

    classifier = Classifier(open_run(run))
    bodies = [file.read_bytes() for file in files]
    groups = [bodies[start : start + _AT_ONCE] for start in range(0, len(bodies), _AT_ONCE)]
    print(json.dumps([answer for group in groups for answer in classifier.predict(group)]), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        for group in groups:
            classifier.predict(group)
        print(json.dumps(1000 * (time.perf_counter() - began) / len(bodies)), flush=True)


if __name__ == "__main__":
    _alone(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
