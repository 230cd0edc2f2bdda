"""The sweep's arithmetic: which photos, which trial next, which depth to recommend, and how it is said."""

import hashlib
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pages.layers.test_page import toy_tree
from tests.support import workspace
from transfer_core.backbones.freeze_plan import FreezePlan, from_block
from transfer_core.backbones.tree import LayerFacts, LayerTree, Node
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.folds import fitting
from transfer_core.labs.sweep.folds import Counts, counts, fold, fold_count, usable
from transfer_core.labs.sweep.result import build_result, trial_seconds
from transfer_core.labs.sweep.schedule import SweepState, Trial, chosen_rates, forecast, next_trial
from transfer_core.labs.sweep.settings import HEAD, SETUP_SECONDS, Depth, Settings, depths
from transfer_core.labs.sweep.verdict import front, judge
from transfer_core.labs.sweep.wording import conclude, how_sure, photos_needed
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.stats.paired import PairedComparison

COUNTS = Counts(60, 10, 18)


def manifest(sizes: list[tuple[int, int]], test: int = 0) -> Manifest:
    """Classes of so many (training, validation) photos each."""
    photos = []
    for label, (train, validation) in enumerate(sizes):
        for split, count in (("train", train), ("validation", validation), ("test", test)):
            for index in range(count):
                name = f"{label}/{split}{index}"
                photos.append(ManifestPhoto(hashlib.sha256(name.encode()).hexdigest(), name, name, label, split))  # type: ignore[arg-type]
    return Manifest(tuple(f"class {label}" for label in range(len(sizes))), tuple(photos))


@given(st.lists(st.tuples(st.integers(2, 30), st.integers(1, 12)), min_size=2, max_size=4), st.integers(1, 8))
def test_no_photo_is_measured_twice_and_none_has_two_parts(sizes: list[tuple[int, int]], most: int) -> None:
    photos = usable(manifest(sizes, test=2))
    parts = [fold(photos, repeat) for repeat in range(fold_count(photos, most))]
    assert 1 <= len(parts) <= most
    measured = [photo.sha256 for part in parts for photo in part.of("test")]
    assert len(measured) == len(set(measured)) and measured
    assert {photo.sha256 for photo in parts[0].of("test")} == {photo.sha256 for photo in photos.of("validation")}
    for part in parts:
        assert [replace(photo, split="train") for photo in part.photos] == [
            replace(photo, split="train") for photo in photos.photos
        ]
        assert all(part.counts()["train"].values()) and all(part.counts()["validation"].values())
        assert counts(part).total == len(photos.photos)


@given(st.lists(st.integers(1, 6), min_size=6, max_size=14), st.integers(1, 8))
def test_photos_that_belong_together_are_learned_from_or_measured_on(sizes: list[int], most: int) -> None:
    whole = manifest([(sum(sizes), 4), (20, 4)])
    groups = iter([f"group {number}" for number, size in enumerate(sizes) for _ in range(size)])
    photos = usable(
        replace(
            whole,
            photos=tuple(
                replace(one, group=next(groups)) if (one.label, one.split) == (0, "train") else one
                for one in whole.photos
            ),
        )
    )
    parts = [fold(photos, repeat) for repeat in range(fold_count(photos, most))]
    measured = [photo.sha256 for part in parts for photo in part.of("test")]
    assert len(measured) == len(set(measured)) and all(part.of("test") for part in parts)
    for part in parts:
        sides: dict[str, set[str]] = {}
        for one in part.photos:
            sides.setdefault(one.unit, set()).add("test" if one.split == "test" else "learned")
        assert all(len(side) == 1 for side in sides.values())


def test_groups_too_large_for_the_choice_are_still_whole() -> None:
    names = [hashlib.sha256(f"{n}".encode()).hexdigest() for n in range(60)]
    photos = [ManifestPhoto(sha, sha, sha, 0, "train", None, f"group {n // 10}") for n, sha in enumerate(names)]
    chosen = fitting(photos, 8, "choose")
    assert len(chosen) == 10 and len({photo.unit for photo in photos if photo.sha256 in chosen}) == 1


def test_a_fifth_for_validation_makes_five_rounds_of_all_photos() -> None:
    photos = usable(manifest([(40, 10), (40, 10)]))
    parts = [fold(photos, repeat) for repeat in range(fold_count(photos, 9))]
    assert [counts(part) for part in parts] == [Counts(70, 10, 20)] * 5


def test_photos_to_be_tested_on_later_stay_out() -> None:
    assert not usable(manifest([(4, 2), (4, 2)], test=3)).of("test")


