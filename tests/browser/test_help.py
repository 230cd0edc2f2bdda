"""The help as a person uses it: from a page to its part, to another part, and back to the page and its project."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.support import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_from_a_page_into_the_help_and_back(browser: "Browser", server: Server) -> None:
    person = Person(browser, server.url)
    main = person.page.get_by_test_id("stMain")
    person.at("new_project_name").locator("input").fill("Birds")
    person.click("new_project")
    person.sees("Photos")
    expect(main.locator("img.thaw-sketch")).to_be_visible()
    assert main.locator("img.thaw-sketch").evaluate("picture => picture.decode().then(() => picture.naturalWidth)")
    main.get_by_role("link", name="Help with this page").click()
    person.sees("Help: Photos")
    person.can_be_used_by_all()
    person.at_width(400)
    main.get_by_role("link", name="All of the help").click()
    person.sees("Help")
    person.can_be_used_by_all()
    person.at_width(1280)
    main.get_by_role("link", name="How Thaw measures").click()
    person.sees("Help: How Thaw measures")
    person.page.reload()  # the address is that of the part
    person.sees("Help: How Thaw measures")
    person.page.go_back()
    person.sees("Help")
    person.page.go_back()
    person.sees("Help: Photos")
    person.page.go_forward()
    person.sees("Help")
    person.page.go_forward()
    person.sees("Help: How Thaw measures")
    main.get_by_role("link", name="Back: Photos").click()
    person.sees("Photos")
    expect(person.page.get_by_test_id("stSidebar")).to_contain_text("Birds")
    assert not person.errors
