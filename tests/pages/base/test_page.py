"""Base: choosing a network, getting its weights, and what happens without a network connection."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.base import weights as base_weights
from pages.ui import tasks
from tests.pages.fake_engine import FakeEngine
from tests.support import workspace
from transfer_core.backbones import weights
from transfer_core.backbones.catalog import BASES, DEFAULT_BASE, get_base
from transfer_core.disk.files import write_bytes
from transfer_core.disk.workspace import Project
from transfer_core.errors import WeightsError

Finish = Callable[[AppTest, str], AppTest]
CHOSEN = {"name": "vgg16", "weights": "none"}


@pytest.fixture
def project(thaw_home: Path) -> Iterator[Project]:
    yield workspace().create_project("Pets")
    for base in BASES:
        tasks.dismiss(f"weights-{base.name}")


@pytest.fixture
def page(open_page: Callable[[str, str], AppTest], project: Project, engine: FakeEngine) -> AppTest:
    return open_page("base", project.id)


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def choice(project: Project) -> object:
    return workspace().open_project(project.id).choices.get("base")


def test_every_base_has_a_card_and_the_recommended_one_is_ready(page: AppTest, project: Project) -> None:
    assert not page.exception
    titles = [text.value for text in page.markdown]
    assert all(f"**{base.title}**" in titles for base in BASES)
    assert f"base_{DEFAULT_BASE.name}" in keys(page)
    assert not page.button(key="next_layers").disabled
    assert choice(project) is None


def test_going_on_keeps_the_recommended_base(page: AppTest, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.ui.frame.go", lambda step: None)  # the next page would start a worker
    page.run()
    page.button(key="next_layers").click().run()
    assert choice(project) == {"name": DEFAULT_BASE.name, "weights": "imagenet"}


def test_weights_that_are_not_here_are_offered_not_chosen(page: AppTest) -> None:
    assert "fetch_vgg16" in keys(page)
    assert "base_vgg16" not in keys(page)
    assert "fetch_inception-v4" not in keys(page)  # published on a page for people, not for fetching


def test_weights_in_a_package_name_the_line_that_installs_it(
    page: AppTest, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = get_base("efficientnet-lite1")
    assert f"base_{base.name}" in keys(page)  # installed with the tests
    project.choose(base={"name": base.name, "weights": "imagenet"})
    monkeypatch.setattr(weights, "_bundled", lambda row: None)
    page.run()
    assert f"base_{base.name}" not in keys(page)
    assert base.weights.install in [code.value for code in page.code]
    assert any(f"The weights of {base.title} are not on this computer any more" in error.value for error in page.error)


def test_another_base_forgets_the_layers_and_says_so(page: AppTest, project: Project) -> None:
    project.choose(base=CHOSEN, trainable=["block5_conv3"], trainable_of="vgg16")
    page.run()
    page.button(key=f"base_{DEFAULT_BASE.name}").click().run()
    choices = workspace().open_project(project.id).choices
    assert choices["base"] == {"name": DEFAULT_BASE.name, "weights": "imagenet"}
    assert "trainable" not in choices
    assert any("choose them again" in info.value for info in page.info)


def test_random_weights_are_allowed_and_marked(page: AppTest, project: Project) -> None:
    page.selectbox(key="random_base").set_value("vgg16").run()
    page.button(key="use_random").click().run()
    assert choice(project) == CHOSEN
    assert any("knows nothing yet" in warning.value for warning in page.warning)
    assert not page.button(key="next_layers").disabled


def test_without_a_network_fetching_ends_in_a_sentence(
    page: AppTest, project: Project, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAW_WEIGHTS_URL", "http://127.0.0.1:9")  # the discard port: nobody listens
    page.button(key="fetch_mobilenet").click().run()
    finish(page, "weights-mobilenet")
    assert not page.exception
    assert "MobileNet" in page.error[0].value
    page.button(key="dismiss_weights-mobilenet").click().run()
    assert list(page.error) == []
    assert "fetch_mobilenet" in keys(page)


def test_a_fetch_shows_progress_in_every_tab_and_can_be_cancelled(
    page: AppTest,
    open_page: Callable[[str, str], AppTest],
    project: Project,
    finish: Finish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    halfway = threading.Event()

    def fetch(space: object, base: object, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Path:
        progress(5_000_000, 10_000_000)
        halfway.set()
        while not cancelled():
            threading.Event().wait(0.01)
        raise WeightsError("Cancelled, nothing was kept.")

    monkeypatch.setattr(base_weights, "fetch_weights", fetch)
    page.button(key="fetch_mobilenet").click().run()
    assert halfway.wait(10)
    other_tab = open_page("base", project.id)
    (bar,) = other_tab.main.get("progress")  # the sidebar has one for the disk
    assert bar.proto.value == 50
    assert "5 of 10 MB" in bar.proto.text
    other_tab.button(key="cancel_weights-mobilenet").click().run()
    finish(page, "weights-mobilenet")
    assert any("nothing was kept" in info.value for info in page.info)


def test_a_fetched_base_can_be_chosen(page: AppTest, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes(workspace().weights_dir / get_base("vgg16").weights.filename, b"weights")
    page.run()
    page.button(key="base_vgg16").click().run()
    assert choice(project) == {"name": "vgg16", "weights": "imagenet"}


def test_a_file_of_ones_own_is_named_or_dropped(
    page: AppTest, project: Project, engine: FakeEngine, tmp_path: Path
) -> None:
    named = tmp_path / "mine.weights.h5"
    named.write_bytes(b"weights of my own")
    page.text_input(key="path_inception-v4").set_value(str(named))
    page.button(key="use_file_inception-v4").click().run()
    assert choice(project) == {"name": "inception-v4", "weights": str(named)}
    assert engine.questions == [("weights", {"base": "inception-v4", "path": str(named)})]
    page.text_input(key="path_inception-v4").set_value("")
    page.file_uploader(key="weights_upload_inception-v4").set_value([("../up.h5", b"dropped", "")])
    page.button(key="use_file_inception-v4").click().run()
    kept = Path(choice(project)["weights"])  # type: ignore[index]
    assert kept.read_bytes() == b"dropped"
    assert workspace().weights_dir in kept.parents


def test_a_file_that_does_not_fit_is_refused_where_it_was_named(
    page: AppTest, project: Project, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.refusal = "notes.txt can't be read as weights of VGG16."
    (tmp_path / "notes.txt").write_text("no weights")
    page.text_input(key="path_vgg16").set_value(str(tmp_path / "notes.txt"))
    page.button(key="use_file_vgg16").click().run()
    (refused,) = page.error
    assert refused.value == engine.refusal and choice(project) is None
    card = next(block for block in page.main if "file_vgg16" in str(getattr(block.proto, "id", "")))
    assert refused in list(card.error)
    assert not page.run().error and len(engine.questions) == 1


def test_why_a_fetch_failed_is_told_where_it_was_asked_for(
    page: AppTest, project: Project, open_page: Callable[[str, str], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> Path:
        raise WeightsError("There is no network.")

    monkeypatch.setattr(base_weights, "fetch_weights", refused)
    page.button(key="fetch_mobilenet").click().run()
    task = tasks.find("weights-mobilenet")
    assert task and task.wait(10)
    other = open_page("base", workspace().create_project("Other").id)
    assert not other.error and not any("Not fetched" in text.value for text in other.markdown)
    asked = open_page("base", project.id)
    assert "no network" in asked.error[0].value
    assert any("Not fetched" in text.value for text in asked.markdown)


@pytest.mark.parametrize("path", ["", "/no/such/file.h5"])
def test_a_file_that_is_not_there_is_refused(page: AppTest, project: Project, path: str) -> None:
    page.text_input(key="path_vgg16").set_value(path)
    page.button(key="use_file_vgg16").click().run()
    assert not page.exception
    assert "VGG16" in page.error[0].value
    assert choice(project) is None


def test_the_published_file_becomes_the_imagenet_weights(
    page: AppTest, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_is_published", lambda *_: True)
    path = tmp_path / "downloaded.h5"
    path.write_bytes(b"the published weights")
    page.text_input(key="path_inception-v4").set_value(str(path))
    page.button(key="use_file_inception-v4").click().run()
    assert choice(project) == {"name": "inception-v4", "weights": "imagenet"}
    assert "base_inception-v4" in keys(page)


def test_weights_that_are_gone_stop_the_way_on(page: AppTest, project: Project) -> None:
    project.choose(base={"name": "vgg16", "weights": "imagenet"})
    page.run()
    assert page.button(key="next_layers").disabled
    assert "VGG16" in page.error[0].value


def test_a_bug_in_a_long_step_shows_as_one_and_only_once(
    page: AppTest, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(base_weights, "fetch_weights", broken)
    task = base_weights.fetch(project, get_base("mobilenet"))
    assert task.wait(10)
    assert page.run().exception[0].proto.type == "ZeroDivisionError"
    assert not page.run().exception
