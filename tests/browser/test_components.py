"""The two components in a browser: zoom outlives updates, and no click or key on the tree is lost."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.person import Person
from tests.support import Server, small_app

CHARTS = "document.querySelector('.thaw-curves .plot')"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """components_app.py, run from a folder that has no static folder when the server starts."""
    yield from small_app(tmp_path_factory.mktemp("components"), "components_app.py")


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    person = Person(browser, server.url)
    person.sees("Components")
    yield person.page
    assert person.errors == []
    person.page.context.close()


@pytest.fixture
def tree(page: Page) -> Locator:
    """The tree, all frozen."""
    found = page.locator(".st-key-tree [role=tree]")
    expect(row(found, "block2b")).to_have_attribute("data-state", "frozen")
    return found


def plan(page: Page) -> Locator:
    return page.locator(".st-key-plan [data-testid=stText]")


def row(tree: Locator, name: str) -> Locator:
    return tree.locator(f'[role=treeitem][data-name="{name}"]')


def test_zoom_outlives_new_epochs(page: Page) -> None:
    page.goto(f"{page.url}?curves=yes")
    points = f"{CHARTS}?.data?.[1].x.length ?? 0"
    page.wait_for_function(f"() => {points} > 5")
    area = page.locator(".thaw-curves .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 90, steps=4)
    page.mouse.up()
    page.wait_for_function(f"() => {CHARTS}.layout.xaxis.range[0] > 0.6")
    zoomed, before = page.evaluate(f"() => {CHARTS}.layout.xaxis.range"), page.evaluate(f"() => {points}")
    page.wait_for_function(f"() => {points} > {before} + 4")
    assert page.evaluate(f"() => {CHARTS}.layout.xaxis.range") == zoomed
    assert "validation accuracy 80%" in (page.locator(".thaw-curves .plot").get_attribute("aria-label") or "")


def test_a_block_opens_its_layers_and_parents_know(page: Page, tree: Locator) -> None:
    row(tree, "block2b").locator(".box").click()
    expect(plan(page)).to_have_text("block2b_batchnormalization block2b_conv2d")
    for name, checked in (("block2b", "true"), ("stage2", "mixed"), ("Toy", "mixed"), ("stage1", "false")):
        expect(row(tree, name)).to_have_attribute("aria-checked", checked)


def test_quick_clicks_are_all_kept(page: Page, tree: Locator) -> None:
    for name in ("block0a", "block1a", "block2a"):
        row(tree, name).locator(".box").click()
    expect(plan(page)).to_have_text(
        " ".join(f"block{n}a_{kind}" for n in (0, 1, 2) for kind in ("batchnormalization", "conv2d"))
    )


def test_a_change_from_outside_shows(page: Page, tree: Locator) -> None:
    row(tree, "stage1").locator(".box").click()
    expect(plan(page)).to_contain_text("block1b_conv2d")
    page.locator(".st-key-freeze button").first.click()
    expect(row(tree, "stage1")).to_have_attribute("data-state", "frozen")
    expect(plan(page)).to_have_text("nothing")


def test_the_line_stands_before_what_trains(page: Page, tree: Locator) -> None:
    row(tree, "block1b").locator(".box").click()
    expect(plan(page)).to_contain_text("block1b_conv2d")
    line = tree.locator(".line")
    expect(line.locator("xpath=following-sibling::*[1]")).to_have_attribute("data-name", "block1b")
    row(tree, "block1a").locator(".box").click()
    # Nothing of stage1 is computed once any more, so the line goes above the stage.
    expect(line.locator("xpath=following-sibling::*[1]")).to_have_attribute("data-name", "stage1")


def test_the_tree_goes_by_keyboard(page: Page, tree: Locator) -> None:
    row(tree, "Toy").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")  # block2b unfolds
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(plan(page)).to_have_text("block2b_conv2d")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")  # an activation: nothing to train
    expect(row(tree, "block2b_relu")).to_be_focused()
    expect(row(tree, "block2b_relu")).not_to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    expect(plan(page)).to_have_text("block2b_batchnormalization block2b_conv2d")
    row(tree, "block2a").locator(".t").dblclick()
    assert page.evaluate("getSelection().toString()") == ""  # a double click folds; it marks no text
    row(tree, "block2a").locator(".t").dblclick()
    row(tree, "block2b").focus()
    # What was unfolded and where the focus is outlive every answer of the server.
    expect(row(tree, "block2b")).to_be_focused()
    expect(row(tree, "block2b_conv2d")).to_be_visible()


def test_a_finger_hits_the_locks_and_arrows_of_the_tree(page: Page, tree: Locator) -> None:
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        for what in (".box:visible", "[aria-expanded] .tw"):
            assert tree.locator(what).count() > 5
            sizes = [one.bounding_box() for one in tree.locator(what).all()]
            assert all(size and size["width"] >= 24 and size["height"] >= 24 for size in sizes), (
                what,
                sizes,
            )  # WCAG 2.5.8
        for button in page.locator(".st-key-tree .show button").all():
            size = button.bounding_box()
            assert size and size["height"] >= 24, size


@pytest.mark.parametrize("shown", ["", "?values=yes", "?choice=yes"])
def test_nothing_slides_for_those_who_asked_for_no_motion(page: Page, shown: str) -> None:
    page.goto(f"{page.url}{shown}")
    rows = page.locator("[role=tree] [role=treeitem]")
    expect(rows.first).to_be_visible()
    moves = """rows => rows.flatMap((row) => [...row.querySelectorAll("*")])
      .some((part) => getComputedStyle(part).transitionDuration !== "0s")"""
    assert rows.evaluate_all(moves)  # by itself it does
    page.emulate_media(reduced_motion="reduce")
    assert not rows.evaluate_all(moves)


def test_figures_stand_beside_the_blocks_that_have_one(page: Page) -> None:
    page.goto(f"{page.url}?values=yes")
    tree = page.locator(".st-key-values [role=tree]")
    block = row(tree, "block0b")
    expect(block).to_have_class(re.compile(r"\bbest\b"))
    # A row is called by what stands in it, and says the rest in its title.
    expect(block).to_have_accessible_name(re.compile("^block0b .*best.*38%$"))
    expect(block).to_have_attribute("title", "depth 3")
    bar = block.locator(".gauge i").evaluate("bar => bar.offsetWidth / bar.parentElement.offsetWidth")
    whiskers = block.locator(".gauge b").evaluate("bar => bar.offsetWidth / bar.parentElement.offsetWidth")
    assert (bar, whiskers) == (pytest.approx(0.375, abs=0.02), pytest.approx(0.2, abs=0.02))
    expect(row(tree, "stage0").locator(".gauge")).to_be_hidden()
    expect(tree.locator(".pill")).to_have_count(0)
    block.focus()
    page.keyboard.press("Space")  # nothing to switch: it unfolds
    expect(row(tree, "block0b_conv2d")).to_be_visible()
    page.locator(".st-key-best").get_by_role("combobox").click()
    page.get_by_role("option", name="block1a").click()
    expect(row(tree, "block1a")).to_have_class(re.compile(r"\bbest\b"))
    expect(block).not_to_have_class(re.compile(r"\bbest\b"))
    expect(row(tree, "block0b_conv2d")).to_be_visible()  # what was unfolded stays
    page.locator(".st-key-best").get_by_role("combobox").click()
    page.get_by_role("option", name="a layer").click()
    expect(row(tree, "block1a")).not_to_have_class(re.compile(r"\bbest\b"))
    row(tree, "block2a").dblclick()
    expect(row(tree, "block2a_conv2d")).to_have_class(re.compile(r"\bbest\b"))


def test_one_layer_is_chosen_in_the_tree(page: Page) -> None:
    page.goto(f"{page.url}?choice=yes")
    tree, chosen = page.locator(".st-key-choice [role=tree]"), page.locator(".st-key-layer_chosen")
    marked = tree.locator("[aria-selected=true]")
    expect(marked).to_have_count(1)
    before = chosen.inner_text()
    row(tree, "block0b").click()  # a block stands for its last layer
    expect(chosen).not_to_have_text(before)
    last = chosen.inner_text()
    assert last.startswith("block0b_")
    expect(marked).to_have_attribute("data-name", "block0b")
    row(tree, "block0b").focus()
    page.keyboard.press("ArrowRight")  # unfolds it: the mark goes to the layer
    expect(marked).to_have_attribute("data-name", last)
    row(tree, "block0b_conv2d").focus()
    page.keyboard.press("Enter")
    expect(chosen).to_have_text("block0b_conv2d")
    expect(marked).to_have_attribute("data-name", "block0b_conv2d")
