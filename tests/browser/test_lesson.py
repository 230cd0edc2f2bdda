"""A pupil opens the lesson, guesses, runs its first experiment, writes a sentence, and finds it all again."""

import json
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.person import PATIENCE, Person
from tests.support import Server


def test_a_step_of_the_lesson(browser: Browser, server: Server, tmp_path: Path) -> None:
    person = Person(browser, server.url)
    person.sees("Teach a computer to tell your photos apart")
    person.click("sample_shapes")
    person.sees("Photos")
    expect(person.at("next_base").get_by_role("button")).to_be_enabled(timeout=PATIENCE)
    person.page.get_by_role("link", name="Labs").first.click()
    person.sees("Labs")
    person.at("lab_lesson").get_by_role("link").click()
    person.sees("How deep?")
    person.settled()
    expect(person.at("start_step").get_by_role("button")).to_be_disabled()
    person.page.get_by_text("Only in the last third").click()
    expect(person.at("start_step").get_by_role("button")).to_be_enabled()
    person.settled()
    person.can_be_used_by_all()
    person.click("start_step")
    person.text("block|network", "conclusion", 3 * PATIENCE)
    person.page.get_by_role("textbox", name="One sentence").fill("It takes whole things to tell them apart.")
    person.click("next_step")
    person.text("1 of 5 steps done")
    person.page.reload()
    person.sees("How deep?")
    person.at("open_step_0").get_by_role("button").first.click()
    expect(person.page.get_by_role("textbox", name="One sentence")).to_have_value(
        "It takes whole things to tell them apart."
    )
    person.text("it takes whole things \\(your guess\\)", "lesson_guessed")
    person.settled()
    person.picture("lesson", height=1500)
    person.can_be_used_by_all()
    with person.page.expect_download() as taken:
        person.at("teacher_sheet").get_by_role("button").click()
    sheet = tmp_path / "teacher.html"
    taken.value.save_as(sheet)
    assert "What may go wrong" in sheet.read_text("utf-8")
    person.at("own_lesson").get_by_role("button").first.click()
    with person.page.expect_download() as saved:
        person.at("save_lesson").get_by_role("button").click()
    own = tmp_path / "mine.json"
    saved.value.save_as(own)
    lesson = json.loads(own.read_text("utf-8"))
    own.write_text(json.dumps({**lesson, "title": "My own"}), "utf-8")
    person.at("lesson_file").locator("input[type=file]").set_input_files(own)
    person.sees("My own")
    person.click("undo_lesson")
    person.sees("How deep?")
    person.text("1 of 5 steps done")
    assert person.errors == []
