"""What the pages of the labs share: one start a click, the newest or the linked one shown, delete with undo."""

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.labs import lab
from pages.labs.cards import LABS
from pages.ui.paths import page_path
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_experiment, words
from tests.support import ROOT, workspace
from transfer_core.disk.workspace import Project
from transfer_core.labs import KINDS
from transfer_core.labs.experiment import experiment_config, list_experiments
from transfer_core.labs.knowledge.settings import Settings
from transfer_core.runs.folder import Recorder, Run

Open = Callable[[str, str], AppTest]


def ended(project: Project, conclusion: str) -> Run:
    """An experiment that has come to `conclusion`."""
    return toy_experiment(project, "knowledge", Settings(), {"classes": {}, "conclusion": conclusion})


def test_every_lab_has_a_card() -> None:
    assert {card.kind for card in LABS} == set(KINDS)


def test_the_bar_shows_where_one_stands(recent_apptest: None, open_page: Open, project: Project) -> None:
    for step in ("photos", "train", "knowledge"):
        labels = [link.proto.label for link in open_page(step, project.id).get("page_link")]
        marked = [label for label in labels if label.startswith("**") and label != "**Thaw**"]
        expected = {"photos": ["**Photos**"], "train": ["**Train**"], "knowledge": ["**Labs**", "**What it knows**"]}
        assert marked == expected[step]


def test_the_overview_and_the_lab_promise_the_same_time(
    recent_apptest: None, open_page: Open, project: Project
) -> None:
    cards = words(open_page("labs", project.id))
    assert cards.count("Takes about") >= 4
    for kind in ("probe", "sanity", "knowledge"):
        (said,) = re.findall(r"Takes about [^.]+", words(open_page(kind, project.id)))
        assert said in cards, (kind, said)


def test_a_double_click_starts_one(recent_apptest: None, open_page: Open, project: Project, engine: FakeEngine) -> None:
    page = open_page("knowledge", project.id)
    assert not page.exception
    second = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()  # another tab, drawn before the click
    second.query_params["project"] = project.id
    second.switch_page(page_path("knowledge"))
    second.query_params["project"] = project.id
    second.run()
    page.button(key="start_lab").click().run()
    second.button(key="start_lab").click().run()
    assert not second.exception
    assert len(list_experiments(project.experiments_dir, "knowledge")) == 1
    assert len(engine.started) == 1


def test_what_is_typed_just_before_the_click_counts(
    recent_apptest: None, open_page: Open, project: Project, engine: FakeEngine
) -> None:
    page = open_page("knowledge", project.id)
    page.number_input(key="knowledge_photos").set_value(23)
    page.button(key="start_lab").click().run()  # both reach the server at once
    assert [experiment_config(run).settings for run in engine.started] == [Settings(23)]


def test_the_newest_is_shown_and_a_link_names_another(
    recent_apptest: None, open_page: Open, project: Project, app: AppTest
) -> None:
    first, second = ended(project, "The first conclusion."), ended(project, "The second conclusion.")
    other, newest = sorted((first, second), key=lambda run: run.id)
    said = {first.id: "**The first conclusion.**", second.id: "**The second conclusion.**"}
    page = open_page("knowledge", project.id)
    assert said[newest.id] in words(page)
    assert "experiment" not in page.query_params, "the browser would take it for another page, to which Back leads"
    page.button(key=f"show_{other.id}").click().run()
    assert page.query_params["experiment"] == other.id and said[other.id] in words(page)
    page.query_params["experiment"] = "../../../etc"
    page.run()
    assert not page.exception and page.query_params["experiment"] == newest.id


def test_delete_and_undo(recent_apptest: None, open_page: Open, project: Project) -> None:
    run = ended(project, "A conclusion worth keeping.")
    page = open_page("knowledge", project.id)
    page.button(key=f"delete_{run.id}").click().run()
    assert not page.exception
    assert list_experiments(project.experiments_dir) == []
    page.button(key="undo_delete_lab").click().run()
    assert [one.path for one in list_experiments(project.experiments_dir)] == [run.path]
    assert "A conclusion worth keeping" in words(page)


def test_a_conclusion_that_may_still_change_says_so(open_page: Open, project: Project) -> None:
    found = {"classes": {}, "conclusion": "Cats are known."}
    run = toy_experiment(project, "knowledge", Settings(), found, "RUNNING")
    page = open_page("knowledge", project.id)
    assert "So far: **Cats are known.**" in words(page)
    Recorder(run, 1).end("FINISHED")
    assert "So far" not in words(page.run()) and "**Cats are known.**" in words(page)


def test_one_that_goes_on_out_of_sight_says_so_and_its_end_frees_the_button(
    recent_apptest: None, open_page: Open, project: Project
) -> None:
    old = ended(project, "The old conclusion.")
    going = toy_experiment(project, "knowledge", Settings(), None, "RUNNING")
    page = open_page("knowledge", project.id)
    if "This is going on below" in words(page):  # they were made within a second
        page.button(key=f"show_{old.id}").click().run()
    assert "Another one is going on" in words(page) and "going on below" not in words(page)
    assert page.button(key="start_lab").disabled
    ran: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab.st, "rerun", lambda: ran.append("again"))
        lab._until_it_ends(going)
        assert not ran, "it goes on"
        Recorder(going, 1).end("FINISHED")
        lab._until_it_ends(going)
    assert ran == ["again"]
    page.run()
    assert not page.button(key="start_lab").disabled and "Another one" not in words(page)


def test_one_that_is_going_on_is_not_deleted(recent_apptest: None, open_page: Open, project: Project) -> None:
    run = ended(project, "Done.")
    page = open_page("knowledge", project.id)
    Recorder(run, 1)  # another tab has let it go on
    page.button(key=f"delete_{run.id}").click().run()
    assert "Stop it first" in words(page)
    assert run.path.is_dir()


def test_a_damaged_one_says_so_and_can_be_deleted(recent_apptest: None, open_page: Open, project: Project) -> None:
    run = ended(project, "Done.")
    (run.path / "status.json").write_text("{")
    page = open_page("knowledge", project.id)
    assert not page.exception
    assert "status.json" in words(page)
    page.button(key=f"delete_{run.id}").click().run()
    assert not run.path.is_dir()


def test_the_overview_shows_what_was_found(open_page: Open, project: Project) -> None:
    ended(project, "Nothing is known yet.")
    page = open_page("labs", project.id)
    assert not page.exception
    assert "Nothing is known yet" in words(page)


def test_without_photos_or_a_base_the_reason_stands_beside_the_button(app: AppTest, open_page: Open) -> None:
    page = open_page("probe", workspace().create_project("Empty").id)
    assert not page.exception
    assert page.button(key="start_lab").disabled
    assert "base" in words(page).lower() or "photos" in words(page).lower()


def test_a_project_with_a_lab_going_on_is_not_deleted(recent_apptest: None, app: AppTest, project: Project) -> None:
    run = toy_experiment(project, "knowledge", Settings(), None, "RUNNING")
    app.run()
    app.button(key=f"delete_{project.id}").click().run()
    assert "Stop the experiment first" in app.error[0].value
    assert workspace().open_project(project.id).id == project.id
    Recorder(run, pid=1).end("STOPPED")
    app.button(key=f"delete_{project.id}").click().run()
    assert not app.error
    assert workspace().list_projects() == []
