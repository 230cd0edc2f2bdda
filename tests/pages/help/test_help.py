"""The help: a part for every page, each page leads to its own, and from there back to where one came from."""

from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.help.parts import GROUPS, PAGES, PARTS
from pages.labs.cards import LABS
from pages.ui.glossary import matching
from pages.ui.paths import page_path
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import words
from transfer_core.disk.workspace import Project
from transfer_core.text import t

Open = Callable[[str, str], AppTest]
NAMED = ["photos", "base", "layers", "train", "projector", "test", "labs", "lesson", *(lab.kind for lab in LABS)]


def links(page: Any, label: str) -> list[tuple[str, dict[str, str]]]:
    """Where the links with this label lead: the page and what stands in its URL."""
    found = []
    for link in page.get("page_link"):
        if link.proto.label == label:
            query = dict(pair.split("=", 1) for pair in link.proto.query_string.split("&") if pair)
            found.append((link.proto.page, query))
    return found


def test_every_page_has_its_part(monkeypatch: pytest.MonkeyPatch, app: AppTest) -> None:
    pages: dict[str, str] = {}
    navigation = st.navigation

    def noted(given: Any, **options: Any) -> Any:
        pages.update((page.url_path or "home", page.title) for page in given)
        return navigation(given, **options)

    monkeypatch.setattr(st, "navigation", noted)
    assert not app.run().exception
    del pages["help"]
    in_a_classroom = {"classroom", "board"}  # tests/pages/classroom has these
    assert set(pages) == set(PAGES) - in_a_classroom
    assert {name: t(part.title) for name, part in PAGES.items() if name not in in_a_classroom | {"home"}} == {
        name: title for name, title in pages.items() if name != "home"
    }


def test_every_part_says_what_for_what_to_do_and_what_goes_wrong() -> None:
    assert len(PARTS) == sum(len(parts) for _, parts in GROUPS)
    for part in PAGES.values():
        do, trouble = part.sections
        assert do.numbered and len(do.items) >= 2 and len(trouble.items) >= 2, part.name
        assert all(str(item).startswith("**") for item in trouble.items), part.name


@pytest.mark.parametrize("name", NAMED)
def test_a_page_leads_to_its_part_and_the_part_back(
    name: str, project: Project, engine: FakeEngine, open_page: Open
) -> None:
    page = open_page(name, project.id)
    assert not page.exception
    there = {"project": project.id, "part": name, "back": name}
    assert links(page, "Help with this page") == [("help", there)]
    assert links(page.sidebar, "Help") == [("help", {"project": project.id, "back": name})]
    page.query_params.update(there)
    page.switch_page(page_path("help"))
    page.query_params.update(there)
    shown = page.run()
    assert not shown.exception and shown.title[0].value == f"Help: {PARTS[name].title}"
    said = words(shown)
    assert all(t(item) in said for section in PARTS[name].sections for item in section.items)
    assert links(shown, "Help with this page") == []
    assert links(shown, f"Back: {PARTS[name].title}") == [(name, {"project": project.id})]


def opened_help(app: AppTest, **query: str) -> AppTest:
    app.query_params.update(query)
    app.switch_page(page_path("help"))
    app.query_params.update(query)
    return app.run()


def test_home_leads_there_without_a_project(app: AppTest) -> None:
    assert links(app, "Help with this page") == [("help", {"back": "home", "part": "home"})]
    page = opened_help(app, part="home", back="home")
    assert not page.exception and links(page, "Back: Home") == [("", {})]


def test_back_leads_to_the_experiment_that_was_on_screen(project: Project, engine: FakeEngine, app: AppTest) -> None:
    page = opened_help(app, project=project.id, experiment="mine", part="words", back="sweep")
    assert links(page, "Back: Depth sweep") == [("sweep", {"project": project.id, "experiment": "mine"})]
    (there,) = links(page, "All of the help")
    assert there == ("help", {"project": project.id, "experiment": "mine", "back": "sweep"})


@pytest.mark.parametrize("query", [{}, {"part": "", "back": ""}, {"part": "zebra", "back": "words"}])
def test_all_parts_are_listed(query: dict[str, str], app: AppTest) -> None:
    page = opened_help(app, **query)
    assert not page.exception and page.title[0].value == "Help"
    assert all(links(page, f"**{part.title}**")[0][1]["part"] == name for name, part in PARTS.items())
    assert not [link for link in page.get("page_link") if link.proto.label.startswith("Back")]


def test_words_are_all_there(app: AppTest) -> None:
    said = words(opened_help(app, part="words"))
    assert all(f"**{name}**  \n{meaning}" in said for name, meaning in matching("").items())
