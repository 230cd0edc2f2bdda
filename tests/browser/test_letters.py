"""Chinese on a computer without a font for it: the letters come with the page, to those who read them alone."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.support import Server

LETTERS = "document.fonts.ready.then(() => [...document.fonts].some((it) => %s))"
OURS = LETTERS % 'it.family.includes("Thaw Letters") && it.status === "loaded"'


def drawn_with(person: Person, selector: str) -> list[tuple[str, bool]]:
    """The fonts that draw an element's own text, and whether they came with the page."""
    session = person.page.context.new_cdp_session(person.page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    used = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    session.detach()
    return [(font["familyName"], font["isCustomFont"]) for font in used]


@pytest.mark.parametrize(
    ("locale", "font"), [("en-US", "SourceSans3VF"), ("zh-CN", "Noto Sans CJK SC"), ("zh-TW", "Noto Sans CJK TC")]
)
def test_letters_come_with_the_page(browser: Browser, server: Server, locale: str, font: str) -> None:
    person = Person(browser, server.url, locale)
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    person.settled()
    if locale != "en-US":
        person.page.wait_for_function(OURS)
    assert drawn_with(person, "h1") == [(font, True)]
    assert person.page.evaluate(OURS) == (locale != "en-US")
    assert person.errors == []
