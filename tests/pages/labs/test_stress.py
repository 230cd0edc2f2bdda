"""The stress test's page: the run is chosen, and each change is shown on a photo with its figures."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from pages.ui import services
from tests.labs.stress.test_stress import found
from tests.pages.fake_engine import FakeEngine
from tests.pages.labs.test_compare import train
from tests.pages.toys import toy_experiment, words
from transfer_core.disk.workspace import Project
from transfer_core.labs.experiment import experiment_config
from transfer_core.labs.stress.settings import Settings
from transfer_core.labs.stress.verdict import conclude, how_sure

OpenPage = Callable[[str, str], AppTest]


def test_a_trained_classifier_is_needed(open_page: OpenPage, project: Project) -> None:
    page = open_page("stress", project.id)
    assert not page.exception
    assert page.button(key="start_lab").disabled and "Train one first" in words(page)


def test_the_run_is_chosen(open_page: OpenPage, project: Project, engine: FakeEngine) -> None:
    run = train(project, "20260101-000000-aaaa", photos=8)
    page = open_page("stress", project.id)
    assert not page.exception and "8 photos by which the best epoch was chosen." in words(page)
    page.button(key="start_lab").click().run()
    (started,) = engine.started
    assert experiment_config(started).settings == Settings(str(run.path))


def test_what_was_found_is_drawn_the_worst_first(open_page: OpenPage, project: Project) -> None:
    value = found(90, {"turned": 20, "noisy": 30})
    (photo, *_) = services.store(project).manifest().photos
    value |= {"example": {"photo": photo.name, "path": photo.path, "sha256": photo.sha256}}
    value |= {"conclusion": conclude(value), "how_sure": how_sure(value)}
    toy_experiment(project, "stress", Settings("/runs/a"), value)
    page = open_page("stress", project.id)
    assert not page.exception
    said = words(page)
    assert "It suffers most when photos are turned: at the middle strength 20% are right, before 90%." in said
    assert (
        said.index("Photos that are turned") < said.index("Photos that are noisy") < said.index("Photos that are dark")
    )
    assert ":material/trending_down: stands where more than a fifth of that is lost" in said
    assert said.count("as it is") == 7 and said.count("strength 5") == 7


def test_what_was_stopped_early_shows_nothing(open_page: OpenPage, project: Project) -> None:
    toy_experiment(project, "stress", Settings("/runs/a"), None, "STOPPED", "Stopped.")
    page = open_page("stress", project.id)
    assert not page.exception and "The same photo at each strength" not in words(page)
