"""The process that reads what somebody brings can write one folder, start nothing and reach nobody."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from transfer_core.opening import confined

# Each attempt says what came of it; the process goes on.
ATTEMPTS = """
import ctypes, json, os, pathlib, shutil, socket, subprocess, sys
from transfer_core.opening.confined import confine
own, outside = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
guarded = confine(own)
told = {"guarded": guarded}
def attempt(name, what):
    try:
        what()
        told[name] = "done"
    except PermissionError:
        told[name] = "refused"
    except OSError as error:
        told[name] = type(error).__name__
libc = ctypes.CDLL(None, use_errno=True)
def write_in_c(path):
    place = libc.open(os.fsencode(path), os.O_WRONLY | os.O_CREAT, 0o600)
    if place < 0:
        raise PermissionError(ctypes.get_errno())
attempt("write own", lambda: (own / "a").write_text("x"))
attempt("write own in C", lambda: write_in_c(own / "b"))
attempt("replace own", lambda: (own / "a").replace(own / "c"))
attempt("read outside", lambda: (outside / "there").read_text())
attempt("write null", lambda: open(os.devnull, "w").close())
attempt("write outside", lambda: (outside / "new").write_text("x"))
attempt("write over", lambda: open(outside / "there", "r+"))
attempt("write through a link", lambda: (own / "link").write_text("x"))
attempt("append", lambda: os.open(outside / "there", os.O_APPEND | os.O_WRONLY))
attempt("remove", lambda: (outside / "there").unlink())
attempt("rename out", lambda: (own / "c").rename(outside / "moved"))
attempt("make a folder", lambda: (outside / "folder").mkdir())
attempt("remove a tree", lambda: shutil.rmtree(outside))
attempt("start", lambda: subprocess.run(["true"]))
attempt("shell", lambda: os.system("true"))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[3])), 5))
if guarded:
    attempt("write outside in C", lambda: write_in_c(outside / "in-c"))
print(json.dumps(told))
"""
ALLOWED = {"write own", "write own in C", "replace own", "read outside", "write null"}


@pytest.mark.skipif(sys.platform == "win32", reason="reads files through the C library of POSIX")
@pytest.mark.parametrize("kernel", [True, False], ids=["as it is", "without the kernel's help"])
def test_it_writes_its_own_folder_and_nothing_else(tmp_path: Path, kernel: bool) -> None:
    import socket

    own, outside = tmp_path / "own", tmp_path / "outside"
    own.mkdir()
    outside.mkdir()
    (outside / "there").write_text("as it was")
    (own / "link").symlink_to(outside / "there")
    program = ATTEMPTS
    if not kernel:
        program = ATTEMPTS.replace("guarded = confine", "sys.platform = 'other'; guarded = confine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [str(own), str(outside), str(server.getsockname()[1])]
        ended = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    guarded = told.pop("guarded")
    assert {name for name, what in told.items() if what == "done"} == ALLOWED, told
    assert all(what == "refused" for name, what in told.items() if name not in ALLOWED), told
    assert sorted(path.name for path in outside.iterdir()) == ["there"]
    assert (outside / "there").read_text() == "as it was"
    if not kernel:
        assert not guarded


def test_a_kernel_without_it_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        def syscall(self, *arguments: object) -> int:
            return -1

    monkeypatch.setattr(confined.ctypes, "CDLL", lambda *arguments, **keywords: Old())
    assert confined._landlock(tmp_path) is False
