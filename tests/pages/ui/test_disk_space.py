"""The popover on disk space: what the caches take and may take, and Empty."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.toys import words
from tests.support import ROOT, workspace
from transfer_core.disk import cache as cache_limit


@pytest.fixture
def home(thaw_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with three megabytes in its caches."""
    monkeypatch.delenv("THAW_CACHE_GB", raising=False)
    cached = workspace().cache_dir / "features" / "toy.features"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(bytes(3_000_000))
    return thaw_home


def opened() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def test_it_tells_and_empties(recent_apptest: None, home: Path) -> None:
    app = opened()
    assert not app.exception
    assert str(home) in words(app)
    app.button(key="empty_cache").click().run()
    assert not app.exception
    assert cache_limit.usage(workspace()) == 0


def test_the_limit_is_kept(recent_apptest: None, home: Path) -> None:
    app = opened()
    app.number_input(key="cache_limit").set_value(2.5).run()
    assert not app.exception
    assert cache_limit.limit_bytes(workspace()) == 2_500_000_000


def test_a_limit_of_the_environment_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_CACHE_GB", "7")
    assert "THAW_CACHE_GB" in words(opened())