def test_too_few_photos_are_refused_with_how_many_are_needed() -> None:
    with pytest.raises(DataError, match=r'"class 1" has 1 photo to learn from, but a sweep needs at least 2 of each'):
        usable(manifest([(5, 2), (1, 1)]))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"budget": 0}, "budget must be a number of minutes"),
        ({"budget": math.nan}, "budget must be a number of minutes"),
        ({"budget": "5"}, "budget must be a number of minutes"),
        ({"cuts": "top"}, "names of blocks"),
        ({"rates": ()}, "at least one learning rate"),
        ({"rates": (20.0,)}, "learning rate must be"),
        ({"repeats": 0}, "number of repeats"),
        ({"epochs": 0}, "at least 1 epoch"),
        ({"head_epochs": 0}, "at least 1 epoch"),
        ({"batch_size": 0}, "batch size"),
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Settings(**wrong)


def test_depths_go_from_the_head_to_the_whole_base() -> None:
    found = depths(workspace(), toy_tree(), Settings(), 2, COUNTS)
    assert [depth.name for depth in found[:5]] == [HEAD, "block2b", "block2a", "block1a", "block0a"]
    assert found[0].plan == FreezePlan() and found[4].plan == from_block(toy_tree(), "block0a")
    parameters = [depth.trainable_parameters for depth in found[:5]]
    assert parameters == sorted(set(parameters)) and parameters[0] == 22
    seconds = [depth.seconds for depth in found[1:5]]
    assert seconds == sorted(seconds)
    assert found[1].values == 8 * 8 * 10 and found[4].values == 0  # the photo itself is not cached again


def test_the_first_and_the_middle_stage_are_tried_by_themselves_at_the_end() -> None:
    found = depths(workspace(), toy_tree(), Settings(), 2, COUNTS)
    assert [depth.name for depth in found[5:]] == ["stage0 alone", "stage1 alone"]
    first, middle = found[5:]
    everything = set(found[4].plan.trainable)
    assert first.plan.trainable and set(first.plan.trainable) < everything
    assert not set(first.plan.trainable) & set(middle.plan.trainable)
    assert str(first.words) == "stage0 alone"
    assert first.epoch_seconds > middle.epoch_seconds, "its gradient goes through all that follows"
    (wished,) = depths(workspace(), toy_tree(), Settings(cuts=("stage1 alone",)), 2, COUNTS)[1:]
    assert wished.plan == middle.plan
    with pytest.raises(ConfigError, match=r"has no stage called 'stage9'\. Its stages are: stage0"):
        depths(workspace(), toy_tree(), Settings(cuts=("stage9 alone",)), 2, COUNTS)


def test_named_cuts_are_put_in_order_behind_the_head() -> None:
    found = depths(workspace(), toy_tree(), Settings(cuts=("block0b", "head", "block2a")), 2, COUNTS)
    assert [depth.name for depth in found] == [HEAD, "block2a", "block0b"]
    with pytest.raises(ConfigError, match="no block called 'block9'"):
        depths(workspace(), toy_tree(), Settings(cuts=("block9",)), 2, COUNTS)


def test_a_cut_behind_all_weights_is_refused() -> None:
    tree = toy_tree()
    last = Node("end_relu", "layer", 0, (8, 8, 10), (), LayerFacts("ReLU", ("block2b_relu",), 0, 10))
    end = Node("end", "stage", 0, (8, 8, 10), (Node("end", "block", 0, (8, 8, 10), (last,)),))
    longer = LayerTree(replace(tree.root, children=(*tree.root.children, end)), tree.input_size)
    with pytest.raises(ConfigError, match="From end on, Toy has no weights"):
        depths(workspace(), longer, Settings(cuts=("end",)), 2, COUNTS)
    assert [depth.name for depth in depths(workspace(), longer, Settings(), 2, COUNTS)][:2] == [HEAD, "block2b"]


ORDER = (HEAD, "c", "b", "a")
FIRST = Trial(HEAD, 2e-3, 0)


def carried_out(seconds: dict[str, float], minutes: float, behind: frozenset[str] = frozenset()) -> list[Trial]:
    """What is tried when every trial takes what was expected."""
    done: dict[Trial, float] = {}
    spent = 0.0
    settings = Settings(minutes)
    while trial := next_trial(ORDER, settings, SweepState(done, spent, seconds, 3, behind & {t.depth for t in done})):
        assert trial not in done
        done[trial] = 1.0
        spent += seconds[trial.depth]
    assert spent <= minutes * 60 or list(done) == [FIRST]
    return list(done)


