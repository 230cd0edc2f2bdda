"""A pupil goes through the whole lesson by keyboard alone, in three languages; and finds it all again."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import PATIENCE, Person
from tests.support import Server
from transfer_core.disk.workspace import Project, Workspace
from transfer_core.labs.experiment import list_experiments
from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.progress import begun
from transfer_core.photos.store import PhotoStore
from transfer_core.samples.sets import draw_sample
from transfer_core.text import speaking, t

SMALL: tuple[dict[str, Any], ...] = (
    {},
    {"mistakes": [], "photos": 8, "validation": 4, "epochs": 2},
    {"mistakes": ["dropout", "softmax"], "photos": 8, "validation": 4, "epochs": 2},
    {"budget": 0.05, "epochs": 2},
    {"variants": ["fine_tuned"], "head_epochs": 5, "fine_tune_epochs": 2, "photo_variants": 1},
)
"""Settings of the steps' labs with which each takes seconds."""
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def project(server: Server, tmp_path: Path) -> Project:
    """With as few photos as the five labs can do with."""
    made = Workspace(server.home).create_project("Shapes")
    PhotoStore(made.photos_dir).import_folder(draw_sample("shapes", tmp_path / "shapes", 14))
    return made


def opens(browser: Browser, server: Server, project: Project, locale: str) -> Person:
    """The lesson's page, looked through; by the way both sheets are fetched."""
    person = Person(browser, f"{server.url}/labs?project={project.id}", locale)
    person.sees(t("Labs"))
    person.reach(person.at("lab_lesson").get_by_role("link"))
    person.page.keyboard.press("Enter")
    person.sees(t("How deep?"))
    person.can_be_used_by_all()
    person.fits_small_windows()
    for sheet, said in (("pupil_sheet", t("How deep?")), ("teacher_sheet", t("What may go wrong"))):
        with person.page.expect_download() as taken:
            person.press(sheet)
        assert said in taken.value.path().read_text("utf-8")
    return person


def guesses_and_starts(person: Person) -> None:
    """Into the answers with Tab, to the second with an arrow, and on to the button."""
    expect(person.at("start_step").get_by_role("button")).to_be_disabled()
    answers = person.page.get_by_role("radio")
    person.reach(answers.first)
    person.page.keyboard.press("Space")
    expect(answers.first).to_be_checked()
    person.page.keyboard.press("ArrowDown")
    expect(answers.nth(1)).to_be_checked()
    person.press("start_step")


def explains(person: Person, number: int) -> None:
    """Once the experiment has ended: a sentence, and on to the next step."""
    expect(person.at("conclusion")).to_be_visible(timeout=3 * PATIENCE)
    person.settled()
    person.reach(person.page.get_by_role("textbox", name=t("One sentence, in your own words")))
    person.page.keyboard.type(f"{t('What came out')} {number}.")
    person.press("next_step")
    person.text(re.escape(t("{done} of {count} steps done", done=number + 1, count=len(HOW_DEEP.steps))))
    person.settled()


@pytest.mark.timeout(900)
def test_the_whole_lesson_by_keyboard_alone(browser: Browser, server: Server, project: Project, tmp_path: Path) -> None:
    person = opens(browser, server, project, "en-US")
    steps = range(len(HOW_DEEP.steps))
    # The lesson as a file; the same with small settings, opened in its place.
    person.press("own_lesson")
    with person.page.expect_download() as saved:
        person.press("save_lesson")
    lesson = json.loads(saved.value.path().read_text("utf-8"))
    for step, settings in zip(lesson["steps"], SMALL, strict=True):
        step |= {"settings": settings, "choices": step["choices"][: len(settings.get("mistakes") or step["choices"])]}
    own = tmp_path / "small.json"
    own.write_text(json.dumps(lesson), "utf-8")
    with person.page.expect_file_chooser() as chooser:
        person.reach(person.at("lesson_file").locator("button:visible"))
        person.page.keyboard.press("Enter")
    chooser.value.set_files(own)
    expect(person.at("undo_lesson")).to_be_visible()
    person.settled()
    for number in steps:
        guesses_and_starts(person)
        explains(person, number)
        if number == 0:  # a refresh finds it all, and the guess stands
            person.page.reload()
            person.sees("How deep?")
            person.press("open_step_0")
            sentence = person.page.get_by_role("textbox", name="One sentence")
            expect(sentence).to_have_value("What came out 0.")
            person.text("it takes patterns and parts of things \\(your guess\\)", "lesson_guessed")
            person.settled()
            person.picture("lesson", height=1500)
            person.can_be_used_by_all()
            person.press("open_step_1")
            expect(sentence).to_have_count(0)
            person.settled()
    person.text("All steps are done")
    person.can_be_used_by_all()
    person.fits_small_windows()
    person.press("own_lesson")
    person.press("thaws_lesson")
    person.text("0 of 5 steps done")
    person.press("undo_lesson")
    person.text("5 of 5 steps done")
    assert person.errors == []

    # In other languages the first experiment is run, and the others are found as they were left.
    done = [run.id for run in reversed(list_experiments(project.experiments_dir))]
    progress = begun(HOW_DEEP)
    for number in steps[1:]:
        progress = progress.guessed(number, 0).began(number, done[number])
    for locale in ("zh-CN", "zh-TW"):
        Workspace(server.home).open_project(project.id).choose(lesson=progress.to_dict())
        with speaking(locale):
            person = opens(browser, server, project, locale)
            guesses_and_starts(person)
            for number in steps:
                expect(person.at("conclusion")).to_contain_text(CHINESE, timeout=3 * PATIENCE)
                explains(person, number)
            person.text(re.escape(t("{done} of {count} steps done", done=5, count=5)))
            person.can_be_used_by_all()
            person.fits_small_windows()
        assert person.errors == []
