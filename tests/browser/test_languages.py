"""The main job, a lab and an export in three languages, by keyboard alone."""

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.person import PATIENCE, Person
from tests.support import Server
from transfer_core.text import speaking, t

MOST_TABS = 150
FOCUSED = """it => {
  const at = it.getRootNode().activeElement;  // of the page, or of the component that it lies in
  if (at === null || !(it === at || it.contains(at))) return "elsewhere";
  const seen = [at, at.parentElement].some((one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  });
  return seen ? "here" : "here, and nothing shows it";
}"""


def reach(person: Person, target: Locator) -> None:
    """Tab on until the focus is there, and is seen to be."""
    expect(target).to_be_visible()
    for _ in range(MOST_TABS):
        if (focus := target.evaluate(FOCUSED)) != "elsewhere":
            assert focus == "here", target
            return
        person.page.keyboard.press("Tab")
    raise AssertionError(f"{MOST_TABS} times Tab do not lead to {target}")


def press(person: Person, key: str) -> None:
    """Reach the button with this key and press it."""
    button = person.at(key).get_by_role("button").first
    expect(button).to_be_enabled()
    reach(person, button)
    person.page.keyboard.press("Enter")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "zh-TW"])
def test_the_main_job_by_keyboard_alone(browser: Browser, server: Server, locale: str) -> None:
    def said(words: str) -> str:
        with speaking(locale):
            return t(words)

    person = Person(browser, server.url, locale)
    person.sees(said("Teach a computer to tell your photos apart"))
    language = person.page.locator("html")
    expect(language).to_have_attribute("lang", {"en-US": "en", "zh-CN": "zh-Hans", "zh-TW": "zh-Hant"}[locale])
    person.can_be_used_by_all()
    press(person, "sample_shapes")
    person.sees(said("Photos"))
    press(person, "next_base")
    person.sees(said("Base"))
    person.can_be_used_by_all()
    press(person, "next_layers")

    # The tree: into it with Tab, through it with the arrows, a lock with the space bar.
    person.sees(said("Layers"))
    reach(person, person.page.locator("[role=tree] [role=treeitem][tabindex='0']"))
    person.page.keyboard.press("End")
    last = person.page.locator("[role=tree] [role=treeitem][tabindex='0']")
    expect(last).to_have_attribute("aria-checked", "false")
    person.page.keyboard.press("Space")
    expect(last).to_have_attribute("aria-checked", "true")
    person.settled()
    person.page.keyboard.press("Space")
    expect(last).to_have_attribute("aria-checked", "false")
    person.settled()
    person.can_be_used_by_all()
    person.at_width(400)
    person.page.set_viewport_size({"width": 1280, "height": 900})
    press(person, "next_train")
    person.sees(said("Train"))
    press(person, "train")
    expect(person.at("result")).to_be_visible(timeout=4 * PATIENCE)
    person.settled()
    person.can_be_used_by_all()
    person.at_width(400)
    person.page.set_viewport_size({"width": 1280, "height": 900})
    reach(person, person.at("live").get_by_role("link").first)
    person.page.keyboard.press("Enter")
    person.sees(said("How it learns"))
    expect(person.at("projector").locator(".thaw-bars")).to_be_visible()
    person.can_be_used_by_all()
    person.at_width(400)
    person.page.set_viewport_size({"width": 1280, "height": 900})
    press(person, "leave_projector")
    person.sees(said("Train"))

    # A lab, by the links.
    for name in ("Labs", "Health"):
        reach(person, person.page.get_by_test_id("stMain").get_by_role("link", name=said(name)).first)
        person.page.keyboard.press("Enter")
        person.sees(said(name))
    press(person, "start_lab")
    expect(person.at("conclusion")).to_be_visible(timeout=2 * PATIENCE)
    person.settled()
    person.can_be_used_by_all()
    reach(person, person.page.get_by_role("link", name=said("Test"), exact=False).first)
    person.page.keyboard.press("Enter")
    person.sees(said("Test"))
    press(person, "try_samples")
    expect(person.at("clear_answers")).to_be_visible()
    person.settled()
    person.can_be_used_by_all()
    press(person, "export_make")
    expect(person.at("download_zip")).to_be_visible(timeout=3 * PATIENCE)
    assert person.errors == []
