"""The recipe lab: what is refused, what is concluded from figures, and the whole of it on the toy base."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import workspace
from transfer_core.__main__ import main
from transfer_core.backbones.catalog import Base
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.experiment import ExperimentConfig, create_experiment, experiment_config, read_result
from transfer_core.labs.recipe.loss_vs_accuracy import find_rise, weightiest
from transfer_core.labs.recipe.settings import VARIANTS, Settings, check_photos, stage_seconds
from transfer_core.labs.recipe.wording import compared, findings, how_sure
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import BaseConfig
from transfer_core.runs.events import Event, Progress
from transfer_core.runs.folder import Run
from transfer_core.stats.paired import PairedComparison
from transfer_core.text import restored, stored
from transfer_core.worker import job as worker

QUICK: dict[str, Any] = {"head_epochs": 3, "fine_tune_epochs": 2, "scratch_epochs": 2, "photo_variants": 2}
BITS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60)
LOSSES = st.lists(st.tuples(st.floats(0, 80), st.floats(0, 80)), min_size=1, max_size=30)


def found(right: list[int], **more: Any) -> dict[str, Any]:
    """A variant as the result holds it."""
    accuracy = sum(right) / len(right)
    epochs = [{"epoch": 1, "val_loss": 2.5}, {"epoch": 2, "val_loss": 0.5}]
    value = {"val_accuracy": accuracy, "interval": [0.1, 0.9], "val_loss": 0.5, "right": right, "seconds": 9.0}
    value |= {"base_drift": 0.01, "learning_rate": 1e-5, "start": {"val_loss": 1.0}, "epochs": epochs}
    return value | {"first_gradient": 0.5} | more


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"variants": ("distilled",)}, "no variant 'distilled'"),
        ({"variants": ()}, "Choose at least one"),
        ({"head_epochs": 1}, "at least 2 epochs; 1 came for the head"),
        ({"fine_tune_epochs": -3}, "number of epochs"),
        ({"fine_tune_rate": 0}, "learning rate"),
        ({"photo_variants": 0}, "number of variants"),
        ({"batch_size": 0}, "batch size"),
        ({"train_from": 7}, "by its name; 7 came"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Settings(**settings)


def test_variants_are_done_in_the_order_of_the_recipe() -> None:
    assert Settings(variants=("from_scratch", "augmented", "augmented")).variants == ("augmented", "from_scratch")


def test_too_few_photos_are_refused_with_how_many_are_needed(toy_manifest: Callable[..., Manifest]) -> None:
    with pytest.raises(DataError, match="at least 10 photos to check, and there are 6"):
        check_photos(toy_manifest(8, 3))
    with pytest.raises(DataError, match="at least 10 photos to learn from, and there are 8"):
        check_photos(toy_manifest(4, 6))


def test_shared_stages_count_for_each_variant() -> None:
    stages = {"features": 1, "feature_extraction": 2, "augmented features": 10, "augmented": 20, "skipped": 100}
    assert stage_seconds("feature_extraction", stages) == 3
    assert stage_seconds("augmented", stages) == 30
    assert stage_seconds("skipped", stages) == 110
    assert stage_seconds("fine_tuned", stages | {"fine_tuned": 100}) == 130


@given(BITS)
def test_a_comparison_counts_the_photos_that_changed(pairs: list[tuple[int, int]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = PairedComparison.of(first, second), PairedComparison.of(second, first)
    assert there.fixed - there.broken == sum(second) - sum(first)
    assert (there.fixed, there.broken, there.p_value) == (back.broken, back.fixed, back.p_value)
    unsure = "within noise" in str(compared(there)) or "may be chance" in str(compared(there))
    assert unsure is not there.significant


def test_the_conclusion_says_within_noise_and_really_worse_where_they_are() -> None:
    good, alike, bad = [1] * 38 + [0] * 2, [1] * 37 + [0] * 2 + [1], [1] * 12 + [0] * 28
    words = str(
        how_sure(
            {
                "feature_extraction": found(alike),
                "fine_tuned": found(good),
                "skipped": found(bad),
                "skipped_fast": found(alike),
            }
        )
    )
    assert "feature extraction 95% (10 to 90%), fine-tuned 95%" in words
    assert "that is within noise (1 photo fixed, 1 broken)" in words
    assert "with step 3 skipped 30% (really worse)" in words
    assert "step 3 skipped and too fast 95% (no real difference)" in words
    few = {"fine_tuned": found([1] * 10), "from_scratch": found([1, 0] * 5)}
    assert "from scratch 50% (too few photos to be sure)" in str(how_sure(few))
    (scratch,) = findings(few)
    assert "against fine-tuned, a loss that may be chance (0 photos fixed, 5 broken)" in str(scratch)
    assert "a real gain (26 photos fixed, 0 broken)" in str(
        how_sure({"feature_extraction": found(bad), "fine_tuned": found(good)})
    )


@pytest.mark.parametrize("names", [[], ["skipped"], ["from_scratch"], ["fine_tuned"], ["augmented", "from_scratch"]])
def test_any_part_of_the_recipe_has_a_conclusion(names: list[str]) -> None:
    variants = {name: found([1, 0, 1]) for name in names}
    assert str(how_sure(variants)).endswith(".")
    assert all(str(sentence).endswith(".") for sentence in findings(variants))


def test_the_findings_tell_the_peak_the_gradient_and_the_drift() -> None:
    kept = found([1] * 20, first_gradient=0.1, base_drift=0.0008)
    left = found([0] * 20, first_gradient=2.5, base_drift=0.0009, start={"val_loss": 3.0})
    (words,) = map(str, findings({"fine_tuned": kept, "skipped": left}))
    assert "began at 1.00 after step 3 and at 3.00 without it, rose to at most 2.50 and 3.00" in words
    assert "25 times as long without step 3" in words
    assert "by 0.08% of its length after step 3 and by 0.09% without" in words
    assert "a real loss (0 photos fixed, 20 broken)" in words
    assert "still falling at the last epoch" in words
    assert "untrained head" not in words, "the base moved about as far"
    (words,) = map(str, findings({"fine_tuned": kept, "skipped": left | {"base_drift": 0.01}}))
    assert "the changes that an untrained head asks for undo what the base knew" in words


def test_all_variants_together_have_a_finding_each() -> None:
    assert len(findings({name: found([1, 0, 1, 1]) for name in VARIANTS})) == 6


def test_accuracy_up_and_loss_up_is_found_before_accuracy_alike() -> None:
    epochs = [(1.0, 0.5), (0.5, 0.8), (0.9, 0.8), (0.7, 0.9)]
    rise = find_rise(epochs)
    assert rise is not None and (rise.earlier, rise.later) == (1, 3)
    alike = find_rise(epochs[:3])
    assert alike is not None and (alike.earlier, alike.later, alike.accuracy) == (1, 2, 0)
    assert find_rise([(1.0, 0.5), (0.9, 0.6), (0.8, 0.6)]) is None
    assert find_rise([]) is None


@given(LOSSES)
def test_without_the_weightiest_photos_the_loss_does_not_rise(losses: list[tuple[float, float]]) -> None:
    before, after = [a for a, _ in losses], [b for _, b in losses]
    heavy = weightiest(before, after)
    assert heavy.rest_after <= heavy.rest_before + 1e-9
    assert len(set(heavy.photos)) == len(heavy.photos)
    changes = [after[place] - before[place] for place in heavy.photos]
    assert changes == sorted(changes, reverse=True)
    if heavy.photos:
        kept = set(range(len(before))) - set(heavy.photos[:-1])
        assert sum(after[place] - before[place] for place in kept) > -1e-6  # one fewer is not enough


@pytest.fixture
def make(tmp_path: Path, toy_base: Base, toy_manifest: Callable[..., Manifest]) -> Callable[..., Run]:
    """Ask for a recipe on the toy base."""

    def made(**settings: Any) -> Run:
        config = ExperimentConfig("recipe", Settings(**(QUICK | settings)), base=BaseConfig("toy", "none"))
        return create_experiment(tmp_path / "recipe", config, toy_manifest(12, 6))

    return made


def test_the_whole_recipe_on_a_toy(make: Callable[..., Run]) -> None:
    run, heard = make(train_from="block1_add"), []
    assert experiment_config(run).settings.head_epochs == 3
    status = worker.perform(workspace(), run, heard.append)
    assert status.state == "FINISHED", status.message
    result = read_result(run)
    assert result is not None and result["complete"]
    assert restored(json.loads(json.dumps(stored(result), allow_nan=False))) == result
    assert tuple(result["variants"]) == tuple(VARIANTS)
    for name, variant in result["variants"].items():
        assert len(variant["epochs"]) == (3 if name in ("feature_extraction", "augmented") else 2)
        assert len(variant["right"]) == 12 and variant["seconds"] > 0
        assert variant["val_accuracy"] == pytest.approx(np.mean(variant["right"]))
        assert (variant["base_drift"] > 0) is bool(VARIANTS[name].rate)
    kept, left = result["variants"]["fine_tuned"], result["variants"]["skipped"]
    # Step 5 goes on from the head of step 3; without step 3 it begins as any new head does.
    assert kept["start"]["val_loss"] == pytest.approx(result["variants"]["augmented"]["val_loss"], rel=1e-4)
    assert left["start"]["val_loss"] == pytest.approx(result["variants"]["augmented"]["start"]["val_loss"], rel=1e-4)
    # The base was put back in between: at one rate the first gradients differ by the head alone.
    fast = result["variants"]["fine_tuned_fast"]
    assert fast["first_gradient"] == pytest.approx(kept["first_gradient"], rel=1e-5)
    assert fast["base_drift"] > kept["base_drift"]
    shares = [event.done / event.total for event in heard if isinstance(event, Progress)]
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1
    assert result["unfrozen"] and "Right on new photos" in str(result["how_sure"])


def test_a_stopped_recipe_keeps_its_variants_and_goes_on(make: Callable[..., Run]) -> None:
    run = make(variants=("feature_extraction", "augmented", "skipped"))

    def stop(event: Event) -> None:
        if isinstance(event, Progress) and event.step == VARIANTS["skipped"].title:
            run.request_stop()

    assert worker.perform(workspace(), run, stop).state == "STOPPED"
    partial = read_result(run)
    assert partial is not None and set(partial["variants"]) == {"feature_extraction", "augmented"}
    run.stop_path.unlink()
    assert worker.perform(workspace(), run).state == "FINISHED"
    result = read_result(run)
    assert result is not None and set(result["variants"]) == {"feature_extraction", "augmented", "skipped"}
    assert result["variants"]["augmented"] == partial["variants"]["augmented"]
    assert result["stages"]["augmented features"] == partial["stages"]["augmented features"]


def test_a_rate_that_loses_the_loss_is_told_and_written(make: Callable[..., Run]) -> None:
    run = make(variants=("skipped_fast",), head_rate=10.0)
    assert worker.perform(workspace(), run).state == "FINISHED"
    result = read_result(run)
    assert result is not None and json.dumps(stored(result), allow_nan=False)


def test_a_block_that_is_not_there_is_named(make: Callable[..., Run]) -> None:
    status = worker.perform(workspace(), make(train_from="block9"))
    assert status.state == "FAILED" and "no block called 'block9'" in str(status.message)


def test_it_prints_what_the_contract_promises(
    toy_base: Base, toy_manifest: Callable[..., Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toy_manifest(20, 10)
    asked = ["recipe", str(tmp_path / "toy-photos"), "--base", "toy", "--weights", "none", "--epochs", "2"]
    asked += ["--variants", "feature_extraction, skipped", "--fine-tune-epochs", "2", "--train-from", "block2_add"]
    main([*asked, "--out", str(tmp_path / "out"), "--json"])
    result = json.loads(capsys.readouterr().out)
    assert set(result["variants"]) == {"feature_extraction", "skipped"} and result["conclusion"]
    for variant in result["variants"].values():
        assert {"val_accuracy", "seconds", "base_drift"} <= variant.keys()
    main(asked)
    words = capsys.readouterr().out
    assert "Feature extraction" in words and "base moved" in words and result["conclusion"][:20] in words


def test_too_few_photos_on_the_command_line(
    toy_base: Base, toy_manifest: Callable[..., Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toy_manifest(6, 3)
    with pytest.raises(SystemExit) as ended:
        main(["recipe", str(tmp_path / "toy-photos"), "--base", "toy", "--weights", "none"])
    assert ended.value.code == 2 and "at least 10 photos to check" in capsys.readouterr().err
