"""The depth sweep: fine-tune at several cuts within a budget of minutes, from shared features and shared heads."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from transfer_core.disk import cache as cache_limit
from transfer_core.disk.arrays import content_key
from transfer_core.errors import RunError
from transfer_core.labs.run_bench import Bench
from transfer_core.labs.sweep.folds import counts, fold, fold_count, usable
from transfer_core.labs.sweep.result import build_result, trial_seconds
from transfer_core.labs.sweep.schedule import SweepState, Trial, forecast, next_trial
from transfer_core.labs.sweep.settings import HEAD, Depth, Settings, depths
from transfer_core.labs.sweep.time_budget import TimeBudget
from transfer_core.labs.sweep.verdict import judge, key
from transfer_core.nn.retracing import retracing_expected
from transfer_core.nn.training.callbacks import Fitted, Schedule
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.loop import fit
from transfer_core.nn.training.session import Session, prepare
from transfer_core.nn.training.steps import all_logits
from transfer_core.nn.training.sweep_features import share_features
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import FitConfig, RunConfig
from transfer_core.runs.events import EpochEnded, Event, Message, Progress, judged_loss
from transfer_core.runs.progress import Reporter
from transfer_core.stats.intervals import wilson
from transfer_core.text import Sentence

__all__ = ["run"]


_INTERVAL = 0.3  # seconds between two words of progress


def run(bench: Bench, clock: Callable[[], float] = time.perf_counter) -> dict[str, Any]:
    """Try the depths within the budget; trials that an interrupted go kept are not repeated.

    Each trial begins with the head of its repeat, trained once and shared by all depths, and fine-tunes as `thaw train`
    does: by the best loss on photos that are not learned from, the start competing. It is measured on photos that had
    no say in that.

    Args:
        bench: settings, photos, base.
        clock: seconds, for the budget.

    Returns:
        As `labs.sweep_result.build_result`. An entry of `trials`: `train_from`, `rate`, `repeat`, `seed`, `accuracy`,
        `interval` (95 % Wilson), `photos`, `right` (1 or 0 a photo measured), `seconds` (head and fine-tuning),
        `fit_seconds` (its own), `epoch_seconds` (median), `epochs`, `best_epoch` (0: as it began) and `share` (how
        far on the way there), `choice_loss`, `trainable_parameters`, `ending` (`done`, `early`, `diverged`, or
        `stopped`: by the end of the budget).

    Raises:
        DataError: too few photos.
        Stopped: a stop was asked for; what was kept stays.
    """
    cache_limit.limit_bytes(bench.workspace)  # a limit that is no number is refused before anything is computed
    sweep = _Sweep(bench, TimeBudget(bench.settings.budget * 60, clock, (bench.load() or {}).get("spent", 0.0)))
    with retracing_expected():
        sweep.resume()
        sweep.prepare_features()
        while trial := sweep.next():
            sweep.perform(trial)
    cache_limit.trim(bench.workspace)  # what was mapped may have held the caches above their limit
    return sweep.result()


@dataclass
class _Sweep:
    """One sweep at work."""

    bench: Bench
    time_budget: TimeBudget
    trials: list[dict[str, Any]] = field(default_factory=list)
    heads: dict[int, tuple[list[Any], float]] = field(default_factory=dict)
    """Weights of the head of each repeat, and the seconds it took."""
    features_seconds: float = 0.0
    told: float = -_INTERVAL
    """When progress was last told, by the machine's clock."""

    @property
    def settings(self) -> Settings:
        settings: Settings = self.bench.settings
        return settings

    @cached_property
    def session(self) -> Session:
        """Photos and base of all trials; what is computed for one is at hand for all."""
        reporter = self.reporter(Sentence("Reading the photos"))
        return prepare(self.bench.workspace, self.bench.run_config(), usable(self.bench.manifest), reporter)

    @cached_property
    def manifest(self) -> Manifest:
        """The photos that could be read."""
        return usable(self.session.manifest)

    @cached_property
    def folds(self) -> list[Manifest]:
        """The photos of each repeat."""
        return [fold(self.manifest, number) for number in range(fold_count(self.manifest, self.settings.repeats))]

    @cached_property
    def depths(self) -> dict[str, Depth]:
        """What may be tried, by name, cheapest first."""
        base, tree = self.session.backbone, self.session.tree  # the tree is stored when the base is built
        assert base is not None and tree is not None
        found = depths(self.bench.workspace, tree, self.settings, len(self.manifest.classes), counts(self.folds[0]))
        return {depth.name: depth for depth in found}

    @cached_property
    def identity(self) -> str:
        """Names these photos in these folds; trials of others can't be compared with them."""
        return content_key(
            self.session.origin.parts(), [[(photo.sha256, photo.split) for photo in part.photos] for part in self.folds]
        )

    def resume(self) -> None:
        """Take up the trials of an earlier go."""
        kept = self.bench.load()
        if not kept or not kept.get("trials"):
            return
        if kept.get("identity") == self.identity:
            self.trials = list(kept["trials"])
        else:
            self.bench.reporter.message(
                "The sweep starts again: its photos are not what they were when the earlier trials were made.", True
            )
            self.time_budget.before = 0.0

    def reporter(self, step: Sentence, *, overdraft: bool = False) -> Reporter:
        """A reporter for one part, which tells the budget's progress; with `overdraft`, it ends with the budget."""

        def hear(event: Event) -> None:
            if isinstance(event, Message):
                self.bench.reporter.emit(event)
            elif isinstance(event, Progress | EpochEnded) and time.perf_counter() - self.told >= _INTERVAL:
                self.told = time.perf_counter()
                self.bench.share(step, self.time_budget.share)

        stop = self.bench.reporter.stop
        reporter = Reporter(
            hear, (lambda: stop() or self.time_budget.overdrawn) if overdraft else stop, self.bench.reporter.beat
        )
        reporter.start("features")
        return reporter

    def prepare_features(self) -> None:
        """Compute the features of the depths that will probably be tried in one pass over the photos."""
        planned = {trial.depth for trial in forecast(list(self.depths.values()), self.settings, len(self.folds))}
        began = self.time_budget.clock()
        reporter = self.reporter(Sentence("Looking at the photos once"))
        share_features(
            _with(self.session, reporter=reporter),
            [
                (depth.frontier, depth.values)
                for depth in self.depths.values()
                if depth.name in planned and depth.name != HEAD
            ],
        )
        self.features_seconds += self.time_budget.clock() - began

    def next(self) -> Trial | None:
        """What to try now."""
        behind = judge(self.trials).behind if self.trials else frozenset[str]()
        done = {key(trial): trial["choice_loss"] for trial in self.trials}
        seconds = trial_seconds(list(self.depths.values()), self.settings, self.trials)
        for depth in self.depths.values():
            if depth.values and not any(name in self.session.found for name in depth.frontier):
                seconds[depth.name] += max(depth.features_seconds, self.features_seconds)
        standing = SweepState(done, self.time_budget.spent, seconds, len(self.folds), behind)
        return next_trial(list(self.depths), self.settings, standing)

    def perform(self, trial: Trial) -> None:
        """Do a trial and keep what came out; the head of its repeat comes first, and is kept as a trial too."""
        if trial.depth == HEAD or trial.repeat not in self.heads:
            self.train_head(trial.repeat)
        if trial.depth != HEAD:
            self.fine_tune(trial)
        self.bench.save(self.result(complete=False))

    def train_head(self, repeat: int) -> None:
        """Train the head of a repeat on the frozen base."""
        trial = Trial(HEAD, self.settings.head.rate, repeat)
        session, reporter = self.session_for(trial, FitConfig(batch_size=self.settings.batch_size))
        features = session.pooled_features().array
        began = self.time_budget.clock()
        network = head_network(
            features.shape[-1], len(self.manifest.classes), session.config.fit.dropout, session.config.seed
        )
        schedule = Schedule("head", self.settings.head, session.config.fit)
        record = self.fit(session, network, (features,), schedule, reporter)
        self.heads[repeat] = (network.read(), self.time_budget.clock() - began)
        if record is not None and all(key(done) != trial for done in self.trials):
            self.trials.append(self.describe(trial, record, self.heads[repeat][1], 0.0))

    def fine_tune(self, trial: Trial) -> None:
        """Fine-tune from the head of the trial's repeat, and put the base back as it was."""
        fitting = FitConfig(batch_size=self.settings.batch_size, patience=self.settings.patience)
        session, reporter = self.session_for(trial, fitting)
        weights, head_seconds = self.heads[trial.repeat]
        began = self.time_budget.clock()
        sources = session.frontier_sources()
        self.features_seconds += self.time_budget.clock() - began
        began = self.time_budget.clock()
        head = head_network(len(weights[0]), len(self.manifest.classes), fitting.dropout, session.config.seed)
        head.write(weights)
        network = session.suffix_network(head)
        untouched = network.read()
        try:
            schedule = Schedule("fine-tune", self.settings.phase(trial.rate), fitting, keep_start=True)
            record = self.fit(session, network, sources, schedule, reporter)
        finally:
            network.write(untouched)
        if record is not None:
            self.trials.append(self.describe(trial, record, self.time_budget.clock() - began, head_seconds))

    def session_for(self, trial: Trial, fitting: FitConfig) -> tuple[Session, Reporter]:
        """The photos of the trial's repeat and the network cut at its depth; and what it reports to."""
        step = Sentence(
            "Training {depth}, round {round} of at most {rounds}",
            depth=self.depths[trial.depth].words,
            round=trial.repeat + 1,
            rounds=len(self.folds),
        )
        config: RunConfig = replace(
            self.session.config,
            plan=self.depths[trial.depth].plan,
            fit=fitting,
            seed=(self.bench.config.seed + trial.repeat) % 2**31,
        )
        # A trial of the head is what everything else begins with: it may overdraw the budget.
        reporter = self.reporter(step, overdraft=trial.depth != HEAD)
        patient = self.reporter(step)
        return _with(self.session, config=config, manifest=self.folds[trial.repeat], reporter=patient), reporter

    def fit(
        self,
        session: Session,
        network: Network,
        sources: tuple[Any, ...],
        schedule: Schedule,
        reporter: Reporter,
    ) -> dict[str, Any] | None:
        """Train, and measure on photos that had no say; None when the budget ended before the first epoch did."""
        paces: list[float] = []
        hear = reporter.emit

        def listen(event: Event) -> None:
            if isinstance(event, EpochEnded):
                paces.append(event.seconds)
            hear(event)

        reporter.emit = listen
        reporter.start(schedule.name, schedule.config.epochs)
        train_photos = session.training_batches(sources, head_only=network.body is None)
        fitted: Fitted = fit(network, train_photos, session.batches(sources, "validation"), schedule, reporter)
        self.bench.reporter.check()
        if fitted.best_epoch is None and fitted.ending == "diverged":
            raise RunError(
                "The loss of the head was no longer a number in its first epoch, so there is nothing to fine-tune "
                "from. Check the weights of the base and the photos."
            )
        if fitted.best_epoch is None or (fitted.ending == "stopped" and not fitted.epochs):
            return None
        measured = session.batches(sources, "test")
        answers = all_logits(network, measured, self.reporter(Sentence("Measuring"))).argmax(1)
        right = "".join("01"[int(hit)] for hit in answers == measured.labels)
        return {
            "right": right,
            "epochs": fitted.epochs,
            "epoch_seconds": float(np.median(paces)) if paces else None,
            "best_epoch": fitted.best_epoch,
            "share": fitted.share,
            "choice_loss": judged_loss(fitted.best),
            "ending": fitted.ending,
        }

    def describe(self, trial: Trial, record: dict[str, Any], seconds: float, head_seconds: float) -> dict[str, Any]:
        """An entry of `trials`."""
        hits, photos = record["right"].count("1"), len(record["right"])
        return {
            "train_from": trial.depth,
            "rate": trial.rate,
            "repeat": trial.repeat,
            "seed": (self.bench.config.seed + trial.repeat) % 2**31,
            "accuracy": hits / photos,
            "interval": list(wilson(hits, photos)),
            "photos": photos,
            "seconds": round(seconds + head_seconds, 3),
            "fit_seconds": round(seconds, 3),
            "trainable_parameters": self.depths[trial.depth].trainable_parameters,
            **record,
        }

    def result(self, *, complete: bool = True) -> dict[str, Any]:
        """Everything found so far."""
        more = {
            "budget_seconds": self.time_budget.budget,
            "spent": round(self.time_budget.spent, 2),
            "features_seconds": round(self.features_seconds, 2),
            "rounds": len(self.folds),
            "identity": self.identity,
        }
        return build_result(list(self.depths.values()), self.settings, self.trials, more, complete=complete)


def _with(session: Session, **parts: Any) -> Session:
    """Another session on the same photos, features and base."""
    other = replace(session, **parts)
    other.backbone = session.backbone
    return other
