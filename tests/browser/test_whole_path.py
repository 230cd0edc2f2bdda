"""A person goes the whole way on real photos: import, base, layers, train, stop, train again, test."""

import zipfile
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.person import PATIENCE, WIDTH, Person
from tests.support import Server


def test_from_photos_to_the_right_answer(browser: Browser, server: Server, photos: Path, few_photos: Path) -> None:
    person = Person(browser, server.url)
    person.sees("Teach a computer to tell your photos apart")
    person.picture("home", height=1000)
    person.can_be_used_by_all()

    # A project of one's own, and a folder dropped into it.
    person.at("new_project_name").locator("input").fill("Cats and dogs")
    person.click("new_project")
    person.sees("Photos")
    person.at("upload_folder").locator("input[type=file]").set_input_files(few_photos)
    person.text("48 photos of 2 classes added")
    person.text("1 file could not be used")
    person.settled()
    person.picture("photos")
    person.can_be_used_by_all()

    person.click("next_base")
    person.sees("Base")
    person.picture("base")
    person.can_be_used_by_all()
    person.click("next_layers")

    # The slider and the tree are two views of one plan.
    person.sees("Layers")
    expect(person.row("block7a")).to_have_attribute("aria-checked", "false")
    slider = person.page.locator("[class*=st-key-cut]").get_by_role("slider")
    for blocks in ("1", "2"):
        slider.press("ArrowRight")
        expect(slider).to_have_value(blocks)
        person.settled()
    expect(person.row("block7a")).to_have_attribute("aria-checked", "true")
    expect(person.row("block6d")).to_have_attribute("aria-checked", "false")
    person.row("block6d").locator(".box").click()
    expect(slider).to_have_value("3")
    person.settled()
    person.picture("layers", height=1250)
    person.can_be_used_by_all()
    person.row("block6d").locator(".box").click()
    expect(slider).to_have_value("2")
    person.settled()
    # One navigation, which shows where one stands; on a telephone too, with its marks.
    expect(person.page.get_by_role("link", name="Layers")).to_have_count(1)
    for width in (900, 400):
        person.at_width(width)
        expect(person.at("stepper").locator("[data-testid=stIconMaterial]:visible")).to_have_count(6)
    person.page.set_viewport_size({"width": WIDTH, "height": 900})
    person.click("next_train")

    # Long enough a training to be stopped; a refresh in the middle shows the same run.
    person.sees("Train")
    person.at("settings").get_by_text("Settings").click()
    person.number("patience", 0)
    person.number("head_epochs", 9000)
    person.number("fine_tune_epochs", 300)
    person.click("train")
    person.text("Validation accuracy", "live")
    person.page.reload()
    person.sees("Train")
    person.text("Validation accuracy", "live")
    expect(person.at("train").get_by_role("button")).to_be_disabled()
    person.click("stop")
    # On a quick machine all epochs of the head are over by then, and fine-tuning has begun.
    person.text("Stopped (before fine-tuning had changed anything|on request)", "live")
    person.settled()

    # The same again, to the end; a second tab sees it too.
    person.at("settings").get_by_text("Settings").click()
    person.number("head_epochs", 20)
    person.number("fine_tune_epochs", 3)
    person.click("train")
    second = Person(browser, person.page.url)
    second.sees("Train")
    person.has_trained()
    second.has_trained()
    person.settled()
    expect(person.page.locator(".stApp [data-testid=stAlert]")).to_have_count(0)
    person.page.reload()  # folds the settings
    person.sees("Train")
    person.has_trained()
    expect(person.page.locator(".thaw-curves .main-svg").first).to_be_visible()
    person.picture("train", height=1150)
    person.can_be_used_by_all()
    person.at_width(900)
    words = person.at("result_words").bounding_box()
    assert words is not None and words["width"] > 300  # a sentence, not a column of words
    person.page.set_viewport_size({"width": WIDTH, "height": 900})

    # An unseen photo, and the right answer.
    person.click("test_it")
    person.sees("Test")
    unseen = [
        photos / "cats_dogs" / "test" / name / f"{name}_00{number}.jpg" for name in ("dog", "cat") for number in (0, 1)
    ]
    person.at("test_images").locator("input[type=file]").set_input_files(
        [*unseen, photos / "clothing" / "dress" / "dress_005.jpg", few_photos / "dog" / "shopping list.jpg"]
    )
    person.text("5 answers")
    person.text("None of these", "answers")
    person.text("shopping list.jpg.*could not be read")
    person.text("dog", "answers")
    person.text("cat", "answers")
    person.settled()
    person.picture("test", height=1750)
    person.can_be_used_by_all()
    # Where it looked, after a layer that is picked in the tree.
    person.at("where_on").locator("label").first.click()
    person.at("where_popover").get_by_role("button", name="After the last layer").click()
    tree = person.page.locator(".st-key-where_tree [role=tree]")
    tree.locator('[data-name="block4a"]').click()
    expect(person.at("where_popover").get_by_role("button", name="After block4a_")).to_be_visible()
    person.settled()
    person.can_be_used_by_all()
    person.page.keyboard.press("Escape")
    person.at("where_on").locator("label").first.click()
    # Inside: what a block finds in a photo, and the training photos that excite it too.
    person.at("inside_on").locator("label").first.click()
    person.text("Channel", "inside_channels")
    person.at("inside_depth").get_by_text("Late").click()
    person.text("1,280 channels", "inside_area")
    person.page.mouse.move(0, 0)  # nothing is hovered over
    person.settled()
    person.can_be_used_by_all()
    person.at("inside_on").locator("label").first.click()
    # The camera, an answer a second; and a whole folder at once.
    person.at("use_live_camera").locator("label").first.click()
    person.text("cat", "live_answer")
    person.can_be_used_by_all()
    person.at("use_live_camera").locator("label").first.click()
    person.at("many").get_by_text("Many at once").click()
    person.settled()
    person.at("many_folder").locator("input[type=file]").set_input_files(few_photos)
    person.text("48 photos", "many")
    person.text("1 file could not be read", "many")
    person.settled()
    person.can_be_used_by_all()
    with person.page.expect_download() as sheet:
        person.at("many").get_by_role("button", name="As a contact sheet").click()
    assert sheet.value.path().read_text("utf-8").count("<img") == 48
    # Taken away, after it was compared with the app.
    person.click("export_make")
    person.text("All 48 answers are those of the app", "export_made", 3 * PATIENCE)
    person.settled()
    person.can_be_used_by_all()
    with person.page.expect_download() as download:
        person.click("download_zip")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"model.keras", "predict.py", "labels.txt", "README.md"} <= set(archive.namelist())
    with person.page.expect_download() as download:
        person.click("download_model")
    assert download.value.path().stat().st_size > 1_000_000
    assert person.errors == [] and second.errors == []
    # Nobody else on this machine sees the photos: the server made all of it for its owner alone.
    assert server.home.stat().st_mode & 0o777 == 0o700
    open_to_others = [path for path in server.home.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077]
    assert [path for path in open_to_others if path.name != "server.log"] == []  # the test's own


