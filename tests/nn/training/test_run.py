"""A run from photos to report: exact, repeatable, stoppable, and never worse for fine-tuning."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import workspace
from transfer_core.backbones import cost as estimates
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.errors import ConfigError, DataError, RunError
from transfer_core.nn.backbones import build as bases
from transfer_core.nn.data.batches import Batches, class_weights
from transfer_core.nn.training import blend, loop
from transfer_core.nn.training import run as training
from transfer_core.nn.training.run import train
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import FitConfig, PhaseConfig
from transfer_core.runs.events import EpochEnded, Event, Message, PhaseStarted, Progress, from_dict, to_dict
from transfer_core.runs.folder import Run
from transfer_core.runs.hints import kept_epoch, with_kept
from transfer_core.runs.outcome import UNTUNED
from transfer_core.stats.intervals import wilson

Make = Callable[..., Run]
METRICS = {"loss", "accuracy", "val_loss", "val_accuracy", "val_calibrated_loss"}


def trained(run: Run, on: Callable[[Event], None] = lambda event: None) -> tuple[dict[str, Any], list[Event]]:
    heard: list[Event] = []

    def emit(event: Event) -> None:
        heard.append(event)
        on(event)

    report = train(workspace(), run, emit)
    assert report is not None
    return report, heard


def epochs(events: list[Event], phase: str | None = None) -> list[EpochEnded]:
    return [event for event in events if isinstance(event, EpochEnded) and phase in (None, event.phase)]


def metrics(events: list[Event]) -> list[dict[str, float]]:
    return [event.metrics for event in epochs(events)]


def messages(events: list[Event]) -> str:
    return " ".join(str(event.text) for event in events if isinstance(event, Message))


def pictures(run: Run, split: str = "validation") -> np.ndarray:
    from transfer_core.photos.decode import decode

    return np.stack([decode(Path(photo.path), 16) for photo in run.manifest().of(split)])


def test_a_head_learns_and_everything_is_reported(toy_run: Make, toy_manifest: Callable[..., Manifest]) -> None:
    run = toy_run(toy_manifest(test=5), head=PhaseConfig(30, 3e-2))
    report, heard = trained(run)
    assert report == json.loads((run.path / "report.json").read_text())
    assert report["val_accuracy"] == 1.0
    assert report["test_accuracy"] == 1.0
    low, high = report["test_interval"]
    assert 0.7 < low < high == 1.0
    assert report["confusion"] == [[6, 0], [0, 6]]
    assert report["test"]["confusion"] == [[5, 0], [0, 5]]
    figures = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "photos": 6}
    intervals = {name: list(wilson(6, 6)) for name in ("precision_interval", "recall_interval")}
    assert report["per_class"]["red"] == figures | intervals
    assert report["trainable_parameters"] == 8 * 2 + 2
    assert report["freeze_proof"]["frozen_unchanged"]
    assert report["freeze_proof"]["planned_arrays"] == 0
    assert report["parity"] == {"photos": 12, "max_difference": pytest.approx(0, abs=1e-5)}
    assert set(report["seconds"]) == {"prepare", "features", "head", "finish"}
    assert [epoch["metrics"] for epoch in report["history"]] == metrics(heard)
    assert report["stopped"] is False
    assert report["photos"]["train"] == {"blue": 12, "red": 12}


def test_phases_come_in_order_and_epochs_count_on(toy_run: Make, last_toy_block: FreezePlan) -> None:
    def phases(events: list[Event]) -> list[str]:
        return [event.phase for event in events if isinstance(event, PhaseStarted)]

    _, heard = trained(toy_run(plan=last_toy_block, fit=FitConfig(batch_size=5, patience=0)))
    assert phases(heard) == ["prepare", "features", "head", "fine-tune", "finish"]
    _, again = trained(toy_run(plan=last_toy_block))
    assert phases(again) == ["prepare", "features", "head", "features", "fine-tune", "finish"], "the base comes later"
    assert [event.epoch for event in epochs(heard)] == list(range(1, 8))
    assert set(epochs(heard)[0].metrics) == METRICS
    assert len({event.learning_rate for event in epochs(heard, "head")}) == 1, "that of the head stays the same"
    rates = [event.learning_rate for event in epochs(heard, "fine-tune")]
    assert max(rates) <= 1e-3 and rates == sorted(set(rates), reverse=True), "that of fine-tuning falls"


@pytest.mark.parametrize("plan", [(), ("block2_bn", "block2_conv"), ("block1_conv",), ("stem_conv", "stem_bn")])
def test_the_saved_model_loads_without_thaw_and_answers_as_training_did(toy_run: Make, plan: tuple[str, ...]) -> None:
    run = toy_run(plan=FreezePlan(plan))
    report, _ = trained(run)
    photos = pictures(run)
    np.save(run.path / "photos.npy", photos)
    code = (
        "import sys, keras, numpy as np\n"
        f"model = keras.models.load_model({str(run.model_path)!r})\n"
        f"answers = model.predict(np.load({str(run.path / 'photos.npy')!r}), verbose=0)\n"
        f"np.save({str(run.path / 'answers.npy')!r}, answers)\n"
        "assert not [name for name in sys.modules if name.startswith('transfer_core')]\n"
    )
    if not plan:  # a fresh process takes seconds: once is enough
        subprocess.run([sys.executable, "-c", code], check=True, cwd=run.path, capture_output=True)
        answers = np.load(run.path / "answers.npy")
    else:
        answers = keras.models.load_model(run.model_path).predict(photos, verbose=0)
    labels = np.array([photo.label for photo in run.manifest().of("validation")])
    best = [phase["best"]["val_calibrated_loss"] for phase in report["phases"].values()][-1]
    assert best == min(best, *(epoch["metrics"]["val_calibrated_loss"] for epoch in report["history"]))
    # The temperature is in the saved weights: the answers have the loss that was chosen by.
    loss = -np.log(answers[np.arange(len(labels)), labels]).mean()
    assert loss == pytest.approx(best, rel=1e-4)
    assert 0.05 < report["temperature"] < 20
    assert (answers.argmax(1) == labels).mean() == report["val_accuracy"]
    assert run.labels()["classes"] == ["blue", "red"]
    assert run.labels()["input_size"] == 16


@pytest.mark.parametrize("plan", [("block2_bn", "block2_conv"), ("stem_conv",), ("block1_bn", "block2_conv")])
def test_exactly_the_planned_weights_change(toy_run: Make, plan: tuple[str, ...]) -> None:
    run = toy_run(plan=FreezePlan(plan), fine_tune=PhaseConfig(2, 1e-2))
    report, heard = trained(run)
    assert "made nothing better" not in messages(heard)
    proof = report["freeze_proof"]
    assert proof["frozen_unchanged"]
    assert proof["changed_arrays"] == proof["planned_arrays"] == 2 * len(plan)  # kernel and bias, gamma and beta
    fresh = bases.build_base(workspace(), "toy", "none", seed=run.config().seed)
    kept = keras.models.load_model(run.model_path).get_layer("toy")
    for layer in fresh.layers:
        for index, (before, after) in enumerate(
            zip(layer.get_weights(), kept.get_layer(layer.name).get_weights(), strict=True)
        ):
            moved = layer.name in plan and index < 2
            assert np.array_equal(before, after) is not moved, (layer.name, index)


def test_the_same_run_gives_the_same_history_cached_or_not(
    toy_run: Make, last_toy_block: FreezePlan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs = [toy_run(plan=last_toy_block) for _ in range(3)]
    first = metrics(trained(runs[0])[1])
    assert metrics(trained(runs[1])[1]) == first
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "another-home"))
    trained(toy_run())  # leaves the pooled features, not those at the frontier
    assert metrics(trained(runs[2])[1]) == first
    assert metrics(trained(toy_run(plan=last_toy_block, seed=1))[1]) != first


def test_cached_features_start_the_head_without_building_the_base(
    toy_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    build = bases.build_base
    monkeypatch.setattr(bases, "build_base", lambda *args: built.append(args[1]) or build(*args))
    trained(toy_run())
    assert built == ["toy"]

    def on(event: Event) -> None:
        if isinstance(event, EpochEnded):
            assert built == ["toy"], "built before the first epoch"

    trained(toy_run(), on)
    assert built == ["toy", "toy"]


def test_training_on_features_equals_training_the_whole_frozen_model(toy_run: Make) -> None:
    """The claim everything rests on, checked against a plain loop over the whole model."""
    run = toy_run(fit=FitConfig(batch_size=5, dropout=0.0, class_weights=False))
    _, heard = trained(run)
    manifest, seed = run.manifest(), run.config().seed
    base = bases.build_base(workspace(), "toy", "none", seed=seed)
    base.trainable = False
    photo = keras.Input((16, 16, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(base(bases.preprocessing("toy", photo), training=False))
    head = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed=seed))
    model = keras.Model(photo, head(pooled))
    optimizer = keras.optimizers.Adam(1e-2)
    x, y = {}, {}
    for split in ("train", "validation"):
        x[split] = pictures(run, split)
        y[split] = np.array([photo.label for photo in manifest.of(split)], np.int32)
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    rows = np.arange(len(y["train"]))
    order = Batches((x["train"],), rows, y["train"], 5, seed=seed)
    for number, expected in enumerate(metrics(heard), 1):
        for batch in order.epoch(number):
            # Not `fit`: with Keras 3.15 it overrules the `training=False` above and dropout in the base comes alive.
            with tf.GradientTape() as tape:
                losses = cross_entropy(batch.labels, model(batch.inputs[0], training=False))
                gradients = tape.gradient(tf.reduce_mean(losses), head.trainable_variables)
            optimizer.apply(gradients, head.trainable_variables)
        logits = model(x["validation"], training=False)
        loss = float(tf.reduce_mean(cross_entropy(y["validation"], logits)))
        assert loss == pytest.approx(expected["val_loss"], rel=1e-5)
        assert (np.argmax(logits, 1) == y["validation"]).mean() == expected["val_accuracy"]


def test_fine_tuning_never_ends_worse_than_it_began(
    toy_run: Make, toy_manifest: Callable[..., Manifest], last_toy_block: FreezePlan
) -> None:
    # Validation labels the wrong way round: the better the training photos are learnt, the worse it gets.
    manifest = toy_manifest()
    wrong = tuple(replace(p, label=1 - p.label) if p.split == "validation" else p for p in manifest.photos)
    run = toy_run(replace(manifest, photos=wrong), plan=last_toy_block)
    report, heard = trained(run)
    head = min(event.metrics["val_calibrated_loss"] for event in epochs(heard, "head"))
    tuned = min(event.metrics["val_calibrated_loss"] for event in epochs(heard, "fine-tune"))
    assert tuned > head
    assert "the classifier is the head on the base as it was" in messages(heard)
    assert f"right with a loss of {head:.3f}" in messages(heard) and f"with {tuned:.3f};" in messages(heard)
    assert report["phases"]["fine-tune"]["best_epoch"] == 0
    assert report["phases"]["fine-tune"]["best"]["val_calibrated_loss"] == pytest.approx(head, rel=1e-4)
    assert report["freeze_proof"]["changed_arrays"] == 0


@pytest.mark.parametrize(("place", "share"), [(0, 0.0), (2, 0.5), (4, 1.0)])
def test_the_classifier_lies_on_the_way_from_the_start_to_the_last_epoch(
    toy_run: Make, last_toy_block: FreezePlan, monkeypatch: pytest.MonkeyPatch, place: int, share: float
) -> None:
    monkeypatch.setattr(blend, "choose", lambda losses: place)
    ends: list[list[np.ndarray]] = []
    best_share = blend.best_share

    def watched(network: Any, first: Any, last: Any, *rest: Any) -> Any:
        ends.extend([first, last])
        return best_share(network, first, last, *rest)

    monkeypatch.setattr(loop, "best_share", watched)
    run = toy_run(plan=last_toy_block, fine_tune=PhaseConfig(3, 1e-2), fit=FitConfig(batch_size=5, patience=0))
    report, heard = trained(run)
    phase, last = report["phases"]["fine-tune"], epochs(heard)[-1]
    assert (phase["best_epoch"], phase["share"]) == (last.epoch if share else 0, share or 1.0)
    assert phase["best"]["val_accuracy"] == report["val_accuracy"]
    if share == 1:
        assert phase["best"] == {name: value for name, value in last.metrics.items() if name.startswith("val_")}
    assert ("50% of the way" in messages(heard)) == (share == 0.5)
    assert ("the classifier is the head on the base as it was" in messages(heard)) == (share == 0)
    head = keras.models.load_model(run.model_path).get_layer("head").get_weights()
    expected = [(1 - share) * first + share * end for first, end in zip(*ends, strict=True)][-2:]
    for ours, wanted in zip(head, expected, strict=True):
        np.testing.assert_allclose(ours * report["temperature"], wanted, rtol=1e-5, atol=1e-6)
    # One accuracy, on the card and in what is said of the curves.
    kept = next((epoch for epoch in with_kept(epochs(heard), report) if epoch.epoch == kept_epoch(report)), None)
    assert kept is not None and kept.metrics["val_accuracy"] == report["val_accuracy"]


def test_early_stopping_keeps_the_best_epoch(toy_run: Make) -> None:
    run = toy_run(head=PhaseConfig(200, 0.5), fit=FitConfig(batch_size=5, patience=3))
    report, heard = trained(run)
    losses = [event.metrics["val_calibrated_loss"] for event in epochs(heard)]
    best = int(np.argmin(losses)) + 1
    assert len(losses) == best + 3 < 200
    assert report["phases"]["head"]["best_epoch"] == best
    assert "Training the head ended early" in messages(heard)


def test_a_stop_keeps_the_best_so_far(toy_run: Make, last_toy_block: FreezePlan) -> None:
    run = toy_run(plan=last_toy_block, head=PhaseConfig(500, 1e-3), fit=FitConfig(batch_size=5, patience=0))

    def on(event: Event) -> None:
        if isinstance(event, EpochEnded) and event.epoch == 3:
            run.request_stop()

    report, heard = trained(run, on)
    assert len(epochs(heard)) == 3
    assert report["stopped"] is True
    assert set(report["phases"]) == {"head"}
    assert messages(heard).count(str(UNTUNED)) == 1
    assert report["parity"]["max_difference"] < 1e-5
    assert run.model_path.is_file()


def test_a_stop_in_the_first_epoch_of_fine_tuning_leaves_the_head(toy_run: Make, last_toy_block: FreezePlan) -> None:
    run = toy_run(plan=last_toy_block, fit=FitConfig(batch_size=5))

    def on(event: Event) -> None:
        if isinstance(event, PhaseStarted) and event.phase == "fine-tune":
            run.request_stop()

    report, heard = trained(run, on)
    assert report["stopped"] is True
    assert set(report["phases"]) == {"head"}
    assert messages(heard).count(str(UNTUNED)) == 1
    assert not epochs(heard, "fine-tune")


def test_a_stop_while_fine_tuning_keeps_the_best_so_far(toy_run: Make, last_toy_block: FreezePlan) -> None:
    run = toy_run(plan=last_toy_block, fine_tune=PhaseConfig(500, 1e-3), fit=FitConfig(batch_size=5, patience=0))

    def on(event: Event) -> None:
        if isinstance(event, EpochEnded) and event.phase == "fine-tune":
            run.request_stop()

    report, heard = trained(run, on)
    assert len(epochs(heard, "fine-tune")) == 1
    assert report["stopped"] is True
    assert report["phases"]["fine-tune"]["ending"] == "stopped"


@pytest.mark.parametrize("step", ["photos", "features"])
def test_a_stop_before_the_first_epoch_leaves_no_model(toy_run: Make, step: str) -> None:
    run = toy_run()
    heard: list[Event] = []

    def emit(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Progress) and str(event.step) == step:
            run.request_stop()

    assert train(workspace(), run, emit) is None
    assert "there is no classifier" in messages(heard)
    assert not run.model_path.exists()
    assert run.report() is None


def test_a_loss_that_is_no_number_ends_the_run_with_advice(toy_run: Make) -> None:
    run = toy_run(head=PhaseConfig(9, 10.0), fit=FitConfig(batch_size=5, optimizer="sgd"))
    manifest = run.manifest()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batches, "epoch", _poisoned(Batches.epoch, first=1))
        with pytest.raises(RunError, match=r"learning rate of 10\. Choose a lower one, such as 0\.002\."):
            train(workspace(), run, lambda event: None)
    assert not run.model_path.exists()
    later = toy_run(manifest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batches, "epoch", _poisoned(Batches.epoch, first=3))
        report, heard = trained(later)
    assert len(epochs(heard)) == 2
    assert report["phases"]["head"]["ending"] == "diverged"
    assert "such as 0.002" in messages(heard)
    assert report["val_accuracy"] >= 0.5


def _poisoned(epoch: Callable[..., Any], first: int) -> Callable[..., Any]:
    """From the epoch `first` on, training batches hold values that no arithmetic survives."""

    def poisoned(self: Batches, number: int = 0) -> Any:
        for batch in epoch(self, number):
            bad = self.seed is not None and number >= first
            yield replace(batch, inputs=(batch.inputs[0] * np.float32("nan"),)) if bad else batch

    return poisoned


def test_a_model_that_answers_otherwise_than_trained_is_not_kept(
    toy_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "assemble", _with_wrong_scaling(training.assemble))
    run = toy_run(head=PhaseConfig(20, 3e-2))
    with pytest.raises(RunError, match="does not answer as the trained one did"):
        train(workspace(), run, lambda event: None)
    assert not run.model_path.exists()
    assert not run.labels_path.exists()
    assert run.report() is None


def _with_wrong_scaling(assemble: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
    def wrong(*args: Any) -> keras.Model:
        model = assemble(*args)
        photo = keras.Input((16, 16, 3))
        outer = keras.Model(photo, model(photo / 255.0))
        outer.get_layer = model.get_layer
        return outer

    return wrong


def test_photos_that_vanish_are_skipped_and_reported(toy_run: Make) -> None:
    run = toy_run()
    victim = run.manifest().of("train")[0]
    Path(victim.path).unlink()
    report, heard = trained(run)
    assert [item["photo"] for item in report["skipped"]] == [victim.name]
    assert report["photos"]["train"] == {"blue": 11, "red": 12}
    assert victim.name in messages(heard)


def test_refusals_before_anything_is_computed(toy_run: Make, toy_manifest: Callable[..., Manifest]) -> None:
    manifest = toy_manifest()
    unchecked = tuple(photo for photo in manifest.photos if (photo.label, photo.split) != (1, "validation"))
    with pytest.raises(DataError, match='"red" has no photo to check on'):
        train(workspace(), toy_run(replace(manifest, photos=unchecked)), lambda event: None)
    with pytest.raises(ConfigError, match="no layer called 'block9'"):
        train(workspace(), toy_run(manifest, plan=FreezePlan(("block9",))), lambda event: None)


def test_one_photo_in_two_splits_is_warned_of(toy_run: Make, toy_manifest: Callable[..., Manifest]) -> None:
    manifest = toy_manifest()
    leaked: ManifestPhoto = replace(manifest.photos[0], split="validation", name="blue/again.png")
    report, heard = trained(toy_run(replace(manifest, photos=(*manifest.photos, leaked))))
    assert report["leaks"] == [["blue/train0-0.png", "blue/again.png"]]
    assert "blue/train0-0.png and blue/again.png are the same photo" in messages(heard)


def test_photos_that_belong_together_in_two_splits_are_warned_of(
    toy_run: Make, toy_manifest: Callable[..., Manifest]
) -> None:
    manifest = toy_manifest()
    names = [one.name for one in (manifest.of("train")[0], manifest.of("validation")[0])]
    grouped = (replace(one, group="series") if one.name in names else one for one in manifest.photos)
    report, heard = trained(toy_run(replace(manifest, photos=tuple(grouped))))
    assert report["near_leaks"] == [names] and report["leaks"] == [] and report["leaked"] == {"validation": 1}
    assert "nearly the same or taken in one go, and in different splits" in messages(heard)


def test_small_classes_count_as_much_as_large_ones() -> None:
    labels = np.array([0] * 30 + [1] * 10, np.int32)
    weights = class_weights(labels, 2)
    assert weights[0] * 30 == pytest.approx(weights[1] * 10)
    assert weights[labels].mean() == pytest.approx(1)


def test_an_epoch_holds_every_photo_once_in_an_order_of_its_own() -> None:
    rows = np.arange(100, 123)
    batches = Batches((np.arange(200),), rows, np.zeros(23, np.int32), 5, seed=3)
    first, again, second = ([list(batch.inputs[0]) for batch in batches.epoch(number)] for number in (1, 1, 2))
    assert first == again != second
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(rows)
    assert [len(batch) for batch in first] == [5, 5, 5, 5, 3]
    assert len(batches) == 5


def test_the_eta_covers_all_phases_to_come(toy_run: Make, last_toy_block: FreezePlan) -> None:
    trained(toy_run())  # from now on the tree is known, and with it what the phases will take
    _, heard = trained(toy_run(plan=last_toy_block, fit=FitConfig(batch_size=5, patience=0)))
    assert all(event.eta is not None and event.eta > 0 for event in epochs(heard))
    # Saving and checking still lie ahead after the last epoch.
    assert epochs(heard)[-1].eta >= 1


def test_a_run_notes_how_fast_this_machine_is(toy_run: Make, monkeypatch: pytest.MonkeyPatch, thaw_home: Path) -> None:
    monkeypatch.setattr(estimates, "_SMALLEST_TIME", 0)
    monkeypatch.setattr(estimates, "_FEWEST_PHOTOS", 1)
    assert not estimates.machine_speed(workspace(), "Toy").measured
    trained(toy_run(plan=FreezePlan(("block2_conv",))))
    speeds = json.loads((thaw_home / "cache" / "speed.json").read_text())["Toy"]
    assert set(speeds) == {"forward", "train"}
    assert estimates.machine_speed(workspace(), "Toy").measured


def test_one_photo_is_watched_through_every_epoch_and_its_answers_are_those_of_the_network(
    toy_run: Make, last_toy_block: FreezePlan
) -> None:
    run = toy_run(plan=last_toy_block)
    report, heard = trained(run)
    told = epochs(heard)
    assert {event.watched for event in told} == {run.manifest().of("validation")[0].sha256}
    assert all(sum(event.shares) == pytest.approx(1) for event in told)
    assert len({tuple(event.shares) for event in told}) > 1
    assert [from_dict(to_dict(event)) for event in told] == told
    # One that learns the head alone keeps its best epoch: what the saved network says, before its temperature.
    run = toy_run(head=PhaseConfig(1, 1e-2))
    report, heard = trained(run)
    loaded = keras.models.load_model(run.model_path)
    logits = np.log(loaded.predict(pictures(run)[:1], verbose=0)[0]) * report["temperature"]
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert epochs(heard)[0].shares == pytest.approx(expected.tolist(), abs=1e-4)
