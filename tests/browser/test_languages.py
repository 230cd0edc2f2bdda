"""The main job, a lab and an export in three languages, by keyboard alone."""

import pytest
from playwright.sync_api import Browser, expect

from pages.labs.cards import LABS
from tests.browser.person import PATIENCE, Person
from tests.support import Server
from transfer_core.text import speaking, t


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "zh-TW"])
def test_the_main_job_by_keyboard_alone(browser: Browser, server: Server, locale: str) -> None:
    def said(words: str) -> str:
        with speaking(locale):
            return t(words)

    person = Person(browser, server.url, locale)
    # The letters of Traditional Chinese are as wide as those of Simplified.
    fits = (lambda: None) if locale == "zh-TW" else person.fits_small_windows
    person.sees(said("Teach a computer to tell your photos apart"))
    language = person.page.locator("html")
    expect(language).to_have_attribute("lang", {"en-US": "en", "zh-CN": "zh-Hans", "zh-TW": "zh-Hant"}[locale])
    person.can_be_used_by_all()
    fits()
    person.press("sample_shapes")
    person.sees(said("Photos"))
    fits()
    person.press("next_base")
    person.sees(said("Base"))
    person.can_be_used_by_all()
    fits()
    person.press("next_layers")

    # The tree: into it with Tab, through it with the arrows, a lock with the space bar.
    person.sees(said("Layers"))
    person.reach(person.page.locator("[role=tree] [role=treeitem][tabindex='0']"))
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
    fits()
    person.press("next_train")
    person.sees(said("Train"))
    person.press("train")
    expect(person.at("result")).to_be_visible(timeout=4 * PATIENCE)
    person.settled()
    person.can_be_used_by_all()
    fits()
    person.reach(person.at("live").get_by_role("link").first)
    person.page.keyboard.press("Enter")
    person.sees(said("How it learns"))
    expect(person.at("projector").locator(".thaw-bars")).to_be_visible()
    person.can_be_used_by_all()
    fits()
    person.page.emulate_media(reduced_motion="reduce")
    for moving in person.at("projector").locator(".thaw-bars .fill").all():
        expect(moving).to_have_css("transition-duration", "0s")
    person.page.emulate_media(reduced_motion="no-preference")
    person.press("leave_projector")
    person.sees(said("Train"))

    # A lab, by the links.
    for name in ("Labs", "Health"):
        person.reach(person.page.get_by_test_id("stMain").get_by_role("link", name=said(name)).first)
        person.page.keyboard.press("Enter")
        person.sees(said(name))
        fits()
    person.press("start_lab")
    expect(person.at("conclusion")).to_be_visible(timeout=2 * PATIENCE)
    person.settled()
    person.can_be_used_by_all()
    fits()
    if locale == "zh-CN":  # test_labs.py looks at them in English, with what they find
        for card in LABS:
            person.reach(person.at("lab_links").get_by_role("link", name=said(str(card.title))).first)
            person.page.keyboard.press("Enter")
            person.sees(said(str(card.title)))
            person.can_be_used_by_all()
            fits()
    person.reach(person.page.get_by_role("link", name=said("Test"), exact=False).first)
    person.page.keyboard.press("Enter")
    person.sees(said("Test"))
    person.press("try_samples")
    expect(person.at("clear_answers")).to_be_visible()
    person.settled()
    person.can_be_used_by_all()
    fits()
    person.press("export_make")
    expect(person.at("download_zip")).to_be_visible(timeout=3 * PATIENCE)
    assert person.errors == []
