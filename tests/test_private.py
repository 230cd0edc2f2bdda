"""Who is let in: no web page from elsewhere, and no other account of the machine."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import services
from tests.handshake import forged, let_in
from tests.support import ROOT, Server
from transfer_core.disk.private import keep_private
from transfer_core.samples.sets import draw_sample

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights of other accounts are those of POSIX")


class Installed(Server):
    """`thaw app`, as it is started from any folder."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "transfer_core", "app", "--headless", "--port", str(self.port)]


@pytest.mark.parametrize("kind", [Server, Installed])
def test_only_pages_of_this_machine_open_the_websocket(tmp_path: Path, kind: type[Server]) -> None:
    server = kind(tmp_path / "home")
    server.start()
    try:
        for host in ("localhost", "127.0.0.1", "[::1]"):
            ours = f"{host}:{server.port}"
            assert let_in(server.port, ours, f"http://{ours}")
        for host, origin in forged(f"localhost:{server.port}"):
            assert not let_in(server.port, host, origin), (host, origin)
    finally:
        server.kill()


@pytest.fixture
def mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_to_all(root: Path) -> None:
    """What an earlier version left."""
    (root / "projects" / "pets-1a2b3c").mkdir(parents=True)
    (root / "projects" / "pets-1a2b3c" / "project.json").write_text("{}")
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o664)


@pytest.mark.usefixtures("mask")
def test_what_was_open_is_closed_and_what_comes_is_too(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("not ours")
    outside.chmod(0o644)
    root = tmp_path / "home"
    open_to_all(root)
    (root / "link").symlink_to(outside)
    keep_private(root)
    (root / "later").mkdir()
    (root / "later" / "file").write_text("")
    assert all(
        rights(path) == (0o700 if path.is_dir() else 0o600)
        for path in (root, *root.rglob("*"))
        if not path.is_symlink()
    )
    assert rights(outside) == 0o644


@pytest.mark.usefixtures("mask")
def test_a_run_of_the_command_line_leaves_nothing_to_others(tmp_path: Path) -> None:
    home, photos = tmp_path / "home", draw_sample("patterns", tmp_path / "photos", per_class=4, seed=0)
    open_to_all(home)
    command = [sys.executable, "-m", "transfer_core", "train", str(photos), "--out", str(home / "run"), "--epochs", "1"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "THAW_HOME": str(home)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = [path for path in home.rglob("*") if not path.is_symlink()]
    assert len(made) > 10
    assert [path for path in (home, *made) if rights(path) & 0o077] == []


@pytest.mark.usefixtures("mask")
def test_the_app_closes_a_workspace_that_an_earlier_version_left_open(tmp_path: Path) -> None:
    server = Installed(tmp_path / "home")
    open_to_all(server.home)
    server.start()
    try:
        made = [path for path in server.home.rglob("*") if not path.is_symlink()]
        assert [path for path in (server.home, *made) if rights(path) & 0o077] == []
    finally:
        server.kill()


@pytest.mark.usefixtures("mask")
def test_so_does_its_first_page_however_it_is_started(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "warm", lambda: None)
    open_to_all(thaw_home)
    assert not AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run().exception
    made = [path for path in thaw_home.rglob("*") if not path.is_symlink()]
    assert [path for path in (thaw_home, *made) if rights(path) & 0o077] == []
