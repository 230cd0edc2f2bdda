"""Settings that few need, and the search for a learning rate, with a stand-in for the worker that answers."""

# ruff: noqa: F811 - fixtures of another test module

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs import launch
from pages.train.lr_finder import decimal, rate_figure, rates_task
from pages.train.settings import _PLACES
from pages.ui import services, tasks
from tests.pages.component import given
from tests.pages.fake_engine import FakeEngine
from tests.pages.train.test_page import page, project  # noqa: F401 - fixtures
from tests.support import workspace
from transfer_core.disk.workspace import Project
from transfer_core.errors import TransferError
from transfer_core.labs.compare.differences import SETTINGS
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import RunConfig, TuningConfig
from transfer_core.runs.folder import Recorder, list_runs

Finish = Callable[[AppTest, str], AppTest]
CURVE = {
    "phase": "fine-tune",
    "rates": [1e-6, 1e-5, 1e-4, 1e-3],
    "losses": [0.7, 0.6, 0.2, 5.0],
    "smoothed": [0.7, 0.6, 0.3, 4.0],
    "suggestion": 3.2e-5,
    "exploded": True,
}


class FakeWorker(FakeEngine):
    """Answers with a curve, or refuses, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: dict[str, Any] | TransferError = CURVE
        self.asked: list[dict[str, Any]] = []

    def ask(self, kind: str, args: dict[str, Any], timeout: float, on_wait: Callable[[float], None]) -> dict[str, Any]:
        assert kind == "rates"
        on_wait(0.0)
        photos = Manifest.read(Path(args["manifest"]))
        self.asked.append(args | {"photos": len(photos.photos), "stopped": Path(args["stop"]).exists()})
        if isinstance(self.answer, TransferError):
            raise self.answer
        return self.answer


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    fake = FakeWorker()
    monkeypatch.setattr(services, "_engine", lambda home: fake)
    return fake


def trained_once(page: AppTest, project: Project) -> None:
    button = "find_rate_head"
    assert page.button(key=button).disabled, "it works on what a training computed, and there was none"
    page.button(key="train").click().run()
    Recorder(list_runs(project.runs_dir)[0], pid=1).end("STOPPED")
    assert not page.run().button(key=button).disabled


def searched(page: AppTest, project: Project, finish: Finish, phase: str) -> AppTest:
    trained_once(page, project)
    page.button(key=f"find_rate_{phase}").click().run()
    return finish(page, rates_task(project))


def test_the_lab_that_compares_runs_knows_every_setting_by_the_name_it_has_here(page: AppTest) -> None:
    assert {setting.place for setting in SETTINGS} == set(_PLACES.values())
    names = {setting.place: str(setting.name).lower().replace(",", "").split() for setting in SETTINGS}
    kinds = ("number_input", "selectbox", "slider", "toggle")
    labels = {widget.key: widget.label for kind in kinds for widget in page.get(kind)}  # type: ignore[attr-defined]
    for key, place in _PLACES.items():
        if key != "augment":  # radio buttons without a name of their own, under the heading Augmentation
            assert set(labels[key].lower().replace(",", "").split()) <= set(names[place]), labels[key]


def test_the_defaults_change_nothing(page: AppTest, project: Project) -> None:
    page.number_input(key="head_epochs").set_value(7).run()
    assert launch.configured(workspace().open_project(project.id)).tuning == TuningConfig()


def test_each_setting_is_kept(page: AppTest, project: Project) -> None:
    page.selectbox(key="schedule").set_value("cosine").run()
    page.number_input(key="warmup_epochs").set_value(2).run()
    page.number_input(key="discriminative").set_value(2.6).run()
    page.slider(key="label_smoothing").set_value(0.1).run()
    assert not page.warning
    page.selectbox(key="cache_precision").set_value("float16").run()
    page.toggle(key="train_batch_norm").set_value(True).run()
    assert "usually hurts" in page.warning[0].value
    assert launch.configured(workspace().open_project(project.id)).tuning == TuningConfig(
        "cosine", 2, 2.6, 0.1, True, "float16"
    )
    page.button(key="reset_settings").click().run()
    assert launch.configured(workspace().open_project(project.id)).tuning == TuningConfig()
    assert page.selectbox(key="schedule_1").value == "automatic"
    assert page.selectbox(key="cache_precision_1").value == "float32"


def test_the_cache_s_precision_is_explained_to_novices(page: AppTest) -> None:
    choice = page.selectbox(key="cache_precision")
    assert choice.options == ["as it is (float32)", "rounded, in half the space (float16)"]
    assert "half the disk space" in choice.help and "no longer equal to the last bit" in choice.help


def test_the_cost_of_augmentation_follows_it(page: AppTest) -> None:
    def told() -> list[str]:
        return list(page.radio(key="augment").proto.captions)

    before = told()
    page.selectbox(key="cache_precision").set_value("float16").run()
    assert len(before) == 3
    assert all(one != other for one, other in zip(before, told(), strict=True))


def test_a_setting_that_does_not_fit_is_refused(page: AppTest, project: Project) -> None:
    page.number_input(key="discriminative").set_value(0.5).run()
    assert "from 1 to 10" in page.error[0].value
    assert launch.configured(workspace().open_project(project.id)).tuning.discriminative == 1


@pytest.mark.usefixtures("recent_apptest")
def test_a_found_rate_is_shown_and_used(page: AppTest, project: Project, worker: FakeWorker, finish: Finish) -> None:
    searched(page, project, finish, "fine-tune")
    assert not page.exception
    (asked,) = worker.asked
    assert (asked["phase"], asked["photos"], asked["stopped"]) == ("fine-tune", 20, False)
    assert RunConfig.from_dict(asked["config"]) == launch.configured(workspace().open_project(project.id))
    figure = json.loads(given(page, "rate_curve")["figure"])
    assert figure["data"][1]["y"] == CURVE["smoothed"]
    assert "falls fastest at **0.000032**" in "\n".join(text.value for text in page.markdown)
    before = page._tree.get_widget_states()  # what a browser sends that has not drawn the new rate yet
    page.button(key="use_rate").click().run()
    page._run(before)
    assert page.selectbox(key="fine_tune_rate_1").value == "0.000032"
    assert launch.configured(workspace().open_project(project.id)).fine_tune.learning_rate == 3.2e-5
    assert launch.configured(workspace().open_project(project.id)).head == RunConfig().head
    assert "have changed since" not in "\n".join(text.value for text in page.caption)
    page.number_input(key="batch_size").set_value(4).run()
    assert "have changed since" in "\n".join(text.value for text in page.caption)


def test_a_refusal_is_a_sentence_and_leaves_the_settings(
    page: AppTest, project: Project, worker: FakeWorker, finish: Finish
) -> None:
    worker.answer = TransferError("Train once with it, then look for a rate.")
    searched(page, project, finish, "head")
    assert "Train once" in page.error[0].value
    assert "use_rate" not in [button.key for button in page.button]
    page.button(key="train").click().run()
    assert not page.error, "that training computes what the search asked for"


def test_without_a_base_the_reason_is_said(page: AppTest, project: Project, worker: FakeWorker) -> None:
    trained_once(page, project)
    project.choose(base=None)
    page.run()
    page.button(key="find_rate_head").click().run()
    assert "No base is chosen" in "\n".join(error.value for error in page.error)
    assert worker.asked == [] and tasks.find(rates_task(project)) is None


@pytest.mark.usefixtures("recent_apptest")
def test_a_curve_without_a_suggestion_offers_nothing(
    page: AppTest, project: Project, worker: FakeWorker, finish: Finish
) -> None:
    worker.answer = CURVE | {"phase": "head", "suggestion": None}
    searched(page, project, finish, "head")
    assert "never fell clearly" in page.info[0].value
    assert "use_rate" not in [button.key for button in page.button]


def test_the_figure_shows_the_fall_and_not_the_explosion() -> None:
    layout = rate_figure(CURVE)["layout"]
    assert layout["yaxis"]["range"] == pytest.approx([0, 1.05])
    assert layout["shapes"][0]["x0"] == 3.2e-5
    assert layout["annotations"][0]["x"] == pytest.approx(-4.49, abs=0.01)
    assert rate_figure(CURVE | {"suggestion": None})["layout"]["shapes"] == []
    assert rate_figure(CURVE | {"rates": [], "losses": [], "smoothed": [], "suggestion": None})["data"][0]["y"] == []


@pytest.mark.parametrize(
    ("rate", "words"), [(1e-5, "0.00001"), (0.0032, "0.0032"), (10.0, "10"), (2.63e-8, "0.000000026")]
)
def test_rates_read_as_decimals(rate: float, words: str) -> None:
    assert decimal(rate) == words
