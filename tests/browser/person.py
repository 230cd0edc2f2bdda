"""What a person does at the app: finds things by key or role, waits until the page has settled, takes pictures."""

import io
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support import wait_until

SCREENSHOTS = Path(__file__).parent / "screenshots"
WIDTH = 1280  # pixels
PATIENCE = 60_000  # milliseconds to wait for a state; the machines that run this can be slow
AXE = {"resultTypes": ["violations"], "rules": {"label-content-name-mismatch": {"enabled": True}}}
COLORS = ["color-contrast", "link-in-text-block"]
"""The rules that may find something else in light than in dark."""
_STILL = """() => document.getAnimations().every(
  it => it.playState !== "running" || it.effect.getComputedTiming().iterations === Infinity
)"""
MOST_TABS = 150
_FOCUSED = """it => {
  let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;  // in a component
  const seen = [at, at.parentElement].some((one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  });
  const none = at === document.body || at.matches("h1");  // nothing to act on: where a new page begins
  return { there: it === at || it.contains(at), seen: seen || none, what: at.outerHTML.slice(0, 300) };
}"""
NARROW = (640, 320)
"""Pixels: a window of 1280 at 200 %, and at 400 % (WCAG 1.4.10)."""
_WIDE = "main => main.scrollWidth > main.clientWidth ? [`${main.scrollWidth} wide`] : []"
_CUT = """main => {
  const cut = [];
  const look = (root) => root.querySelectorAll("*").forEach((it) => {
    if (it.shadowRoot) look(it.shadowRoot);
    const words = [...it.childNodes].filter((one) => one.nodeType === 3 && one.data.trim());
    if (!words.length || !it.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return;
    if (it.matches("style, script, [data-testid=stIconMaterial]") || it.clientWidth === 1) return;  // drawn, or said
    const range = document.createRange();
    range.selectNodeContents(it);
    const text = range.getBoundingClientRect();
    for (let up = it; up && up !== main; up = up.parentElement ?? up.getRootNode().host) {
      const style = getComputedStyle(up), box = up.getBoundingClientRect();
      if (["auto", "scroll"].includes(style.overflowX)) break;
      if (style.textOverflow === "ellipsis" && (up.title || up.closest(".st-key-photo_grid"))) break;  // said in full
      if (style.overflowX === "visible" || (text.left > box.left - 2 && text.right < box.right + 2)) continue;
      cut.push(it.textContent);
      break;
    }
  });
  look(main);
  return cut;
}"""
STREAMLITS_OWN = "stFileUploaderDropzone"
"""Streamlit calls the field of its uploader a presentation, and names it all the same; no page can change that."""
expect.set_options(timeout=PATIENCE)


