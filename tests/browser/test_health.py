"""A person has their photos looked through, and mends what was found."""

import shutil
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import Browser, expect

from tests.browser.person import PATIENCE, Person
from tests.support import Server

PAIRS = (("glass115", "metal91"), ("glass176", "plastic152"), ("glass389", "plastic332"))
"""One picture under two labels each, as the set is published."""


def spoilt(photos: Path, folder: Path) -> Path:
    """Eight photos of each of three kinds of rubbish and the three pairs; metal framed, one of plastic saved again."""
    for kind in ("glass", "metal", "plastic"):
        (folder / kind).mkdir(parents=True)
        paired = [f"{name}.jpg" for pair in PAIRS for name in pair if name.startswith(kind)]
        others = [path.name for path in sorted((photos / "trash" / kind).iterdir()) if path.name not in paired]
        for name in paired + others[:8]:
            shutil.copy(photos / "trash" / kind / name, folder / kind)
            if kind == "metal" and name not in paired:
                with Image.open(folder / kind / name) as picture:
                    ImageOps.expand(ImageOps.crop(picture, 12), 12, (255, 0, 150)).save(folder / kind / name)
    with Image.open(folder / "plastic" / others[0]) as picture:
        smaller = picture.convert("RGB").crop((5, 5, picture.width - 5, picture.height - 5))
        smaller.save(folder / "plastic" / "again.jpg", quality=70)
    return folder


def test_photos_are_looked_through_and_mended(browser: Browser, server: Server, photos: Path, tmp_path: Path) -> None:
    person = Person(browser, server.url)
    person.sees("Teach a computer to tell your photos apart")
    person.at("new_project_name").locator("input").fill("Rubbish")
    person.click("new_project")
    person.sees("Photos")
    person.at("upload_folder").locator("input[type=file]").set_input_files(spoilt(photos, tmp_path / "rubbish"))
    person.text("31 photos of 3 classes added")
    person.settled()
    person.click("next_base")
    person.sees("Base")
    person.click("next_layers")
    person.sees("Layers")
    person.page.get_by_role("link", name="Photos").first.click()
    person.sees("Photos")
    person.at("to_health").get_by_role("link").click()
    person.sees("Health")
    person.click("start_lab")
    person.text("The border alone gives metal away", "conclusion", 3 * PATIENCE)
    expect(person.at("start_lab").get_by_role("button")).to_be_enabled(timeout=PATIENCE)
    person.settled()
    person.text("A shortcut: the border", "lab_result")
    person.picture("health", height=1500)

    # The three pictures that stand in two classes each.
    expect(person.page.get_by_role("heading", name="One photo, two classes")).to_have_count(1)
    for left in (2, 1, 0):
        person.page.get_by_role("button", name="Keep as glass").first.click()
        expect(person.page.get_by_role("button", name="Keep as glass")).to_have_count(left)
        person.settled()
    expect(person.page.get_by_role("heading", name="One photo, two classes")).to_have_count(0)
    person.text("3 findings are mended", "health_settled")

    # A copy goes by one click, comes back by one, and goes again.
    copies = person.page.get_by_role("heading", name="Nearly the same photos (2)")
    expect(copies).to_have_count(1)
    person.page.get_by_role("button", name="Keep one of each (1 go)").click()
    expect(copies).to_have_count(0)
    person.text("4 findings are mended", "health_settled")
    person.settled()
    person.click("undo_edit")
    expect(copies).to_have_count(1)
    person.settled()
    person.click("redo_edit")
    expect(copies).to_have_count(0)
    person.settled()
    person.can_be_used_by_all()
    person.at_width(400)
    assert person.errors == []
