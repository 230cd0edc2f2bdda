"""The camera of the browser: bursts for two classes, by mouse and by keyboard, and nothing while the page is hidden."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.person import Person
from tests.support import Server


def hide(page: Page, hidden: bool) -> None:
    """As if another tab were in front."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def playing(person: Person, key: str) -> None:
    """Wait until the camera's picture is there."""
    video = person.at(key).locator("video")
    expect(video).to_have_js_property("readyState", 4)


def named(person: Person, name: str) -> None:
    field = person.at("camera_class").get_by_role("combobox")
    field.fill(name)
    field.press("Enter")
    person.settled()


def test_bursts_by_mouse_and_by_keyboard(browser: Browser, server: Server) -> None:
    person = Person(browser, server.url)
    person.at("new_project_name").locator("input").fill("Camera")
    person.click("new_project")
    person.sees("Photos")
    person.page.get_by_role("tab", name="Camera").click()
    person.at("use_camera").locator("label").first.click()
    person.settled()
    named(person, "left")
    playing(person, "camera")
    button = person.at("camera").get_by_role("button")
    button.hover()
    person.page.mouse.down()
    expect(button).to_have_text("Taking photos…")
    expect(person.at("camera").locator(".count")).to_have_text(re.compile("[3-9]"))
    person.page.mouse.up()
    person.text(r"[3-9] photos of 1 class added")

    # Still open for the next class; with the keyboard the same, and more while photos are being added.
    named(person, "right")
    playing(person, "camera")
    for _ in range(2):
        button.focus()
        person.page.keyboard.down(" ")
        expect(person.at("camera").locator(".count")).to_have_text(re.compile("[4-9]"))
        person.page.keyboard.up(" ")
    person.text(r"right · ([89]|1\d)")
    person.text("series")
    person.can_be_used_by_all()
    person.at_width(400)

    # Hidden, it lets the camera go; seen again, it goes on.
    hide(person.page, True)
    expect(person.at("camera").locator("video")).to_have_js_property("srcObject", None)
    hide(person.page, False)
    playing(person, "camera")
    assert person.errors == []