def test_with_time_for_all_the_first_look_comes_first_then_the_rounds() -> None:
    trials = carried_out({HEAD: 1, "c": 2, "b": 3, "a": 4}, 10)
    look = [Trial(*one, 0) for one in (("c", 1e-4), ("c", 3e-4), ("b", 1e-4), ("a", 1e-4), ("b", 3e-4), ("a", 3e-4))]
    rounds = [Trial(name, 2e-3 if name == HEAD else 1e-4, repeat) for repeat in (1, 2) for name in ORDER]
    assert trials == [FIRST, *look, *rounds]


def test_the_first_look_leaves_half_of_the_budget_to_repeats() -> None:
    trials = carried_out({HEAD: 1, "c": 4, "b": 20, "a": 25}, 1)
    assert trials[1:5] == [Trial("c", 1e-4, 0), Trial("c", 3e-4, 0), Trial("b", 1e-4, 0), Trial(HEAD, 2e-3, 1)]
    assert not [trial for trial in trials if trial.depth == "a"]


def test_what_does_not_fit_is_left_out_but_the_head_is_always_trained() -> None:
    assert carried_out({HEAD: 90, "c": 5, "b": 6, "a": 7}, 1) == [FIRST]
    # The first depth may take more than half: without it there would be nothing to compare.
    assert carried_out({HEAD: 1, "c": 50, "b": 60, "a": 70}, 1)[:2] == [FIRST, Trial("c", 1e-4, 0)]


def test_the_head_is_repeated_only_where_it_can_be_compared() -> None:
    trials = carried_out({HEAD: 1, "c": 25, "b": 90, "a": 90}, 1)
    assert trials == [FIRST, Trial("c", 1e-4, 0), Trial(HEAD, 2e-3, 1), Trial("c", 1e-4, 1)]
    # Where nothing else fits, more photos at least narrow its interval.
    assert [trial.repeat for trial in carried_out({HEAD: 1, "c": 90, "b": 90, "a": 90}, 1)] == [0, 1, 2]


def test_a_depth_begins_with_the_rate_that_did_best_at_the_one_before() -> None:
    seconds = dict.fromkeys(ORDER, 1.0)
    done = {FIRST: 0.5, Trial("c", 1e-4, 0): 0.5, Trial("c", 3e-4, 0): 0.3}
    assert next_trial(ORDER, Settings(), SweepState(done, 3.0, seconds, 3)) == Trial("b", 3e-4, 0)


def test_depths_that_are_behind_get_no_more_time() -> None:
    trials = carried_out({HEAD: 1, "c": 2, "b": 3, "a": 4}, 10, frozenset({HEAD, "b"}))
    assert {trial.depth for trial in trials if trial.repeat} == {"c", "a"}
    assert Trial("b", 3e-4, 0) not in trials


def test_the_rate_is_chosen_by_the_loss_of_the_first_round() -> None:
    done = {FIRST: 0.4, Trial("c", 1e-4, 0): 0.5, Trial("c", 3e-4, 0): 0.3, Trial("c", 1e-4, 1): 0.1}
    assert chosen_rates(done) == {HEAD: 2e-3, "c": 3e-4}
    assert chosen_rates({Trial("c", 1e-4, 0): 0.5, Trial("c", 3e-4, 0): 0.5}) == {"c": 1e-4}


@given(st.floats(0.01, 20), st.lists(st.floats(0.1, 400), min_size=4, max_size=4))
def test_no_budget_is_overdrawn(minutes: float, costs: list[float]) -> None:
    carried_out(dict(zip(ORDER, costs, strict=True)), minutes)


def test_a_forecast_ends_within_the_budget() -> None:
    found = depths(workspace(), toy_tree(), Settings(0.2), 2, COUNTS)
    trials = forecast(found, Settings(0.2), 5)
    assert trials[0] == FIRST
    assert sum(next(d.seconds for d in found if d.name == t.depth) for t in trials) <= 0.2 * 60
    assert len(forecast(found, Settings(20), 5)) > len(trials)


def trial(name: str, right: str, repeat: int = 0, **more: Any) -> dict[str, Any]:
    """An entry of `trials` as far as the judging needs it."""
    parameters = {HEAD: 10, "stage1 alone": 50, "c": 100, "b": 200, "a": 300}[name]
    return {
        "train_from": name,
        "rate": 2e-3 if name == HEAD else 1e-4,
        "repeat": repeat,
        "right": right,
        "choice_loss": 1.0,
        "seconds": float(parameters),
        "fit_seconds": 12.0,
        "epoch_seconds": 1.0,
        "epochs": 10,
        "best_epoch": 5,
        "trainable_parameters": parameters,
    } | more


