"""The README's second command on a computer where nobody has used Streamlit yet."""

import sys
from pathlib import Path

import pytest

from tests.support import Server


class Plain(Server):
    """`streamlit run app.py` as it is typed."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "streamlit", "run", str(self.app), "--server.port", str(self.port)]


def test_the_app_opens_and_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("BROWSER", "true")  # what opens the page is not the question
    server = Plain(tmp_path / "home")
    server.start()  # waits until it answers
    server.kill()
    said = (server.home / "server.log").read_text()
    assert server.url in said
    assert "email" not in said.lower() and "statistics" not in said
