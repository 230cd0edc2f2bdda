"""Base: a network of one's own, opened from a file, used, removed and brought back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import tasks
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_tree, words
from tests.support import workspace
from transfer_core.backbones.own import own_base, own_folder
from transfer_core.backbones.stored_trees import store_tree
from transfer_core.disk.files import write_bytes
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.errors import ConfigError
from transfer_core.opening import open as opening

Finish = Callable[[AppTest, str], AppTest]
NAME = "own-garden-birds-32-0123abcd"


@pytest.fixture
def project(thaw_home: Path) -> Project:
    return workspace().create_project("Pets").choose(base={"name": "vgg16", "weights": "none"}, trainable=["x"])


@pytest.fixture
def page(open_page: Callable[[str, str], AppTest], project: Project, engine: FakeEngine) -> AppTest:
    return open_page("base", project.id)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is asked of the opening, which answers at once."""
    found: list[dict[str, Any]] = []

    def open_base(
        space: Workspace, path: Path, title: str, scaling: str | None, cancelled: object
    ) -> opening.OpenedBase:
        found.append({"path": path, "scaling": scaling, "title": title})
        base = own_base(NAME)
        assert base is not None
        write_bytes(own_folder(space, NAME) / "base.keras", b"its layers")
        store_tree(space, NAME, toy_tree())
        return opening.OpenedBase(base, toy_tree(), "none", True, True)

    monkeypatch.setattr(opening, "open_base", open_base)
    return found


def test_one_is_opened_chosen_removed_and_brought_back(
    page: AppTest, project: Project, asked: list[dict[str, Any]], finish: Finish, tmp_path: Path
) -> None:
    page.button(key="own_base_open").click().run()
    assert "No file was given: drop one into the field, or type its path." in words(page)
    page.text_input(key="own_base_path").input(f'"{tmp_path / "Garden birds.keras"}"')
    page.selectbox(key="own_base_scaling").select("unit")
    page.text_input(key="own_base_title").input("Birds")
    page.button(key="own_base_open").click().run()
    if tasks.find(key := f"own-base-{project.id}"):  # or it was over before the page was drawn
        finish(page, key)
    page.run()
    assert not page.exception and asked == [
        {"path": tmp_path / "Garden birds.keras", "scaling": "unit", "title": "Birds"}
    ]
    choices = workspace().open_project(project.id).choices
    assert choices["base"] == {"name": NAME, "weights": "imagenet"} and "trainable" not in choices
    assert "Garden birds" in words(page) and "photos of 32 × 32 pixels · 12,240 parameters" in words(page)
    assert page.button(key=f"base_{NAME}").disabled and not page.button(key="next_layers").disabled

    page.button(key=f"remove_{NAME}").click().run()
    assert "Removed **Garden birds**." in words(page)
    assert "The network Garden birds is not on this computer any more: open its file again below." in words(page)
    assert page.button(key="next_layers").disabled
    page.button(key="undo_remove_own").click().run()
    assert page.button(key=f"base_{NAME}").disabled and not page.button(key="next_layers").disabled
    assert "undo_remove_own" not in {button.key for button in page.button}


def test_a_refusal_stands_above_the_form(page: AppTest, project: Project, finish: Finish, tmp_path: Path) -> None:
    (tmp_path / "notes <b>.txt").write_text("milk")
    page.text_input(key="own_base_path").input(str(tmp_path / "notes <b>.txt"))
    page.button(key="own_base_open").click().run()
    key = f"own-base-{project.id}"
    finish(page, key)
    assert any("is no .keras file" in error.value for error in page.error)
    page.button(key=f"dismiss_{key}").click().run()
    assert not page.error and tasks.find(key) is None
    assert workspace().open_project(project.id).choices["base"]["name"] == "vgg16"


def test_what_was_dropped_waits_while_a_setting_is_mended(
    page: AppTest, project: Project, asked: list[dict[str, Any]], finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens = opening.open_base

    def unsure(space: Workspace, path: Path, title: str, scaling: Any, cancelled: Any) -> opening.OpenedBase:
        if scaling is None:
            raise ConfigError("Nothing says which numbers it expects.")
        assert path.read_bytes() == b"layers"
        return opens(space, path, title, scaling, cancelled)

    monkeypatch.setattr(opening, "open_base", unsure)
    page.file_uploader(key="own_base_upload_0").set_value([("plain <b>.keras", b"layers", "")])
    page.button(key="own_base_open").click().run()
    key = f"own-base-{project.id}"
    finish(page, key)
    assert any("Nothing says which numbers" in error.value for error in page.error)
    assert "is still here: change what is wrong, then open it." in words(page)
    page.selectbox(key="own_base_scaling").select("unit")
    page.button(key="own_base_open").click().run()
    if tasks.find(key):
        finish(page, key)
    page.run()
    assert not page.exception and [one["path"].name for one in asked] == ["plain <b>.keras"]
    assert workspace().open_project(project.id).choices["base"]["name"] == NAME
    assert not asked[0]["path"].exists() and "is still here" not in words(page)