def test_the_head_is_recommended_when_a_better_depth_is_within_noise() -> None:
    verdict = judge([trial(HEAD, "1" * 30 + "0" * 10), trial("c", "1" * 33 + "0" * 7)])
    assert (verdict.best, verdict.recommended) == ("c", HEAD)
    assert verdict.pairs[HEAD] == PairedComparison(40, 3, 0) and verdict.p_values[HEAD] == 0.25


def test_a_depth_that_is_significantly_better_is_recommended() -> None:
    answers = {HEAD: "1" * 20 + "0" * 20, "c": "1" * 39 + "0", "b": "1" * 40}
    verdict = judge([trial(name, right) for name, right in answers.items()])
    assert (verdict.best, verdict.recommended, verdict.behind) == ("b", "c", {HEAD})
    # Holm: the smallest p-value counts twice where two depths are compared.
    assert verdict.p_values[HEAD] == pytest.approx(2 * 2 / 2**20) and verdict.p_values["c"] == 1.0


def test_a_lead_on_easier_photos_is_none() -> None:
    trials = [trial(HEAD, "10" * 10), trial("c", "11" * 5 + "10" * 5), trial("b", "11" * 5 + "10" * 5)]
    trials += [trial(HEAD, "10" * 20, repeat=1), trial("c", "10" * 20, repeat=1)]
    verdict = judge(trials)
    assert verdict.gains["b"] > verdict.gains["c"] > 0  # on other photos
    assert verdict.best == "c" and front(verdict) == {HEAD, "c"}


def test_at_a_draw_the_shallowest_is_best() -> None:
    verdict = judge([trial("a", "1110"), trial(HEAD, "1101"), trial("c", "1011")])
    assert (verdict.best, verdict.recommended) == (HEAD, HEAD)


def test_depths_measured_on_easier_photos_gain_nothing_by_it() -> None:
    verdict = judge([trial(HEAD, "1" * 10), trial("c", "1" * 9 + "0"), trial(HEAD, "0" * 10, repeat=1)])
    assert verdict.result("c").accuracy > verdict.result(HEAD).accuracy
    assert verdict.gains == {HEAD: 0.0, "c": pytest.approx(-0.1)} and verdict.best == HEAD
    assert verdict.result(HEAD).photos == 20 and verdict.pairs["c"].photos == 10


def test_trials_with_a_rate_that_was_not_chosen_do_not_count() -> None:
    verdict = judge([trial(HEAD, "10"), trial("c", "11"), trial("c", "00", rate=3e-4, choice_loss=0.5)])
    assert verdict.result("c").rate == 3e-4 and verdict.result("c").accuracy == 0


def test_the_front_holds_what_nothing_else_beats() -> None:
    trials = [trial(HEAD, "1100"), trial("c", "1000"), trial("b", "1110"), trial("a", "1110", seconds=1.0)]
    verdict = judge(trials)
    assert front(verdict) == {HEAD, "b", "a"}
    assert front(verdict, ["trainable_parameters"]) == {HEAD, "b"}
    assert front(verdict, ["seconds"]) == {"a"}


@given(st.lists(st.text("01", min_size=8, max_size=8), min_size=4, max_size=4))
def test_the_advice_is_never_deeper_than_the_best_and_never_behind_it(answers: list[str]) -> None:
    verdict = judge([trial(name, right) for name, right in zip(ORDER, answers, strict=True)])
    names = [result.name for result in verdict.results]
    assert names.index(verdict.recommended) <= names.index(verdict.best)
    assert verdict.recommended not in verdict.behind
    assert verdict.recommended in front(verdict, ["trainable_parameters"]) or verdict.recommended != verdict.best
    assert verdict.best in front(verdict)


def depth(name: str, epoch_seconds: float) -> Depth:
    epochs = 50 if name == HEAD else 10
    plan = FreezePlan() if name == HEAD else FreezePlan((name,))
    return Depth(name, plan, 10, SETUP_SECONDS + epochs * epoch_seconds, epoch_seconds, (), 0, 1.0)


DEPTHS = [depth(HEAD, 0.02), depth("c", 0.5), depth("b", 1.0), depth("a", 2.0)]


def test_seconds_are_estimates_until_they_are_measured() -> None:
    assert trial_seconds(DEPTHS, Settings(), []) == {one.name: one.seconds for one in DEPTHS}
    measured = [trial("c", "1", epoch_seconds=1.5, fit_seconds=5.0, epochs=2)]
    seconds = trial_seconds(DEPTHS, Settings(), measured)
    assert seconds["c"] == 2 + 10 * 1.5
    assert seconds["a"] == 2 + 10 * 2.0 * 3  # this machine is three times slower than thought


