"""A person opens every lab on real photos, starts it and reads its conclusion."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pages.labs.cards import LABS
from tests.browser.person import PATIENCE, Person
from tests.support import Server, wait_until

CONCLUSIONS = {
    "compare": r"[Nn]o real difference|no difference|better|worse",
    "knowledge": r"ImageNet",
    "probe": r"block|stem|top|network|too few",
    "sweep": r"head alone|Fine-tune",
    "sanity": r"the same|differ|rounding",
    "recipe": r"\d+ ?%|Train the head first|Fine-tune at a low rate",
    "evaluate": r"Right on",
    "health": r"deserve|[Nn]othing (is|was)|gives|photo is fine",
    "stress": r"withstands|suffers most",
}
"""What the conclusion of each lab speaks of."""


def trained_twice(person: Person, few_photos: Path) -> str:
    """Make a project with two trained classifiers; its id."""
    person.sees("Teach a computer to tell your photos apart")
    person.at("new_project_name").locator("input").fill("Cats and dogs")
    person.click("new_project")
    person.sees("Photos")
    person.at("upload_folder").locator("input[type=file]").set_input_files(few_photos)
    person.text("48 photos of 2 classes added")
    person.settled()
    person.goes_on_to_train()
    person.click("train")
    person.has_trained()
    person.page.get_by_role("link", name="Layers").first.click()
    person.sees("Layers")
    person.click("preset_last_block")
    expect(person.at("undo_plan").get_by_role("button")).to_be_enabled()  # the choice has arrived
    person.settled()
    person.click("next_train")
    person.sees("Train")
    expect(person.at("train").get_by_role("button")).to_be_enabled()
    person.click("train")
    expect(person.at("live")).to_contain_text("fine-tun", ignore_case=True)
    person.has_trained()
    return person.page.url.split("project=")[1].split("&")[0]


def small(person: Person, kind: str) -> None:
    """Settings with which a lab takes seconds; what they are is looked at elsewhere."""
    if kind == "sweep":
        person.number("sweep_budget", 0.3)  # minutes
    elif kind == "sanity":
        for key, value in (("sanity_photos", 8), ("sanity_validation", 4), ("sanity_epochs", 3)):
            person.number(key, value)
        for mistake in ("wrong scaling", "no shuffling", "softmax", "training=True"):
            person.at("sanity_mistakes").get_by_role("button", name=mistake).click()
            person.settled()
    elif kind == "evaluate":  # heads alone, so that every photo is answered in seconds
        person.page.get_by_role("combobox", name="Trained classifier").click()
        person.page.get_by_role("option", name="head only").click()
        person.settled()
        expect(person.page.get_by_role("radio", name="Every photo, out of fold")).to_be_checked()
    elif kind == "recipe":
        for _ in range(3):  # the last three variants: what they show, tests of the lab itself look at
            person.at("recipe_variants").locator("input").press("Backspace")
            person.settled()
        person.at("recipe_more").get_by_text("More settings").click()
        for key, value in (
            ("recipe_head_epochs", 5),
            ("recipe_fine_tune_epochs", 2),
            ("recipe_scratch_epochs", 2),
            ("recipe_photo_variants", 1),
        ):
            person.number(key, value)


def corrects_a_label(person: Person) -> None:
    """On the page of an evaluation: a click on a cell of the table, one of its photos moved, and that undone."""
    wait_until(lambda: _opens_last_cell(person), PATIENCE / 1000)
    person.settled()
    person.page.get_by_role("button", name="Change class").first.click()
    person.page.get_by_role("combobox", name="What it really shows").click()
    person.page.get_by_role("option", name="cat").click()
    person.page.get_by_role("button", name="Move it to cat").click()
    person.text("1 of these photos has been corrected since", "evaluate_corrected")
    person.text("moved to cat", "lab_result")
    person.click("undo_edit")
    expect(person.at("evaluate_corrected")).not_to_contain_text("corrected since")
    expect(person.at("redo_edit").get_by_role("button")).to_be_enabled()
    person.settled()


def _opens_last_cell(person: Person) -> bool:
    """Dogs taken for dogs. The table is drawn on a canvas, which takes clicks only once it has been drawn."""
    table = person.page.locator('[data-testid="stDataFrame"] canvas').first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    if box is None:
        return False
    person.page.mouse.click(box["x"] + box["width"] - 15, box["y"] + box["height"] - 15)
    which = person.page.get_by_role("combobox", name="Which photos?")
    try:
        expect(which).to_have_value(re.compile("dog, right"), timeout=5000)
    except AssertionError:
        return False  # the click came too early: again
    return True


@pytest.mark.timeout(1500)  # nine labs one after the other, beside other tests
def test_every_lab_reaches_its_conclusion(browser: Browser, server: Server, few_photos: Path) -> None:
    kinds = [card.kind for card in LABS]
    person = Person(browser, server.url)
    project = trained_twice(person, few_photos)
    person.page.get_by_role("link", name="Labs").first.click()
    person.sees("Labs")
    for kind in kinds:
        title = next(card.title for card in LABS if card.kind == kind)
        person.page.goto(f"{server.url}/labs?project={project}")
        person.sees("Labs")
        person.at(f"lab_{kind}").get_by_role("link").click()
        person.sees(str(title))
        person.text("Nothing has been tried here yet")
        small(person, kind)
        person.click("start_lab")
        person.text(CONCLUSIONS[kind], "conclusion", 3 * PATIENCE)
        expect(person.at("start_lab").get_by_role("button")).to_be_enabled(timeout=4 * PATIENCE)  # it has ended
        person.settled()
        # A refresh shows the same; nothing on the page is an error.
        person.page.reload()
        person.sees(str(title))
        person.text(CONCLUSIONS[kind], "conclusion")
        expect(person.page.locator('[data-testid="stAlertContentError"]')).to_have_count(0)
        if kind != "health":  # test_health.py has photos with more to show
            person.picture(kind, height=1500)
        person.can_be_used_by_all()
        person.fits_small_windows()
        if kind == "evaluate":
            corrects_a_label(person)
    person.page.goto(f"{server.url}/labs?project={project}")
    person.sees("Labs")
    for kind in kinds:
        person.text(CONCLUSIONS[kind], f"lab_{kind}")
    person.picture("labs")
    person.can_be_used_by_all()
    person.fits_small_windows()
    assert person.errors == []
