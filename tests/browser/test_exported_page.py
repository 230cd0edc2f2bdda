"""The exported page in Chromium: the answers of the app on real and odd photos, and not a request to elsewhere."""

import base64
import contextlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import PATIENCE
from tests.odd import odd_photos
from transfer_core import api
from transfer_core.runs.config import DataConfig, RunConfig

CLOSE = 0.02
"""A browser decodes JPEGs in another way than Pillow, which makes large ones smaller meanwhile."""
ASK = """async (text) => {
  const file = new Blob([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))]);
  const { shares, none } = await classifier.askPhoto(file);
  return { shares, none };
}"""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """As `python -m http.server` serves it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def test_it_answers_as_the_app_does(
    browser: Browser, thaw_home: Path, photos: Path, few_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    run = api.train(RunConfig(data=DataConfig(str(few_photos))), tmp_path / "run")
    found = api.export(run, "browser", tmp_path / "page", title="Cats and dogs")
    if "missing" in found:
        pytest.skip(f"the npm registry is out of reach: {found['missing']}")
    asked = [photos / "cats_dogs" / "test" / name / f"{name}_00{n}.jpg" for name in ("cat", "dog") for n in range(4)]
    asked += [photos / "clothing" / "dress" / "dress_005.jpg", *odd_photos(tmp_path / "odd")]
    with served(tmp_path / "page") as url:
        page = browser.new_page()
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        expect(page.locator("#status")).to_have_text("Ready.", timeout=PATIENCE)
        expect(page.get_by_role("heading", level=1)).to_have_text("Cats and dogs")
        for path, answer in zip(asked, api.predict(run, asked), strict=True):
            if path.name in ("print.jpg", "no_end.jpg"):
                continue  # CMYK, whose colors Chromium shows in a way of its own; and one that it does not read
            said = page.evaluate(ASK, base64.b64encode(path.read_bytes()).decode())
            assert said["shares"] == pytest.approx(list(answer["probabilities"].values()), abs=CLOSE), path.name
            if path.suffix == ".jpg" and path.parent.name != "odd":
                assert said["none"] == answer["none"], path.name
        page.locator("#files").set_input_files([*asked[:2], few_photos / "dog" / "shopping list.jpg"])
        expect(page.locator("#status")).to_have_text("Photos answered: 2; could not be read: 1.")
        expect(page.locator("#answers h2").first).to_have_text("cat")
        assert errors == [] and all(request.startswith((url, "data:", "blob:")) for request in requests)
