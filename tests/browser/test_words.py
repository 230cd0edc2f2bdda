"""What Streamlit itself says is in the reader's language, to be seen and to be heard; what a person wrote stays."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pages.components.streamlit_words import NAMES, TEXTS
from tests.browser.person import Person
from tests.support import Server, small_app
from transfer_core.text import speaking, t

KEPT = re.compile(r"Made with Streamlit v[\d.]+|\b(Enter|Ctrl|CSV|PNG|ZIP|[KMG]B|test_words\.py|text/x-python)\b")
SAID = """() => {
  const found = [];
  for (const it of document.querySelectorAll(".stApp, [data-rac], [data-testid*=Popover], [data-testid*=Tooltip]")) {
    if (it.checkVisibility()) found.push(it.innerText);
    for (const one of [it, ...it.querySelectorAll("*")])
      for (const name of ["aria-label", "placeholder", "title", "data-title"])
        if (one.hasAttribute(name)) found.push(one.getAttribute(name));
  }
  return found;
}"""
ICONS = "[...document.querySelectorAll('[data-testid=stIconMaterial]')].map((it) => it.textContent)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """words_app.py."""
    yield from small_app(tmp_path_factory.mktemp("words"), "words_app.py")


def english(person: Person) -> set[str]:
    """What is still said in English, besides the app's own and the icon of a button that has a name."""
    icons = set(person.page.evaluate(ICONS))
    said = {line for text in person.page.evaluate(SAID) for line in text.splitlines()} - icons
    return {line for line in said if re.search("[A-Za-z]{3}", KEPT.sub("", line))} - {
        "Open",
        "Upload",
        "移除 Open",
        "add icon",
    }


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW"])
def test_streamlits_words_are_the_reader_s(browser: Browser, server: Server, language: str) -> None:
    def said(words: str) -> str:
        with speaking(language):
            return t(words)

    person = Person(browser, f"{server.url}?language={language}")
    person.sees("甲")
    page = person.page
    expect(page.get_by_test_id("stPaginationNext")).to_have_attribute("aria-label", said("Next page"))
    expect(person.at("folder").locator("button")).to_have_text(re.compile(said("Upload directories")))
    page.get_by_test_id("stDataFrame").hover()
    expect(page.get_by_role("button", name=said("Download as CSV"))).to_be_attached()
    assert english(person) == set()

    # A person's own words are left alone, though Streamlit has the same: a class may be called Open.
    expect(person.at("chosen").locator("[data-tag]")).to_have_attribute("aria-label", "Open")
    expect(person.at("chosen").locator("[data-tag] [title]")).to_have_text("Open")
    person.at("chosen").get_by_role("button", name=said("Open"), exact=True).first.wait_for(state="attached")

    # What comes up later.
    for key, hint in (("line", "Press Enter to apply"), ("form_line", "Press Enter to submit form")):
        person.at(key).locator("input").click()
        person.at(key).locator("input").press_sequentially("1")
        expect(person.at(key).get_by_test_id("InputInstructions")).to_have_text(said(hint))
    person.settled()
    person.at("none_chosen").locator("input").click()
    person.at("none_chosen").locator("input").press("ArrowDown")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_text([said("Select all"), "Upload", "丑"])
    assert english(person) == set()
    page.keyboard.press("Escape")
    person.at("choice").locator("input").click()
    person.at("choice").locator("input").press_sequentially("zzz")
    expect(page.get_by_role("listbox")).to_have_text(said("No results"))
    page.keyboard.press("Escape")
    person.at("many").locator("input").set_input_files(Path(__file__))
    expect(person.at("many").get_by_role("button", name=said("Add files"))).to_be_visible()
    person.at("many").get_by_test_id("stFileChipDeleteBtn").locator("button").wait_for()
    assert english(person) == set()
    person.at("one").locator("input").set_input_files(Path(__file__))
    page.get_by_test_id("stTooltipErrorHoverTarget").hover()
    expect(page.get_by_test_id("stTooltipErrorContent")).not_to_contain_text("allowed")
    person.click("tell")
    expect(page.get_by_test_id("stToast")).to_be_visible()
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    expect(page.get_by_test_id("stMainMenuItem-print")).to_have_text(said("Print"))
    assert english(person) == set()
    page.keyboard.press("Escape")
    person.click("ask")
    expect(page.get_by_role("dialog").get_by_role("button", name=said("Close"), exact=True)).to_be_visible()
    assert english(person) == set()
    page.get_by_role("dialog").get_by_role("button", name=said("Close"), exact=True).click()

    # And back, without loading the page again.
    person.click("english")
    expect(page.get_by_test_id("stPaginationNext")).to_have_attribute("aria-label", "Next page")
    expect(person.at("folder").locator("button")).to_have_text(re.compile("Upload directories"))
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("aria-label", "Sidebar")
    person.settled()
    assert not re.search("|".join(map(said, ("Next page", "Upload", "Open"))), " ".join(page.evaluate(SAID)))
    assert person.errors == []


@pytest.mark.skipif(
    tuple(int(part) for part in version("streamlit").split(".")[:2]) < (1, 67), reason="words of Streamlit 1.67"
)
def test_streamlit_and_plotly_still_say_so() -> None:
    """A new version that says something else leaves the English standing: the table is to follow it."""
    import streamlit

    scripts = (Path(streamlit.__file__).parent / "static" / "static" / "js").glob("*.js")
    said = "\n".join(path.read_text("utf-8") for path in scripts)
    words = {word.id for place in (*TEXTS.values(), *NAMES.values()) for word in place}
    # What follows "Press Enter to" is put together.
    pieces = {piece for word in words for piece in re.split(r"\{\w+\}|(?=apply$|submit form$)", word) if piece.strip()}
    assert {piece for piece in pieces if piece not in said} == set()
