"""The page for a browser: what it is made of, and what it does where its program can't be fetched."""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from tests.support import workspace
from transfer_core import api
from transfer_core.exports import vendored
from transfer_core.nn.training.run import train
from transfer_core.runs.folder import Run
from transfer_core.runs.known import read_known
from transfer_core.text import speaking


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A registry on this machine with packages of the same shape, and the folder that it serves."""
    folder = tmp_path / "registry"
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(vendored.MIRROR_VARIABLE, f"http://127.0.0.1:{server.server_address[1]}")
    rows = []
    for package in vendored.PACKAGES:
        place = folder / package.url.split("/", 3)[3]
        place.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(place, "w:gz") as archive:
            for name in [*(source for source, _ in package.files), "package/README.md", "../out.js"]:
                content = f'import {{ x }} from "@litertjs/wasm-utils"; // {name}'.encode()
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        data = place.read_bytes()
        rows.append(replace(package, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()))
    monkeypatch.setattr(vendored, "PACKAGES", tuple(rows))
    yield folder
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(toy_run: Callable[..., Run]) -> Run:
    made = toy_run()
    assert train(workspace(), made, lambda event: None)
    return made


def test_it_holds_all_that_a_browser_needs(run: Run, registry: Path, tmp_path: Path) -> None:
    out = tmp_path / "page"
    found = api.export(run, "browser", out, title='Blue & "red"')
    assert found["parity"]["agreement"] == 1 and "missing" not in found
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"index.html", "page.js", "page.css", "classifier.js", "model.tflite", "known.f16"} <= names
    assert {f"vendor/litert/{target}" for package in vendored.PACKAGES for _, target in package.files} <= names
    assert not names & {"predict.py", "runtime.py", "known.npz"} and not list(tmp_path.rglob("out.js"))
    # The browser knows no package names.
    assert '"./wasm-utils.js"' in (out / "vendor/litert/index.js").read_text("utf-8")
    facts = json.loads((out / "classifier.json").read_text("utf-8"))
    known = read_known(run.known_path)
    assert known is not None
    assert (facts["title"], facts["classes"], facts["size"]) == ('Blue & "red"', ["blue", "red"], 16)
    assert facts["known"] == {"photos": len(known.sha256), "threshold": pytest.approx(known.threshold())}
    kept = np.fromfile(out / "known.f16", "<f2").reshape(facts["known"]["photos"], -1)
    np.testing.assert_array_equal(kept, known.photos.features)
    assert "python -m http.server" in (out / "README.md").read_text("utf-8")
    # Nothing is asked of the network again.
    for place in registry.rglob("*.tgz"):
        place.unlink()
    assert "missing" not in api.export(run, "browser", tmp_path / "again.zip")


def test_it_speaks_the_language_in_which_it_was_made(run: Run, registry: Path, tmp_path: Path) -> None:
    with speaking("zh-TW"):
        api.export(run, "browser", tmp_path / "page")
    page = (tmp_path / "page" / "index.html").read_text("utf-8")
    words = json.loads(re.findall(r'id="words">(.*)</script>', page)[0])
    assert '<html lang="zh-Hant">' in page and words["ready"] == "已就緒。"
    asked = (tmp_path / "page" / "page.js").read_text("utf-8") + page
    named = re.findall(r"word\('(\w+)'|data-word=\"(\w+)\"|words\.(comma)", asked)
    named += re.findall(r"'(\w+_answered)'|'(answered)'", asked)
    assert {name for found in named for name in found if name} == set(words)
    assert "照片" in (tmp_path / "page" / "README.md").read_text("utf-8")


def test_without_a_network_it_says_how_to_add_the_program(run: Run, registry: Path, tmp_path: Path) -> None:
    next(registry.rglob("core-*.tgz")).write_bytes(b"altered")
    said: list[str] = []
    found = api.export(run, "browser", tmp_path / "page", say=lambda words: said.append(str(words)))
    assert "LiteRT.js" in found["missing"] and found["missing"] == said[-1]
    words = (tmp_path / "page" / "vendor" / "README.txt").read_text("utf-8")
    assert all(package.url in words for package in vendored.PACKAGES) and "litert/wasm/" in words
    assert (tmp_path / "page" / "index.html").is_file()