class Person:
    """One browser tab on the app."""

    def __init__(
        self, browser: Browser, url: str, locale: str = "en-US", enter: Callable[[Page], None] = lambda page: None
    ) -> None:
        self.url = url
        self.page: Page = browser.new_context(viewport={"width": WIDTH, "height": 900}, locale=locale).new_page()
        self.page.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(url)
        enter(self.page)
        self.settled()

    def at(self, key: str) -> Locator:
        """The widget or container with this key."""
        return self.page.locator(f".st-key-{key}").first

    def click(self, key: str) -> None:
        """Click the button with this key."""
        self.at(key).get_by_role("button").first.click()

    def settled(self) -> None:
        """Wait until the script has run and nothing on the page is stale."""
        self.page.locator('[data-test-script-state="notRunning"]').wait_for(state="attached")

    def sees(self, heading: str) -> None:
        """Wait for a page's heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.settled()

    def goes_on_to_train(self) -> None:
        """From the photos, with the base and the layers that are suggested."""
        for key, heading in (("next_base", "Base"), ("next_layers", "Layers"), ("next_train", "Train")):
            self.click(key)
            self.sees(heading)

    def text(self, pattern: str, key: str | None = None, patience: float = PATIENCE) -> None:
        """Wait until the page, or what has this key, says something."""
        where = self.at(key) if key else self.page.locator("section.stMain, [data-testid=stMain]").first
        expect(where).to_contain_text(re.compile(pattern), timeout=patience)

    def has_trained(self) -> None:
        """Wait until the run on screen has ended with a result; beside other tests a small machine takes minutes."""
        self.text(r"[Rr]ight on \d+ of \d+", "result", 4 * PATIENCE)

    def number(self, key: str, value: int) -> None:
        """Type into a number input and leave it."""
        field = self.at(key).locator("input")
        field.fill(str(value))
        field.press("Enter")
        self.settled()

    def reach(self, target: Locator) -> None:
        """Tab on until the focus is there; at every stop on the way it is seen."""
        expect(target).to_be_visible()
        for _ in range(MOST_TABS):
            focus = target.evaluate(_FOCUSED)
            assert focus["seen"], focus["what"]
            if focus["there"]:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_TABS} times Tab do not lead to {target}")

    def press(self, key: str) -> None:
        """Reach the button with this key and press it."""
        button = self.at(key).get_by_role("button").first
        expect(button).to_be_enabled()
        self.reach(button)
        self.page.keyboard.press("Enter")

    def row(self, name: str) -> Locator:
        """A row of the layer tree."""
        return self.at("layer_tree").locator(f'[role=treeitem][data-name="{name}"]')

    def at_width(self, pixels: int) -> None:
        """Make the window so wide, and check that the page keeps within it and cuts no words."""
        self.page.set_viewport_size({"width": pixels, "height": 900})
        self.settled()
        main = self.page.get_by_test_id("stMain")
        for wrong in (_WIDE, _CUT):
            with suppress(AssertionError):  # said below; charts take a moment to follow
                wait_until(lambda wrong=wrong: not main.evaluate(wrong), 20)  # type: ignore[misc]
            found = main.evaluate(wrong)
            assert not found, f"{self.page.url} at {pixels} pixels: {found}"

    def fits_small_windows(self) -> None:
        """Check the page at each width of `NARROW`, then go back to the usual one."""
        for pixels in NARROW:
            self.at_width(pixels)
        self.page.set_viewport_size({"width": WIDTH, "height": 900})

    def can_be_used_by_all(self) -> None:
        """Check the page with axe-core: contrast, names, roles, order of headings; then its colors in light too."""
        expect(self.page.locator("[data-testid=stSkeleton]")).to_have_count(0)
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)
            expect(self.page.locator(".stApp")).to_have_css("color-scheme", scheme)
            self.settled()
            self.page.wait_for_function(_STILL)  # what is just fading in has not its color yet
            asked = AXE if scheme == "dark" else {**AXE, "rules": {}, "runOnly": COLORS}
            found = Axe().run(self.page, options=asked).response["violations"]
            broken = [
                f"{self.page.url} ({scheme}): {rule['id']}: {node['failureSummary']} {node['html'][:300]}"
                for rule in found
                for node in rule["nodes"]
                if (rule["id"], True) != ("presentation-role-conflict", STREAMLITS_OWN in node["html"])
            ]
            assert not broken, "\n".join(broken)
        unread = self.page.locator(":is(p, li, summary, td)", has_text="**")  # marks that Markdown took for text
        assert unread.all_inner_texts() == []
        labels = "[...document.querySelectorAll('[aria-label], [alt]')].map(e => e.ariaLabel ?? e.alt ?? '')"
        assert not [label for label in self.page.evaluate(labels) if "\\" in label]

    def picture(self, name: str, height: int = 900) -> None:
        """Take a picture of the page in light and in dark, where THAW_SCREENSHOTS asks for it."""
        if not os.environ.get("THAW_SCREENSHOTS"):
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.set_viewport_size({"width": WIDTH, "height": height})
        self.page.mouse.move(0, 0)  # nothing is hovered over
        self.page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)
            expect(self.page.locator(".stApp")).to_have_css("color-scheme", scheme)
            self.settled()
            expect(self.page.locator("[data-testid=stSkeleton]")).to_have_count(0)
            taken = Image.open(io.BytesIO(self.page.screenshot(animations="disabled")))
            # 256 colors are enough for a page, and a quarter of the bytes in the repository.
            taken.convert("RGB").quantize(256).save(SCREENSHOTS / f"{name}-{scheme}.png", optimize=True)
        self.page.set_viewport_size({"width": WIDTH, "height": 900})
