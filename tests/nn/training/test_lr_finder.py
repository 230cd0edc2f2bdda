"""The learning-rate finder: the shape of the curve, a rate that learns, and a network left as it was."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.errors import ConfigError
from transfer_core.nn.data.batches import Batches
from transfer_core.nn.training.callbacks import Schedule
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.loop import fit
from transfer_core.nn.training.lr_finder import STEPS, RateCurve, _smooth, find_rate, find_run_rate, suggest
from transfer_core.nn.training.run import train
from transfer_core.runs.config import FitConfig, PhaseConfig, TuningConfig
from transfer_core.runs.events import EpochEnded, Event, Progress
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.text import Sentence
from transfer_core.worker.queries import QueryServer

Make = Callable[..., Run]
HEAD = Schedule("head", PhaseConfig(1, 1e-3), FitConfig(batch_size=8))


def points(separable: bool = True) -> Batches:
    generator = np.random.default_rng(0)
    labels = np.arange(40, dtype=np.int32) % 2
    values = generator.normal(size=(40, 6)).astype(np.float32) + 2 * separable * labels[:, None]
    return Batches((values,), np.arange(40), labels, 8, seed=5)


def quiet() -> Reporter:
    reporter = Reporter(lambda event: None)
    reporter.start("head", 1)
    return reporter


def test_the_curve_falls_and_explodes_and_the_suggestion_lies_between() -> None:
    curve = find_rate(head_network(6, 2, 0.2, 1), points(), HEAD, quiet())
    assert curve.exploded
    assert len(curve.rates) == len(curve.losses) == len(curve.smoothed) <= STEPS
    assert np.allclose(np.diff(np.log(curve.rates)), np.log(curve.rates[1] / curve.rates[0]))
    bottom = curve.rates[int(np.argmin(curve.smoothed))]
    assert curve.suggestion is not None
    assert 1e-3 < curve.suggestion < bottom
    assert json.loads(json.dumps(curve.to_dict())) == curve.to_dict()


def test_the_suggested_rate_learns_faster_than_one_far_from_it() -> None:
    curve = find_rate(head_network(6, 2, 0.0, 1), points(), HEAD, quiet())
    assert curve.suggestion is not None

    def after(rate: float) -> float:
        network = head_network(6, 2, 0.0, 1)
        schedule = Schedule("head", PhaseConfig(3, rate), FitConfig(batch_size=8, patience=0))
        heard: list[Event] = []
        reporter = Reporter(heard.append)
        reporter.start("head", 3)
        fit(network, points(), points(), schedule, reporter)
        return min(event.metrics["val_loss"] for event in heard if isinstance(event, EpochEnded))

    assert after(curve.suggestion) < min(after(curve.suggestion / 100), after(min(10.0, curve.suggestion * 100)))


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_the_network_is_left_to_the_last_bit_and_the_curve_repeats(optimizer: str) -> None:
    network = head_network(6, 2, 0.2, 1)
    schedule = Schedule("head", PhaseConfig(1, 1e-3), FitConfig(optimizer, 8))  # type: ignore[arg-type]
    before = everything(network)
    first = find_rate(network, points(), schedule, quiet())
    assert all(np.array_equal(a, b) for a, b in zip(before, everything(network), strict=True))
    assert find_rate(network, points(), schedule, quiet()) == first


def everything(network: Network) -> list[np.ndarray]:
    return [*network.read(), *(np.array(variable.value) for variable in network.dropout.variables)]


def test_a_stop_leaves_the_network_as_it_was() -> None:
    network, asked = head_network(6, 2, 0.2, 1), []
    before = everything(network)
    reporter = Reporter(lambda event: None, stop=lambda: asked.append(1) or len(asked) > 5)
    reporter.start("head", 1)
    with pytest.raises(Stopped):
        find_rate(network, points(), HEAD, reporter)
    assert all(np.array_equal(a, b) for a, b in zip(before, everything(network), strict=True))


def test_progress_is_told() -> None:
    heard: list[Event] = []
    reporter = Reporter(heard.append)
    reporter.start("head", 1)
    find_rate(head_network(6, 2, 0.2, 1), points(), HEAD, reporter)
    assert any(isinstance(event, Progress) and str(event.step) == "rates" for event in heard)


def test_a_loss_that_never_falls_gives_no_suggestion() -> None:
    rates, flat = np.geomspace(1e-6, 1, 20), np.full(20, 0.7)
    assert suggest(rates, flat, np.zeros(20), 0.7) is None
    assert suggest(rates, flat + np.arange(20), np.ones(20), 0.7) is None
    assert suggest(rates[:0], flat[:0], flat[:0], 0.7) is None


@given(st.floats(-3, 3), st.floats(-2, 2), st.integers(1, 60))
def test_a_straight_line_is_smoothed_to_itself(slope: float, start: float, number: int) -> None:
    x = np.linspace(-6, 1, number)
    values, slopes = _smooth(x, start + slope * x)
    np.testing.assert_allclose(values, start + slope * x, atol=1e-9)
    if number > 1:
        np.testing.assert_allclose(slopes, slope, atol=1e-9)


def test_a_rate_is_found_for_both_phases_of_a_run(toy_run: Make, last_toy_block: FreezePlan) -> None:
    run = toy_run(plan=last_toy_block, tuning=TuningConfig(discriminative=2.0, train_batch_norm=True))
    with pytest.raises(ConfigError, match="Train once"):
        find_run_rate(workspace(), run.config(), run.manifest(), "head", quiet())
    train(workspace(), run, lambda event: None)
    curves = [
        find_run_rate(workspace(), run.config(), run.manifest(), phase, quiet()) for phase in ("head", "fine-tune")
    ]
    assert [curve.phase for curve in curves] == ["head", "fine-tune"]
    assert curves[0].suggestion is not None
    assert curves[1].losses[0] < curves[0].losses[0], "fine-tuning begins with a trained head"
    assert find_run_rate(workspace(), run.config(), run.manifest(), "fine-tune", quiet()) == curves[1]


def test_what_can_not_be_found_is_refused(toy_run: Make) -> None:
    run = toy_run()
    with pytest.raises(ConfigError, match="Unfreeze layers first"):
        find_run_rate(workspace(), run.config(), run.manifest(), "fine-tune", quiet())
    with pytest.raises(ConfigError, match="'tail' came"):
        find_run_rate(workspace(), run.config(), run.manifest(), "tail", quiet())  # type: ignore[arg-type]


def test_the_lane_answers_with_a_curve(toy_run: Make, tmp_path: Path) -> None:
    run = toy_run()
    train(workspace(), run, lambda event: None)
    manifest, stop = tmp_path / "photos.json", tmp_path / "stop"
    run.manifest().write(manifest)
    args = {"config": run.config().to_dict(), "manifest": str(manifest), "phase": "head", "stop": str(stop)}
    answer = QueryServer(workspace()).answer({"kind": "rates", "args": args})
    assert answer["ok"], answer
    assert set(answer["result"]) == set(RateCurve.__dataclass_fields__)
    stop.touch()
    answer = QueryServer(workspace()).answer({"kind": "rates", "args": args})
    assert (answer["ok"], answer["kind"]) == (False, "TransferError")
    assert "stopped" in str(Sentence.from_json(answer["error"]))
