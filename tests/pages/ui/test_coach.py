"""Hints of a first visit: on three pages, once."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import APP
from tests.support import workspace
from transfer_core.disk.settings import keep_setting, read_setting


def hints(app: AppTest) -> list[str]:
    return [button.key for button in app.button if str(button.key).startswith("coach_")]


def test_a_hint_stays_until_it_is_dismissed_and_never_comes_again(thaw_home: Path, app: AppTest) -> None:
    assert hints(app) == ["coach_home_done"]
    assert hints(app.run()) == ["coach_home_done"]
    app.button(key="coach_home_done").click().run()
    assert hints(app) == []
    assert hints(AppTest.from_file(str(APP), default_timeout=60).run()) == []


def test_one_that_was_left_without_a_click_does_not_come_again(thaw_home: Path, app: AppTest) -> None:
    assert hints(AppTest.from_file(str(APP), default_timeout=60).run()) == []
    assert read_setting(workspace(), "coached") == ["home"]


def test_other_settings_stay(thaw_home: Path) -> None:
    keep_setting(workspace(), "language", "zh_Hans")
    AppTest.from_file(str(APP), default_timeout=60).run()
    assert (read_setting(workspace(), "language"), read_setting(workspace(), "coached")) == ("zh_Hans", ["home"])


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_damaged_settings_file_costs_the_hint_and_nothing_else(thaw_home: Path, content: str) -> None:
    workspace().settings_path.parent.mkdir(parents=True, exist_ok=True)
    workspace().settings_path.write_text(content)
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not app.exception and hints(app) == []
    assert workspace().settings_path.read_text() == content
