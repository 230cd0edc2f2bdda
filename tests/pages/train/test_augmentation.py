"""Augmentation among the settings of the page Train: what it costs, what is kept, and the preview."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs import launch
from pages.train import augmentation as augmenting
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_project
from tests.support import workspace
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError

Open = Callable[[str, str], AppTest]


class FakeWorker(FakeEngine):
    """Writes pictures as the worker would, or refuses."""

    def __init__(self, folder: Path, picture: bytes) -> None:
        super().__init__()
        self.folder, self.picture = folder, picture
        self.asked: list[dict[str, Any]] = []
        self.refusal = ""

    def ask(self, kind: str, args: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        assert kind == "augment" and timeout > 0
        self.asked.append(args)
        if self.refusal:
            raise TransferError(self.refusal)
        paths = [self.folder / f"{len(self.asked)}-{number}.jpg" for number in range(args["count"] + 1)]
        for path in paths:
            path.write_bytes(self.picture)
        return {"original": str(paths[0]), "paths": [str(path) for path in paths[1:]]}


@pytest.fixture
def worker(tmp_path: Path, jpeg: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    folder = tmp_path / "lane"
    folder.mkdir()
    fake = FakeWorker(folder, jpeg(1))
    monkeypatch.setattr(augmenting, "engine", lambda: fake)
    return fake


@pytest.fixture
def project(app: AppTest, worker: FakeWorker, jpeg: Callable[[int], bytes]) -> Project:
    """Ten photos of each of two classes and a base whose tree is known."""
    return toy_project(jpeg)


@pytest.fixture
def page(project: Project, open_page: Open) -> AppTest:
    opened = open_page("train", project.id)
    assert not opened.exception
    return opened


def pictures(page: AppTest) -> list[str]:
    return [caption for element in page.get("image") for caption in element.captions]


def test_each_mode_says_what_it_costs(page: AppTest) -> None:
    captions = list(page.radio(key="augment").proto.captions)
    assert len(captions) == 3
    assert all("once, then" in words and "on disk" in words for words in captions)
    assert page.radio(key="augment").value == "none"


def test_without_photos_or_a_base_there_is_no_cost_and_no_preview(open_page: Open, worker: FakeWorker) -> None:
    page = open_page("train", workspace().create_project("Empty").id)
    assert not page.exception
    assert not any("on disk" in words for words in page.radio(key="augment").proto.captions)
    assert "show_variants" not in [button.key for button in page.button]


def test_choices_are_kept_and_used(page: AppTest, project: Project) -> None:
    assert page.number_input(key="augment_variants").disabled
    page.radio(key="augment").set_value("cached").run()
    page.number_input(key="augment_variants").set_value(6).run()
    page.selectbox(key="augment_preset").set_value("any-way-up").run()
    config = launch.configured(workspace().open_project(project.id))
    assert config.fit.augment == "cached"
    assert (config.augmentation.preset, config.augmentation.variants) == ("any-way-up", 6)
    assert any("**16 photos**, each in 6 variants, on a frozen base" in text.value for text in page.markdown)
    page.number_input(key="augment_variants").set_value(0).run()
    assert "number of variants must be a whole number from 1 to 100" in page.error[0].value
    assert launch.configured(workspace().open_project(project.id)).augmentation.variants == 6


def test_a_preview_shows_variants_until_another_kind_is_chosen(
    page: AppTest, project: Project, worker: FakeWorker
) -> None:
    page.button(key="show_variants").click().run()
    assert not page.exception
    assert pictures(page) == ["The photo", *(f"Variant {number}" for number in range(1, 12))]
    assert list(worker.folder.iterdir()) == []
    page.number_input(key="head_epochs").set_value(7).run()
    assert len(pictures(page)) == 12
    page.selectbox(key="augment_preset").set_value("strong").run()
    assert pictures(page) == []
    page.button(key="show_variants").click().run()
    assert [args["preset"] for args in worker.asked] == ["photos", "strong"]
    assert worker.asked[0]["photo"] != worker.asked[1]["photo"], "each click takes another photo"
    assert Path(worker.asked[0]["photo"]).is_file()


def test_a_refusal_is_said(page: AppTest, worker: FakeWorker) -> None:
    worker.refusal = "The photo can't be read now: /a/b_c.jpg. Import it again."
    page.button(key="show_variants").click().run()
    assert not page.exception
    assert "The photo can't be read now" in page.error[0].value
    assert pictures(page) == []
