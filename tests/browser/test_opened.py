"""A person brings a network of their own, trains from it, and asks a classifier that came as a file."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from tests.browser.person import PATIENCE, Person
from tests.support import Server


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    """A small classifier made with plain Keras."""
    import keras
    from keras import layers

    body = [layers.Rescaling(1 / 255), layers.Conv2D(8, 3, strides=2, activation="relu"), layers.BatchNormalization()]
    more = [layers.Conv2D(8, 3, strides=2, activation="relu"), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((64, 64, 3)), *body, *more, layers.Dense(4, activation="softmax")])
    model.save(tmp_path / "Shapes & <b>.keras")
    return tmp_path / "Shapes & <b>.keras"


def test_a_network_is_brought_and_a_classifier_asked(
    browser: Browser, server: Server, brought: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number in range(2):
        Image.new("RGB", (64, 64), (90 * number, 120, 200)).save(folder / f"{number}.png")
    person = Person(browser, server.url)
    person.click("sample_shapes")
    person.sees("Photos")
    person.text("240 photos of 4 classes added")
    person.click("next_base")
    person.sees("Base")
    person.at("own_bases").locator("summary").click()
    person.at("own_bases").locator("input[type=file]").set_input_files(brought)
    person.text(r"\d+(\.\d+)?KB", "own_bases")  # it has come in
    person.can_be_used_by_all()
    person.click("own_base_open")
    person.text(r"Your base: Shapes b")
    person.at_width(400)
    person.page.set_viewport_size({"width": 1280, "height": 900})
    person.click("next_layers")
    person.sees("Layers")
    expect(person.at("layer_tree").get_by_role("treeitem").first).to_be_visible()
    person.click("next_train")
    person.sees("Train")
    person.click("train")
    person.has_trained()

    person.page.goto(person.page.url.replace("/train", "/test"))
    person.sees("Test")
    person.at("opened_area").locator("summary").click()
    person.at("opened_area").locator("input[type=file]").set_input_files(brought)
    person.text(r"\d+(\.\d+)?KB", "opened_area")
    person.at("opened_classes").locator("textarea").fill("one\ntwo\nthree\n<i>four</i>")
    person.click("opened_open")
    person.text("nobody here knows how good it is", patience=3 * PATIENCE)  # a process of its own reads it
    person.settled()
    # The list names the one that answers, and goes on doing so.
    expect(person.page.get_by_role("combobox", name="Trained classifier")).to_have_value(re.compile("from a file"))
    person.click("try_samples")
    person.text("6 answers")
    person.click("clear_answers")
    person.settled()
    expect(person.page.get_by_role("combobox", name="Trained classifier")).to_have_value(re.compile("from a file"))
    person.text("nobody here knows how good it is")
    person.click("try_samples")
    person.text("6 answers")
    person.can_be_used_by_all()

    # What is on its way in is not lost when something comes or goes above it.
    held: list[Route] = []
    person.page.route("**/_stcore/upload_file/**", lambda route: held.append(route), times=2)
    person.at("many").get_by_text("Many at once").click()
    with person.page.expect_request("**/_stcore/upload_file/**"):
        person.at("many_folder").locator("input[type=file]").set_input_files(folder)
    person.at("use_live_camera").locator("label").first.click()
    person.text("Show it something", "live_answer")
    person.settled()
    for route in held:
        route.continue_()
    person.text("2 photos", "many")
    person.at_width(400)
    assert person.errors == []
