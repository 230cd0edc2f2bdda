"""Pages without anything yet show a picture of what will be there; once there is something, it is gone."""

import base64
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import words
from tests.support import workspace
from transfer_core.disk.workspace import Project
from transfer_core.labs import KINDS

PAGES = Path(__file__).parents[3] / "pages"
Open = Callable[[str, str], AppTest]


def sketches(page: AppTest) -> list[bytes]:
    """The drawings on the page, each of which screen readers pass over."""
    bodies = [
        part.proto.body for part in page.get("html") if "thaw-sketch" in part.proto.body and "<img" in part.proto.body
    ]
    assert all('alt=""' in body for body in bodies)
    return [base64.b64decode(re.findall(r"base64,([^\"]+)", body)[0]) for body in bodies]


@pytest.mark.parametrize("name", ["photos", "layers", "train", "test", *KINDS])
def test_a_page_without_anything_shows_its_own(name: str, app: AppTest, engine: FakeEngine, open_page: Open) -> None:
    page = open_page(name, workspace().create_project("Empty").id)
    assert not page.exception
    path = PAGES / ("labs" if name in KINDS else "") / name / "sketch.svg"
    assert sketches(page) == [path.read_bytes()] and "It will look something like this:" in words(page)


def test_home_shows_one_until_there_is_a_project(app: AppTest) -> None:
    assert sketches(app) == [(PAGES / "home" / "sketch.svg").read_bytes()]
    workspace().create_project("Mine")
    assert sketches(app.run()) == []


@pytest.mark.parametrize("name", ["photos", "layers"])
def test_it_is_gone_when_there_is_something(
    name: str, recent_apptest: None, project: Project, engine: FakeEngine, open_page: Open
) -> None:
    page = open_page(name, project.id)
    assert not page.exception and sketches(page) == []
    assert "It will look something like this:" not in words(page)


@pytest.mark.parametrize("path", sorted(PAGES.rglob("sketch.svg")), ids=lambda path: path.parent.name)
def test_drawings_need_nothing_else(path: Path) -> None:
    """No text, which would be English, and nothing from elsewhere."""
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()}
    assert tags <= {"svg", "path", "rect", "circle"} and path.stat().st_size < 3000
