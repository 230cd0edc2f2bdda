"""The projector's page: a run in large letters, and one photo whose answers move."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.component import given
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import words
from transfer_core.disk.workspace import Project
from transfer_core.runs.events import EpochEnded, PhaseStarted
from transfer_core.runs.folder import Recorder, Run, list_runs

Open = Callable[[str, str], AppTest]


@pytest.fixture
def begun(project: Project, engine: FakeEngine, open_page: Open) -> tuple[Run, Recorder]:
    """A run that a worker has taken up."""
    page = open_page("train", project.id)
    page.button(key="train").click().run()
    (run,) = list_runs(project.runs_dir)
    return run, Recorder(run, pid=1)


def epoch(run: Run, number: int, shares: list[float]) -> EpochEnded:
    metrics = {"loss": 1.0, "val_loss": 1.1, "accuracy": 0.9, "val_accuracy": 0.75}
    watched = run.manifest().of("validation")[0].sha256
    return EpochEnded("head", number, metrics, 0.5, 1e-3, watched=watched, shares=shares)


def bars(page: AppTest) -> str:
    return next(part.proto.body for part in page.get("html") if "thaw-bars" in part.proto.body)  # type: ignore[attr-defined]


def test_without_a_run_it_says_where_one_begins(project: Project, engine: FakeEngine, open_page: Open) -> None:
    page = open_page("projector", project.id)
    assert not page.exception and "Nothing has been trained here yet" in words(page)


def test_the_answers_to_one_photo_are_watched_in_a_fixed_order(
    project: Project, begun: tuple[Run, Recorder], open_page: Open
) -> None:
    run, record = begun
    record(PhaseStarted("head", 3))
    page = open_page("projector", project.id)
    assert not page.exception and "As soon as the first epoch has ended" in words(page)
    record(epoch(run, 1, [0.3, 0.7]))
    page = page.run()
    shown = bars(page)
    assert shown.index("cat") < shown.index("dog") and "30.0%" in shown and "70.0%" in shown
    record(epoch(run, 2, [0.9, 0.1]))
    page = page.run()
    shown = bars(page)
    assert not page.exception and shown.index("cat") < shown.index("dog") and "90.0%" in shown
    photo = run.manifest().of("validation")[0]
    assert f"this photo (**{run.manifest().classes[photo.label]}**)" in words(page)
    assert (page.metric[0].label, page.metric[0].value) == ("Validation accuracy", "75%")
    assert "2 epochs" in given(page, "projector_curves")["label"]


def test_a_photo_whose_file_is_gone_is_said_to_be(
    project: Project, begun: tuple[Run, Recorder], open_page: Open
) -> None:
    run, record = begun
    record(epoch(run, 1, [0.3, 0.7]))
    for photo in run.manifest().photos:
        (project.photos_dir / photo.path).unlink()
    page = open_page("projector", project.id)
    assert not page.exception and "not there any more" in words(page)


def test_a_run_of_an_earlier_version_watched_no_photo(
    project: Project, begun: tuple[Run, Recorder], open_page: Open
) -> None:
    _, record = begun
    metrics = {"loss": 1.0, "val_loss": 1.1, "accuracy": 0.9, "val_accuracy": 0.75}
    record(EpochEnded("head", 1, metrics, 0.5, 1e-3))
    page = open_page("projector", project.id)
    assert not page.exception and page.metric
