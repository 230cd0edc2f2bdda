"""What a sweep keeps and prints: its trials, the depths they add up to, the recommendation and what it costs."""

import statistics
from collections.abc import Sequence
from typing import Any

from transfer_core.labs.sweep.settings import SETUP_SECONDS, Depth, Settings
from transfer_core.labs.sweep.verdict import Verdict, front, judge
from transfer_core.labs.sweep.wording import Untried, conclude, how_sure

__all__ = ["build_result", "trial_seconds"]


def trial_seconds(depths: Sequence[Depth], settings: Settings, trials: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Seconds that a trial of each depth takes if no epoch is spared: measured where it was tried, elsewhere estimated
    and corrected by how far off the estimate was for the deepest shallower depth that was tried."""
    found: dict[str, float] = {}
    setup, factor = SETUP_SECONDS, 1.0
    for depth in depths:
        mine = [trial for trial in trials if trial["train_from"] == depth.name and trial["epochs"]]
        epochs = (depth.seconds - SETUP_SECONDS) / depth.epoch_seconds
        epoch = depth.epoch_seconds * factor
        if mine:
            epoch = statistics.median(trial["epoch_seconds"] for trial in mine)
            setup = statistics.median(trial["fit_seconds"] - trial["epochs"] * trial["epoch_seconds"] for trial in mine)
            setup = max(0.0, setup)
            # The head's epochs say little about those of the base.
            factor = epoch / depth.epoch_seconds if not depth.plan.head_only else 1.0
        found[depth.name] = setup + epochs * epoch
    return found


def build_result(
    depths: Sequence[Depth],
    settings: Settings,
    trials: Sequence[dict[str, Any]],
    more: dict[str, Any],
    *,
    complete: bool = True,
) -> dict[str, Any]:
    """The result as JSON, complete or not; nothing to conclude before the first trial has ended.

    Args:
        depths: all that may be tried.
        settings: what was asked.
        trials: those that ended, in order; see `experiments.sweep`.
        more: entries to add as they are.
        complete: whether nothing more will be tried.
    """
    if not trials:
        return {"trials": [], "depths": [], **more}
    verdict = judge(trials)
    seconds = trial_seconds(depths, settings, trials)
    tried = {result.name for result in verdict.results}
    untried = [Untried(depth.name, round(seconds[depth.name], 1)) for depth in depths if depth.name not in tried]
    best = front(verdict)
    rates = {result.name: result.rate for result in verdict.results}
    return {
        "trials": [
            trial
            | {
                "repeats": len(verdict.result(trial["train_from"]).right),
                "pareto": trial["train_from"] in best and trial["rate"] == rates[trial["train_from"]],
            }
            for trial in trials
        ],
        "depths": [_depth(verdict, result.name, result.name in best) for result in verdict.results],
        "recommended": verdict.recommended,
        "recommended_rate": rates[verdict.recommended],
        "best": verdict.best,
        "within_noise": verdict.recommended != verdict.best,
        "untried": [{"train_from": one.name, "seconds": one.seconds} for one in untried],
        **more,
        "conclusion": conclude(verdict, complete),
        "how_sure": how_sure(verdict, trials, untried if complete else None, settings.budget),
    }


def _depth(verdict: Verdict, name: str, pareto: bool) -> dict[str, Any]:
    result, pair = verdict.result(name), verdict.pairs.get(name)
    return {
        "train_from": name,
        "rate": result.rate,
        "trainable_parameters": result.trainable_parameters,
        "seconds": round(result.seconds, 2),
        "repeats": len(result.right),
        "photos": result.photos,
        "accuracy": result.accuracy,
        "interval": list(result.interval),
        "gain": verdict.gains[name],
        "against_best": None
        if pair is None
        else {
            "photos": pair.photos,
            "fixed": pair.fixed,
            "broken": pair.broken,
            "p_value": pair.p_value,
            "p_corrected": verdict.p_values[name],
        },
        "pareto": pareto,
    }
