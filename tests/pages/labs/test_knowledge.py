"""What it knows: any photo asked, the settings, and a result drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import services
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_experiment, words
from tests.support import workspace
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.labs.knowledge.settings import LEAST_PHOTOS, Settings
from transfer_core.runs.folder import Run, State

OpenPage = Callable[[str, str], AppTest]


class FakeWorker(FakeEngine):
    """Answers like the query worker: the first bytes tell a photo from anything else."""

    refusal = ""

    def ask(self, kind: str, args: dict[str, Any], timeout: float = 60.0) -> dict[str, Any]:
        assert kind == "imagenet"
        if self.refusal:
            raise TransferError(self.refusal)
        return {"predictions": [self._answer(Path(path)) for path in args["images"]]}

    def _answer(self, path: Path) -> dict[str, Any]:
        if not path.read_bytes().startswith(b"\xff\xd8"):
            return {"image": str(path), "error": "This is no picture."}
        names = [["tabby", 0.61], ["tiger cat", 0.2], ["Egyptian cat", 0.1], ["lynx", 0.01], ["crane (bird)", 0.001]]
        return {"image": str(path), "answers": names, "milliseconds": 12.3}


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    fake = FakeWorker()
    monkeypatch.setattr(services, "_engine", lambda home: fake)
    return fake


@pytest.fixture
def project(thaw_home: Path) -> Project:
    return workspace().create_project("Pets")


def experiment(project: Project, result: dict[str, Any] | None, state: State = "FINISHED", message: str = "") -> Run:
    return toy_experiment(project, "knowledge", Settings(), result, state, message)


def found(**parts: Any) -> dict[str, Any]:
    example = {"photo": "cat/1.jpg", "path": "/gone/1.jpg", "sha256": "0" * 64, "answers": [["tabby", 0.9]]}
    return {
        "known": True,
        "told": True,
        "photos": 40,
        "share": 0.95,
        "interval": [0.83, 0.99],
        "certainty": 0.7,
        "imagenet": [["tabby", 0.5], ["tiger cat", 0.25]],
        "by_name": [f"kind {number} of cat" for number in range(9)],
        "examples": [example],
        **parts,
    }


def drop(app: AppTest, files: list[tuple[str, bytes]], taken: int = 0) -> AppTest:
    app.file_uploader(key=f"imagenet_images_{taken}").set_value([(name, data, "") for name, data in files]).run()
    assert not app.exception
    return app


def test_any_photo_is_asked_and_bad_files_say_why(
    open_page: OpenPage, project: Project, worker: FakeWorker, jpeg: Callable[[int], bytes]
) -> None:
    page = drop(open_page("knowledge", project.id), [("my cat.jpg", jpeg(1)), ("notes_1.txt", b"no photo")])
    said = words(page)
    assert "tabby" in said and "61.0%" in said and "my cat" in said
    assert "notes" in page.warning[0].value and "This is no picture" in page.warning[0].value
    page.button(key="clear_imagenet").click().run()
    assert "61.0%" not in words(page)


def test_a_refusal_of_the_worker_is_one_sentence(
    open_page: OpenPage, project: Project, worker: FakeWorker, jpeg: Callable[[int], bytes]
) -> None:
    worker.refusal = "The weights are damaged. Reinstall Thaw."
    page = drop(open_page("knowledge", project.id), [("a.jpg", jpeg(1))])
    assert "Reinstall Thaw" in page.error[0].value


def test_the_settings_stay_where_something_can_be_told(
    open_page: OpenPage, project: Project, worker: FakeWorker
) -> None:
    page = open_page("knowledge", project.id)
    assert not page.exception
    assert page.number_input(key="knowledge_photos").min == LEAST_PHOTOS
    assert page.button(key="start_lab").disabled  # no photos yet
    project.choose(base={"name": "vgg16", "weights": "imagenet"})
    assert "VGG16 come without their ImageNet answer layer" in words(page.run())


def test_a_result_is_drawn_a_card_a_class(open_page: OpenPage, project: Project, worker: FakeWorker) -> None:
    classes = {
        "cat": found(),
        "a *thing* of glass": found(known=False, by_name=[], imagenet=[["ping-pong ball", 1.0]]),
        "paper": found(known=False, told=False),
        "few": found(known=False, told=False, photos=LEAST_PHOTOS - 1),
        "none": found(known=False, told=False, photos=0, imagenet=[], examples=[], interval=[0.0, 1.0]),
    }
    experiment(project, {"photos": 160, "classes": classes, "conclusion": "ImageNet already holds cat."})
    page = open_page("knowledge", project.id)
    assert not page.exception
    said = words(page)
    assert "ImageNet already holds cat" in said and "95% (83 to 99%)" in said
    for badge in ("known from ImageNet", "told apart, but hesitantly", "not known from ImageNet", "too few photos"):
        assert badge in said
    assert "a \\*thing\\* of glass" in said and "The other 25% get other names" in said
    assert "kind 5 of cat and 3 more" in said and "None of its photos could be read" in said


@pytest.mark.parametrize("state", ["FAILED", "STOPPED"])
def test_an_end_without_a_result_is_told(open_page: OpenPage, project: Project, worker: FakeWorker, state: str) -> None:
    experiment(project, None, state, "It ended before anything was found.")
    page = open_page("knowledge", project.id)
    assert not page.exception
    shown = page.error if state == "FAILED" else page.info
    assert "before anything was found" in shown[0].value
