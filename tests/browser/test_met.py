"""What people met and stumbled over, each as they met it."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import PATIENCE, WIDTH, Person
from tests.support import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One app for all of these; the weights it would fetch lie where nobody answers."""
    running = Server(tmp_path_factory.mktemp("met") / "thaw-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_WEIGHTS_URL", "http://127.0.0.1:9")
        running.start()
    yield running
    running.kill()


def test_photos_and_classes(browser: Browser, server: Server, tmp_path: Path) -> None:
    person = Person(browser, server.url)
    person.sees("Teach a computer to tell your photos apart")
    # A name that is too long is refused in words, and what was typed stays.
    name = person.at("new_project_name").locator("input")
    name.fill("A very long name " * 12)
    person.click("new_project")
    person.text("A project's name needs 1 to")
    expect(name).to_have_value(re.compile("^A very long name A"))
    person.can_be_used_by_all()
    person.click("sample_shapes")
    person.sees("Photos")
    person.text("240 photos of 4 classes added")
    person.settled()
    # The keyboard goes on where the eye is: at the title of the page that came.
    assert person.page.evaluate("document.activeElement.textContent") == "Photos"

    # A name that can't be one is refused where it was typed.
    person.page.get_by_role("button", name="Add a class").click()
    person.at("new_class").locator("input").fill("cats/dogs")
    person.click("add_class")
    reason = person.page.get_by_test_id("stPopoverBody").get_by_test_id("stAlert")
    expect(reason).to_contain_text("cats/dogs")
    expect(reason).to_be_in_viewport()
    person.page.keyboard.press("Escape")

    # Undo of an import says how much it takes, and Redo brings it back.
    person.at("undo_import").get_by_role("button").first.click()
    expect(person.page.get_by_test_id("stPopoverBody")).to_contain_text("240 photos leave the project")
    person.click("undo_edit")
    person.text("Add photos of at least two classes first")
    # Every way in is within reach on a telephone.
    person.at_width(400)
    for way in person.page.get_by_role("tab").all():
        box = way.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 400, way.inner_text()
    person.can_be_used_by_all()
    person.page.set_viewport_size({"width": WIDTH, "height": 900})
    person.click("redo_edit")
    person.text("240 photos, 4 classes")

    # Forty files that are no photos are one row.
    folder = tmp_path / "mixed"
    for number in range(40):
        (folder / "circle").mkdir(parents=True, exist_ok=True)
        (folder / "circle" / f"list {number}.txt").write_text("milk, bread")
    person.at("add_photos_more").get_by_text("Add photos").click()
    person.at("upload_folder").locator("input[type=file]").set_input_files(folder)
    person.text("40 files could not be used")
    person.settled()
    expect(person.page.get_by_text("list 0.txt")).to_have_count(1)
    expect(person.page.get_by_text("and 37 more")).to_have_count(1)
    assert person.errors == []


def test_weights_are_refused_with_their_reason_where_they_were_asked_for(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    person = Person(browser, server.url)
    mine = named(person, "Mine")
    person.page.get_by_role("link", name="Base").first.click()
    person.sees("Base")
    person.click("fetch_mobilenet")
    person.text("Not fetched", "card_mobilenet")
    # Another project did not ask for it.
    person.page.goto(server.url)
    named(person, "Another")
    person.page.get_by_role("link", name="Base").first.click()
    person.sees("Base")
    expect(person.page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(person.at("card_mobilenet").get_by_text("Not fetched")).to_have_count(0)

    # A file that holds no weights is refused with the reason, beside the field.
    person.page.goto(f"{server.url}/base?project={mine}")
    person.sees("Base")
    (tmp_path / "notes.txt").write_text("milk, bread")
    person.at("file_mobilenet").get_by_role("button").first.click()
    body = person.page.get_by_test_id("stPopoverBody")
    body.locator("input[type=file]").set_input_files(tmp_path / "notes.txt")
    expect(body).to_contain_text("notes.txt")
    body.get_by_role("button", name="Use this file").click()
    expect(body.get_by_test_id("stAlert")).to_contain_text("can't be read as weights of mobilenet")
    person.can_be_used_by_all()  # with the popover open, and the reason in it
    assert person.errors == []


def named(person: Person, name: str) -> str:
    """Make a project with a name; its id."""
    person.sees("Teach a computer to tell your photos apart")
    person.at("new_project_name").locator("input").fill(name)
    person.click("new_project")
    person.sees("Photos")
    return project_of(person)


def project_of(person: Person) -> str:
    return person.page.url.split("project=")[1].split("&")[0]


def test_the_best_run_stands_and_what_waits_says_for_what(browser: Browser, server: Server, few_photos: Path) -> None:
    person = Person(browser, server.url)
    project = named(person, "Pets")
    person.at("upload_folder").locator("input[type=file]").set_input_files(few_photos)
    person.text("48 photos of 2 classes added")
    person.settled()
    person.goes_on_to_train()
    person.click("train")
    person.has_trained()
    # A newer run that was stopped, whatever it reached by then, does not take the place of the finished one.
    runs = server.home / "projects" / project / "runs"
    (finished,) = (path for path in runs.iterdir() if (path / "report.json").is_file())
    stopped = runs / "20990101-000000-ffff"
    shutil.copytree(finished, stopped)
    for name, changes in (
        ("report.json", {"stopped": True, "val_accuracy": 0.123}),
        ("status.json", {"state": "STOPPED"}),
    ):
        value = json.loads((stopped / name).read_text()) | changes
        (stopped / name).write_text(json.dumps(value))
    person.page.get_by_role("link", name="Test").first.click()
    person.sees("Test")
    expect(person.at("test_run")).not_to_contain_text("12%")
    person.page.get_by_role("link", name="Thaw").first.click()
    person.text("right on validation photos", f"card_{project}")
    expect(person.at(f"card_{project}")).not_to_contain_text("12%")

    # While a training goes on, a lab says that it waits for it.
    person.page.goto(f"{server.url}/train?project={project}")
    person.sees("Train")
    person.at("settings").get_by_text("Settings").click()
    person.number("patience", 0)
    person.number("head_epochs", 9000)
    person.click("train")
    person.text("Validation accuracy", "live")
    second = Person(browser, f"{server.url}/layers?project={project}")
    second.sees("Layers")
    second.click("look")
    second.text("Waiting for a training in Pets to end, which takes about .+ more", "advice")
    person.can_be_used_by_all()  # while it trains
    person.click("stop")
    person.text("Stopped on request", "live")
    # Its turn has come: the look at the photos ends in a recommendation.
    second.text("For these photos:", "advice", 3 * PATIENCE)
    assert person.errors == [] and second.errors == []
