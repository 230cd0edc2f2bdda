"""Schedules, discriminative rates, label smoothing and trained BatchNormalization, in real runs of the toy base."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.nn.backbones import build as bases
from transfer_core.nn.data.batches import Batches
from transfer_core.nn.models.batch_norm import moving_statistics, normalize_by_batch
from transfer_core.nn.models.describe import build_tree
from transfer_core.nn.training.callbacks import Schedule
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.loop import Compiled, fit
from transfer_core.nn.training.optimizer import LayerwiseOptimizer, block_distances, make_optimizer
from transfer_core.nn.training.run import train
from transfer_core.nn.training.steps import train_step, train_steps
from transfer_core.runs import checkpoint, rates
from transfer_core.runs.config import FitConfig, Optimizer, PhaseConfig, ScheduleName, TuningConfig
from transfer_core.runs.events import EpochEnded, Event, Message
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter
from transfer_core.runs.rates import RateSchedule

Make = Callable[..., Run]


class BrokenOffError(Exception):
    """What ends a run in the middle of a test."""


BN_PLAN = FreezePlan(("block2_bn", "block2_conv"))


def points(seed: int = 0) -> Batches:
    """Twenty points of two classes with six features."""
    generator = np.random.default_rng(seed)
    labels = np.arange(20, dtype=np.int32) % 2
    values = generator.normal(size=(20, 6)).astype(np.float32) + labels[:, None]
    return Batches((values,), np.arange(20), labels, 8, seed=5)


def fitted(tuning: TuningConfig, optimizer: Optimizer = "adam", epochs: int = 6) -> tuple[Network, list[EpochEnded]]:
    network, heard = head_network(6, 2, 0.3, 1), []
    reporter = Reporter(lambda event: heard.append(event) if isinstance(event, EpochEnded) else None)
    reporter.start("head", epochs)
    schedule = Schedule("head", PhaseConfig(epochs, 1e-2), FitConfig(optimizer, 8, patience=0), tuning=tuning)
    fit(network, points(), points(), schedule, reporter)
    return network, heard


def trained(run: Run) -> tuple[dict[str, Any], list[Event]]:
    heard: list[Event] = []
    report = train(workspace(), run, heard.append)
    assert report is not None
    return report, heard


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_the_defaults_are_a_plain_keras_optimizer_to_the_last_bit(optimizer: Optimizer) -> None:
    _, heard = fitted(TuningConfig(), optimizer)
    network, batches, plain = head_network(6, 2, 0.3, 1), points(), make_optimizer(optimizer, 1e-2)
    plain.build(network.variables)

    @tf.function(input_signature=[tf.TensorSpec((None, 6)), tf.TensorSpec((None,), tf.int32)])
    def step(inputs: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, network((inputs,), training=True))
            loss = tf.reduce_mean(losses)
        plain.apply(tape.gradient(loss, network.variables), network.variables)
        return tf.reduce_sum(losses)

    for event in heard:
        total = sum(float(step(batch.inputs[0], batch.labels)) for batch in batches.epoch(event.epoch))
        assert event.metrics["loss"] == total / 20
        assert event.learning_rate == 1e-2


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_a_scale_is_a_rate_and_not_a_scaled_gradient(optimizer: Optimizer) -> None:
    def moved(scales: list[float]) -> list[float]:
        variables = [keras.Variable([0.0]), keras.Variable([0.0]), keras.Variable([0.0])]
        rated = LayerwiseOptimizer(optimizer, 0.1, variables, scales)
        for _ in range(3):
            rated.apply([tf.constant([2.0]), tf.constant([2.0]), tf.constant([-2.0])])
        return [float(variable.value[0]) for variable in variables]

    full, tenth, other = moved([1.0, 0.1, 1.0])
    assert tenth == pytest.approx(full / 10)
    assert other == -full
    assert moved([1.0, 1.0, 1.0])[0] == full


def test_the_rate_follows_the_schedule_and_is_told() -> None:
    tuning = TuningConfig("cosine", warmup_epochs=2)
    _, heard = fitted(tuning)
    schedule = RateSchedule(PhaseConfig(6, 1e-2), tuning, 3)
    assert [event.learning_rate for event in heard] == [schedule.at(epoch, 2) for epoch in range(6)]
    assert heard[1].learning_rate == 1e-2
    plain = fitted(TuningConfig())[1]
    assert [event.metrics for event in heard] != [event.metrics for event in plain]


def test_a_plateau_lowers_the_rate_in_a_run(toy_run: Make) -> None:
    _, heard = trained(
        toy_run(head=PhaseConfig(40, 0.5), fit=FitConfig(batch_size=5, patience=0), tuning=TuningConfig("plateau"))
    )
    epochs = [event for event in heard if isinstance(event, EpochEnded)]
    losses = [event.metrics["val_calibrated_loss"] for event in epochs]
    schedule = RateSchedule(PhaseConfig(40, 0.5), TuningConfig("plateau"), 5)
    assert [event.learning_rate for event in epochs] == [schedule.at(epoch, 0, losses[:epoch]) for epoch in range(40)]
    assert epochs[-1].learning_rate < 0.5


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_steps_in_one_go_are_those_taken_one_by_one(optimizer: Optimizer) -> None:
    at_once, single = head_network(6, 2, 0.3, 1), head_network(6, 2, 0.3, 1)
    batches, climbing = list(points().epoch(1)) + list(points().epoch(2))[:2], [0.05, 0.1, 0.02, 0.3, 0.2]
    assert [len(batch.labels) for batch in batches] == [8, 8, 4, 8, 8]
    both = [LayerwiseOptimizer(optimizer, 1e-3, one.variables, one.scales(1)) for one in (at_once, single)]
    steps, step = train_steps(at_once, both[0], points(), 0.1), train_step(single, both[1], points(), 0.1)
    told = [*steps(batches[:3], climbing[:3]), *steps(batches[3:], climbing[3:])]
    assert told == [step(batch, rate) for batch, rate in zip(batches, climbing, strict=True)]
    for one, other in zip(at_once.read() + both[0].read(), single.read() + both[1].read(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(at_once.read_random(), single.read_random(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_was_compiled_once_trains_anew_to_the_same_end() -> None:
    network, schedule = head_network(6, 2, 0.3, 1), Schedule("head", PhaseConfig(4, 1e-2), FitConfig("adam", 8))
    reporter = Reporter(lambda event: None)
    reporter.start("head", 4)
    compiled, ends = Compiled(network, points(), points(), schedule), []
    for seed in (0, 1, 0):
        compiled.reset()
        found = fit(network, points(seed), points(seed + 5), schedule, reporter, compiled=compiled)
        ends.append((found, [part.tolist() for part in network.read()]))
    assert ends[0] == ends[2] != ends[1]
    other = head_network(6, 2, 0.3, 1)
    assert fit(other, points(0), points(5), schedule, reporter) == ends[0][0]
    assert [part.tolist() for part in other.read()] == ends[0][1]


def test_label_smoothing_is_the_loss_of_smoothed_targets_and_not_told() -> None:
    batch = next(points().epoch(1))
    plain, smooth = head_network(6, 2, 0.0, 1), head_network(6, 2, 0.0, 1)
    told = []
    for network, share in ((plain, 0.0), (smooth, 0.2)):
        rated = LayerwiseOptimizer("sgd", 0.1, network.variables, network.scales(1))
        told.append(train_step(network, rated, points(), share)(batch, 0.1)[0])
    assert told[0] == told[1], "the loss that is told is that of the true labels"
    expected = head_network(6, 2, 0.0, 1)
    target = tf.one_hot(batch.labels, 2) * 0.8 + 0.1
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, expected(batch.inputs, training=True)))
    gradients = tape.gradient(loss, expected.variables)
    for variable, gradient, after in zip(expected.variables, gradients, smooth.read(), strict=True):
        np.testing.assert_allclose(variable.value - 0.1 * gradient, after, atol=1e-6)
    assert not np.array_equal(plain.read()[0], smooth.read()[0])


def test_blocks_are_counted_from_the_head(toy_base: object) -> None:
    base = bases.build_base(workspace(), "toy", "none")
    base.trainable = True
    tree = build_tree(base, "Toy")
    found = dict(
        zip(
            (variable.path for variable in base.trainable_variables),
            block_distances(base, tree, base.trainable_variables),
            strict=True,
        )
    )
    by_layer = {path.split("/")[0]: distance for path, distance in found.items()}
    assert by_layer["block2_conv"] == by_layer["block2_bn"] == 1
    assert by_layer["block1_conv"] == 2
    assert by_layer["stem_conv"] == max(by_layer.values()) > 2


def test_discriminative_rates_move_blocks_less_towards_the_input(toy_run: Make) -> None:
    def drift(factor: float) -> dict[str, float]:
        run = toy_run(
            plan=FreezePlan(("stem_conv", "block1_conv", "block2_conv")),
            fine_tune=PhaseConfig(1, 1e-3),
            fit=FitConfig(batch_size=24),  # one step: with Adam each weight then moves by just its rate
            tuning=TuningConfig(discriminative=factor),
        )
        report, _ = trained(run)
        assert report["freeze_proof"]["frozen_unchanged"]
        fresh = bases.build_base(workspace(), "toy", "none", seed=run.config().seed)
        kept = keras.models.load_model(run.model_path).get_layer("toy")
        names = ("stem_conv", "block1_conv", "block2_conv")
        return {
            name: float(np.abs(fresh.get_layer(name).get_weights()[0] - kept.get_layer(name).get_weights()[0]).max())
            for name in names
        }

    moved = drift(4.0)
    assert moved["block2_conv"] == pytest.approx(1e-3 / 4, rel=0.02)
    assert moved["block1_conv"] == pytest.approx(1e-3 / 16, rel=0.02)
    assert moved["stem_conv"] == pytest.approx(1e-3 / 64, rel=0.05)
    assert drift(1.0)["stem_conv"] == pytest.approx(1e-3, rel=0.02)


def test_only_batch_normalization_trains_as_such(toy_base: object) -> None:
    base = bases.build_base(workspace(), "toy", "none")
    for layer in base.layers:
        layer.trainable = layer.name in BN_PLAN.trainable
    twin = normalize_by_batch(base)
    photos = np.random.default_rng(0).normal(size=(6, 16, 16, 3)).astype(np.float32)
    before = [np.array(weight) for weight in base.get_weights()]
    first, second = np.asarray(twin(photos)), np.asarray(twin(photos))
    np.testing.assert_array_equal(first, second)  # dropout inside the base stays off
    assert not np.allclose(first, base(photos, training=False), atol=1e-3)
    moving = {id(variable) for variable in moving_statistics(base)}
    assert len(moving) == 2
    for weight, value in zip(base.weights, before, strict=True):
        assert np.array_equal(np.array(weight), value) is (id(weight) not in moving), weight.path


def test_trained_batch_normalization_moves_its_statistics_and_the_proof_knows(toy_run: Make) -> None:
    settings: dict[str, Any] = {"plan": BN_PLAN, "fine_tune": PhaseConfig(3, 1e-2)}
    report, heard = trained(toy_run(**settings, tuning=TuningConfig(train_batch_norm=True)))
    proof = report["freeze_proof"]
    assert proof["frozen_unchanged"]
    assert proof["planned_arrays"] == 6  # kernel, bias, gamma, beta, and the two statistics
    assert report["parity"]["max_difference"] < 1e-5
    (warning,) = [event for event in heard if isinstance(event, Message) and "BatchNormalization" in str(event.text)]
    assert warning.level == "warning" and "few photos" in str(warning.text)
    plain, _ = trained(toy_run(**settings))
    assert plain["freeze_proof"]["planned_arrays"] == 4
    epochs = [event for event in heard if isinstance(event, EpochEnded) and event.phase == "fine-tune"]
    if report["phases"]["fine-tune"]["best_epoch"]:
        assert proof["changed_arrays"] == 6
        best = min(event.metrics["val_calibrated_loss"] for event in epochs)
        assert report["phases"]["fine-tune"]["best"]["val_calibrated_loss"] == best


def test_with_no_batch_normalization_unfrozen_it_is_said(toy_run: Make) -> None:
    plan = FreezePlan(("block2_conv",))
    report, heard = trained(toy_run(plan=plan, tuning=TuningConfig(train_batch_norm=True)))
    assert any(isinstance(event, Message) and "no layer of it is unfrozen" in str(event.text) for event in heard)
    assert report["freeze_proof"]["planned_arrays"] == 2


def test_all_together_repeat_to_the_last_bit(toy_run: Make) -> None:
    tuning = TuningConfig("cosine", 1, 2.6, 0.1, True)
    settings: dict[str, Any] = {"plan": BN_PLAN, "tuning": tuning}
    first, second = (trained(toy_run(**settings))[0] for _ in range(2))
    assert [epoch["metrics"] for epoch in first["history"]] == [epoch["metrics"] for epoch in second["history"]]
    assert first["config"]["tuning"]["schedule"] == "cosine"


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_a_broken_off_run_goes_on_at_the_rate_it_was_at(
    toy_run: Make, schedule: ScheduleName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_INTERVAL", 0.0)
    monkeypatch.setattr(rates, "PLATEAU_EPOCHS", 1)
    settings: dict[str, Any] = {
        "plan": BN_PLAN,
        "head": PhaseConfig(8, 3.0),
        "fine_tune": PhaseConfig(4, 1e-2),
        "fit": FitConfig(batch_size=5, patience=0),
        "tuning": TuningConfig(schedule, 2, 2.6, 0.1, True),
    }

    def breaking(event: Event) -> None:
        if isinstance(event, EpochEnded) and event.epoch == 7:
            raise BrokenOffError

    whole, _ = trained(toy_run(**settings))
    run = toy_run(**settings)
    with pytest.raises(BrokenOffError):
        train(workspace(), run, breaking)
    report, _ = trained(run)
    assert [(one["learning_rate"], one["metrics"]) for one in report["history"]] == [
        (one["learning_rate"], one["metrics"]) for one in whole["history"]
    ]
    assert len({one["learning_rate"] for one in whole["history"]}) > 4
    assert report["freeze_proof"] == whole["freeze_proof"]