def conclusion(trials: list[dict[str, Any]], budget: float = 5, complete: bool = True) -> str:
    found = build_result(DEPTHS, Settings(budget), trials, {}, complete=complete)
    return str(found["how_sure"])


def test_a_stage_by_itself_is_recommended_only_where_it_leads() -> None:
    trials = [trial(HEAD, "0" * 20), trial("stage1 alone", "1" * 20), trial("a", "1" * 20)]
    verdict = judge(trials)
    assert [result.name for result in verdict.results] == [HEAD, "a", "stage1 alone"]
    assert verdict.recommended == "a", "few parameters make it no shallower depth"
    assert "against the head alone: stage1 +100.0 points." in str(how_sure(verdict, trials, [], 5))
    trials[2] = trial("a", "0" * 20)
    assert judge(trials).recommended == "stage1 alone"
    assert str(conclude(judge(trials), True)).startswith("Fine-tune stage1 alone: it is right more often")


def test_the_conclusion_says_within_noise_and_how_many_photos_would_tell() -> None:
    words = conclusion([trial(HEAD, "1" * 30 + "0" * 10), trial("c", "1" * 33 + "0" * 7)])
    assert words.startswith("Train the head alone: it gets 75.0% of 40 photos right (95% interval 59.8% to 85.8%).")
    assert "from c on, fixes 3 of the same 40 photos and breaks 0 (p = 0.25)" in words
    assert "within noise, and about 100 photos would be needed to show it, if it is real." in words
    assert "2 others did not fit into 5 minutes." in words


def test_the_conclusion_says_why_the_head_is_not_enough() -> None:
    words = conclusion([trial(HEAD, "1" * 20 + "0" * 20), trial("c", "1" * 40)])
    assert words.startswith("Fine-tune from c on: it gets 100.0% of 40 photos right")
    assert "The head alone is worse than from c on: 20 photos fixed, 0 broken of 40 (p < 0.001)." in words


def test_a_correction_that_changes_the_verdict_is_told() -> None:
    answers = {HEAD: "1" * 34 + "0" * 6, "c": "1" * 40, "b": "1" * 39 + "0"}
    words = conclusion([trial(name, right) for name, right in answers.items()])
    assert words.startswith("Train the head alone")
    assert "(p = 0.03, 0.06 when corrected for 2 comparisons): the difference is within noise" in words


def test_the_conclusion_of_a_draw_between_shallow_and_deep() -> None:
    words = conclusion([trial(HEAD, "1100"), *(trial(name, "1100", best_epoch=0) for name in "cba")])
    assert "None of the 3 others that were tried did better" in words and "did not fit" not in words
    assert "In no training of deeper layers did an epoch lower the loss" in words
    assert "With 4 photos to measure on, no difference can be significant: that takes 6 at the very least" in words


def test_a_budget_for_the_head_alone_is_said_with_one_that_would_do() -> None:
    words = conclusion([trial(HEAD, "110")], budget=0.2)
    assert "The budget of 0.2 minutes was enough for the head alone, so there is nothing to compare" in words
    assert "Training from c on would take about" in words and "minutes or longer" in words


def test_while_it_goes_on_it_speaks_of_what_there_is_so_far() -> None:
    assert "Deeper cuts come next." in conclusion([trial(HEAD, "110")], complete=False)
    words = conclusion([trial(HEAD, "110"), trial("c", "110")], complete=False)
    assert words.startswith("So far: Train the head alone") and "did not fit" not in words


def test_the_result_holds_what_the_command_promises() -> None:
    found = build_result(DEPTHS, Settings(), [trial(HEAD, "1100"), trial("c", "1110")], {"spent": 3.0})
    assert found["recommended"] == HEAD and found["best"] == "c" and found["within_noise"] and found["spent"] == 3.0
    assert [row["train_from"] for row in found["depths"]] == [HEAD, "c"]
    assert [row["train_from"] for row in found["untried"]] == ["b", "a"]
    for row in found["trials"]:
        assert {"train_from", "seconds", "trainable_parameters", "rate", "repeats", "pareto"} <= set(row)
    against = found["depths"][0]["against_best"]
    assert (against["fixed"], against["broken"], against["p_value"]) == (1, 0, 1.0)
    assert build_result(DEPTHS, Settings(), [], {}) == {"trials": [], "depths": []}


def test_photos_needed_grow_as_the_difference_shrinks() -> None:
    assert photos_needed(PairedComparison(100, 5, 5)) is None
    wide, narrow = photos_needed(PairedComparison(100, 10, 2)), photos_needed(PairedComparison(100, 10, 8))
    assert wide is not None and narrow is not None and wide < 200 < narrow
