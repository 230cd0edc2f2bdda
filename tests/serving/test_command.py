"""`thaw serve` from its start to the signal that ends it."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command_line import thaw
from tests.serving.served import Place
from tests.support import ROOT, workspace
from transfer_core import api
from transfer_core.nn.training.run import train
from transfer_core.runs.folder import Run
from transfer_core.serving import server
from transfer_core.serving.server import is_open, listen, url_of


def test_it_starts_answers_and_ends_on_sigterm(toy_run: Callable[..., Run]) -> None:
    run = toy_run()
    assert train(workspace(), run, lambda event: None)
    photo = Path(run.manifest().photos[0].path)
    command = [sys.executable, "-m", "transfer_core", "serve", str(run.path), "--port", "0", "--json"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["classes"] == ["blue", "red"] and told["url"].startswith("http://127.0.0.1:")
        status, said, _ = Place(int(told["url"].rpartition(":")[2])).ask(photo.read_bytes())
        assert status == 200 and said["label"] == api.predict(run, [photo])[0]["label"]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "") and "Traceback" not in err
    finally:
        process.kill()
        process.wait()


def test_what_is_said_at_the_start(
    toy_run: Callable[..., Run], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = toy_run()
    code, _, err = thaw(capfd, "serve", run.path)
    assert code == 2 and "holds no trained model" in err
    assert train(workspace(), run, lambda event: None)
    monkeypatch.setattr(server, "serve", lambda app, listening: None)
    code, out, err = thaw(capfd, "serve", run.path, "--port", 0)
    assert (code, out) == (0, "") and f"{run.path} answers at http://127.0.0.1:" in err and "Warning" not in err
    assert "Warning: whoever reaches 0.0.0.0" in thaw(capfd, "serve", run.path, "--host", "0.0.0.0", "--port", 0)[2]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = thaw(capfd, "serve", run.path, "--port", port)
    assert code == 2 and err.startswith(f"Port {port} is in use by another program.") and err.count("\n") == 1
    # 192.0.2.0/24 is of documentation only (RFC 5737).
    assert "can't be listened on" in thaw(capfd, "serve", run.path, "--host", "192.0.2.1", "--port", 0)[2]
    assert "There is no address no.such" in thaw(capfd, "serve", run.path, "--host", "no.such.invalid", "--port", 0)[2]


def test_addresses() -> None:
    with listen("127.0.0.1", 0) as one, listen("0.0.0.0", 0) as other:
        assert url_of(one) == f"http://127.0.0.1:{one.getsockname()[1]}"
        assert (is_open(one), is_open(other)) == (False, True)
        assert one.proto == socket.IPPROTO_TCP, "asyncio sends at once only where it is said"
    if socket.has_ipv6:
        try:
            with listen("::1", 0) as six:
                assert url_of(six).startswith("http://[::1]:") and not is_open(six)
        except OSError:
            pytest.skip("this machine has no IPv6")
