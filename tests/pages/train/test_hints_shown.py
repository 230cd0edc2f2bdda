"""Hints on the Train page: after a run has ended, never before."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from tests.pages.train.test_page import begun, finish, page, project, said  # noqa: F401 - fixtures
from transfer_core.disk.workspace import Project
from transfer_core.runs.events import EpochEnded
from transfer_core.runs.folder import Recorder, Run

Open = Callable[[str, str], AppTest]


def test_curves_are_read_when_they_are_complete(
    begun: tuple[Run, Recorder],  # noqa: F811
    project: Project,  # noqa: F811
    open_page: Open,
) -> None:
    run, record = begun
    for number in range(1, 9):
        metrics = {"loss": 0.1 / number, "accuracy": 1.0, "val_loss": 0.5 + number / 10, "val_accuracy": 0.5}
        record(EpochEnded("head", number, metrics, 0.1, 1e-3))
    going_on = open_page("train", project.id)
    assert not going_on.exception and "Over-fitting" not in said(going_on)
    finish(run, record)
    ended = open_page("train", project.id)
    assert not ended.exception
    words = said(ended)
    assert "Over-fitting: it learns the training photos by heart" in words
    assert "about 8 a class" in words and "On 4 validation photos" in words
