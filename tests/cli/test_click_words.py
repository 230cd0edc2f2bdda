"""What click says is in the reader's language too, and is still what click says."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from tests.support import ROOT
from transfer_core.cli.click_words import WORDS


@pytest.mark.parametrize(
    ("language", "arguments", "said"),
    [
        ("zh_CN.UTF-8", ["trian"], "没有 'trian' 这个命令。"),
        ("zh_TW.UTF-8", ["train"], "缺少選項 '--out'"),
        ("zh_TW.UTF-8", ["app", "--help"], "用法："),
        ("en_US.UTF-8", ["app", "--help"], "Usage:"),
    ],
)
def test_click_speaks_the_language_of_the_terminal(
    language: str, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", language)
    monkeypatch.setenv("PYTHONUTF8", "1")
    command = [sys.executable, "-m", "transfer_core", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert said in done.stdout + done.stderr


@pytest.mark.skipif(tuple(map(int, version("click").split(".")[:2])) < (8, 5), reason="the words of click 8.5")
def test_click_still_says_so() -> None:
    """Another version's words stay English: the table is to follow the newest."""
    sources = "".join(path.read_text("utf-8") for path in Path(click.__file__).parent.glob("*.py"))
    said = {text for word in WORDS for text in (word.id, word.many) if text}
    assert {text for text in said if text.replace("\n", "\\n").replace("\t", "\\t") not in sources} == set()
