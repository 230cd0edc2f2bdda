"""Sets of real photos: fetched from a server on this machine, checked, and brought in by class."""

import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.archive.test_archive import png
from tests.support import workspace
from transfer_core.errors import ConfigError, DataError
from transfer_core.photos.store import PhotoStore
from transfer_core.samples import photo_sets
from transfer_core.samples.fetching import MIRROR_VARIABLE, fetch_photo_set, files_of
from transfer_core.samples.photo_sets import PHOTO_SETS, PhotoSet, get_photo_set

FILES = {
    "{}/blue/1.png": png(1),
    "{}/blue/2.png": png(2),
    "{}/red/1.png": png(3),
    "{}/red/Thumbs.db": b"x",
    "{}/LICENSE.txt": b"free",
    "readme[1].txt": b"hello",
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def packed(row: PhotoSet) -> bytes:
    data = io.BytesIO()
    if row.filename.endswith(".zip"):
        with zipfile.ZipFile(data, "w") as archive:
            for name, content in FILES.items():
                archive.writestr(name.format(row.folder), content)
    else:
        with tarfile.open(fileobj=data, mode="w:gz") as tar:
            for name, content in FILES.items():
                member = tarfile.TarInfo(name.format(row.folder))
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


@pytest.fixture
def published(thaw_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, PhotoSet]]:
    """Small sets of the same shape, at the same paths of a server of the test's own."""
    rows = []
    for row in PHOTO_SETS:
        data, place = packed(row), tmp_path / "served" / row.url.split("/", 3)[3]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        rows.append(replace(row, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()))
    monkeypatch.setattr(photo_sets, "PHOTO_SETS", tuple(rows))
    handler = partial(Quiet, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        monkeypatch.setenv(MIRROR_VARIABLE, f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield {row.name: row for row in rows}
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", [row.name for row in PHOTO_SETS])
def test_a_set_is_fetched_once_and_brought_in_by_class(
    published: dict[str, PhotoSet], name: str, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    path = fetch_photo_set(workspace(), published[name], lambda *now: told.append(now))
    assert told[-1] == (published[name].bytes,) * 2
    store = PhotoStore(tmp_path / "store")
    with files_of(published[name], path) as listing:
        report = store.import_listing(listing)
    assert report.classes == {"blue": 2, "red": 1} and not report.refused
    assert fetch_photo_set(workspace(), published[name], lambda *now: told.append((0, 0))) == path and told[-1] != (
        0,
        0,
    )


def test_another_file_at_the_address_is_refused(published: dict[str, PhotoSet]) -> None:
    row = replace(published["flowers"], sha256="0" * 64)
    with pytest.raises(DataError, match=r"What came for the photos of Flowers .* is not the published file"):
        fetch_photo_set(workspace(), row)
    assert not list((workspace().cache_dir / "samples").iterdir())


def test_without_a_network_that_is_said_with_what_to_do(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9 could not be reached.*start with a sample that Thaw draws"):
        fetch_photo_set(workspace(), PHOTO_SETS[0])


def test_what_is_packed_in_another_way_is_refused(published: dict[str, PhotoSet], tmp_path: Path) -> None:
    for name in ("flowers", "cats-and-dogs"):
        path = fetch_photo_set(workspace(), published[name])
        with (
            pytest.raises(DataError, match="packed in another way"),
            files_of(replace(published[name], folder="elsewhere"), path),
        ):
            pass
    (tmp_path / "cut.tgz").write_bytes(packed(published["flowers"])[:-40])
    with pytest.raises(DataError, match="can't be unpacked"), files_of(published["flowers"], tmp_path / "cut.tgz"):
        pass


def test_each_set_has_a_pinned_digest_a_license_and_a_name_of_its_own() -> None:
    assert len({row.name for row in PHOTO_SETS}) == len({row.url for row in PHOTO_SETS}) == len(PHOTO_SETS)
    for row in PHOTO_SETS:
        assert len(bytes.fromhex(row.sha256)) == 32 and row.bytes > 10**7 and str(row.license)
        assert row.url.startswith("https://") and row.page.startswith("https://") and get_photo_set(row.name) == row
    with pytest.raises(ConfigError, match="rock-paper-scissors"):
        get_photo_set("birds")