def test_a_killed_server_loses_no_run(browser: Browser, server: Server) -> None:
    """Start with a sample; the server dies while it trains, and the run is there when it is back."""
    person = Person(browser, server.url)
    person.sees("Teach a computer to tell your photos apart")
    person.click("sample_shapes")
    person.sees("Photos")
    person.goes_on_to_train()
    person.click("train")
    person.text("Looking at|features|Features|photos", "live")
    address = person.page.url
    server.kill()
    server.start()
    again = Person(browser, address)
    again.sees("Train")
    again.has_trained()
    again.click("test_it")
    again.sees("Test")
    again.click("try_samples")
    again.text("6 answers")


def test_the_first_visit_to_a_new_server_may_be_to_any_page(browser: Browser, server: Server) -> None:
    """As of a tab that is refreshed after a restart; Streamlit then says of our pages that they do not exist."""
    page = browser.new_page()
    page.goto(f"{server.url}/labs")
    expect(page.get_by_text("No project is open")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("dialog")).to_have_count(0)
    link = page.get_by_role("link", name="Thaw").first
    for _ in range(20):  # the keyboard finds it, and shows where it is
        page.keyboard.press("Tab")
        if link.evaluate("it => it === document.activeElement"):
            break
    ring = link.evaluate("it => [getComputedStyle(it).outlineStyle, getComputedStyle(it).boxShadow]")
    assert ring[0] not in ("none", "") or ring[1] != "none", ring
    link.click()
    expect(page.get_by_text("Your projects")).to_be_visible(timeout=60_000)
    page.close()
