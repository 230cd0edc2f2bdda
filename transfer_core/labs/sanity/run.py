"""Frozen or not: trains on saved features, end to end with the base frozen, and with each classic mistake."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.labs.run_bench import Bench
from transfer_core.labs.sanity.mistakes import BaseFacts, explained, get_mistake
from transfer_core.labs.sanity.run_networks import BaseAtWork, EndToEnd, features_of
from transfer_core.labs.sanity.settings import CURVES, Settings, choose_photos, compared
from transfer_core.labs.sanity.wording import conclude, how_sure
from transfer_core.nn.data.batches import Batch, Batches
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.optimizer import LayerwiseOptimizer
from transfer_core.nn.training.session import Session
from transfer_core.nn.training.steps import train_step
from transfer_core.text import Sentence

__all__ = ["run"]

_BOTTLENECK, _FROZEN = "bottleneck", "frozen"
_TOLD_EVERY = 0.25  # seconds between two signs of progress
_KEPT_EVERY = 1.0  # seconds between two writes of the curves under way
_TRACING = 20  # a compiled step takes about as long to compile as so many photos do to run through it


def run(bench: Bench) -> dict[str, Any]:
    """Carry out the check; every training that ended is kept, and not done again after an interruption.

    Returns:
        `max_loss_difference` and `max_logit_difference` of the frozen network from the one on saved features, both
        trainings as `bottleneck` and `frozen`, the mistakes as `variants` {name: ...}, the `conclusion`, and `how_sure`
        that is. A training has `curves` {loss, accuracy, val_loss, val_accuracy: one value an epoch}, `logits` (photos
        to check on, classes) and `hits` at its end, `diverged`, `seconds`, and what `labs.sanity.compared` and, of
        mistakes, `labs.sanity_mistakes.explained` give. While it goes on, `running` has the curves of the training
        under way.
    """
    settings: Settings = bench.settings
    bench.share(Sentence("reading the photos"), 0.0)
    chosen = choose_photos(bench.manifest, settings, bench.config.seed)
    session = bench.session(bench.run_config(fit=settings.fit, head=settings.phase), chosen)
    base = BaseAtWork(bench.workspace, session.backbone, bench.config.base.weights)
    kept = bench.load() or {}
    result = _empty(session, settings, base.facts) | {
        name: kept[name] for name in (_BOTTLENECK, _FROZEN) if name in kept
    }
    result["variants"] = dict(kept.get("variants", {}))
    left = [name for name in settings.mistakes if name not in result["variants"]]
    check = _Check(bench, settings, session, base, result, _Work(bench, _size(result, left)))
    if _FROZEN not in result:
        if bench.config.base.weights == "none":
            bench.reporter.message(
                "The base has random weights, to which photos look much alike: a mistake may not show."
            )
        check.plain()
    for name in left:
        check.mistake(name)
    check.finish()
    return result


def _empty(session: Session, settings: Settings, facts: BaseFacts) -> dict[str, Any]:
    """A result before anything was found."""
    manifest = session.manifest
    return {
        "base": session.spec.name,
        "facts": asdict(facts),
        "classes": list(manifest.classes),
        "photos": {"train": len(manifest.of("train")), "validation": len(manifest.of("validation"))},
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "optimizer": settings.optimizer,
        "learning_rate": settings.learning_rate,
        "max_loss_difference": None,
        "max_logit_difference": None,
        "variants": {},
    }


def _size(result: dict[str, Any], left: list[str]) -> int:
    """Photos to run through the base until the end."""
    photos: dict[str, int] = result["photos"]
    once = photos["train"] + photos["validation"]
    plain = 0 if _FROZEN in result else once
    trainings = len(left) + (_FROZEN not in result)
    return max(1, plain + trainings * (_TRACING + int(result["epochs"]) * once))


@dataclass
class _Work:
    """How much is done, counted in photos that run through the base."""

    bench: Bench
    total: int
    done: int = 0
    _told: float = 0.0

    def add(self, photos: int, step: Sentence, cost: int = 1, *, begins: bool = False) -> None:
        """So many more are through, of the base if `cost` is 1 and not 0; checks whether to stop.

        Told a few times a second at most, and always when a training `begins`.
        """
        self.done += cost * photos
        now = time.monotonic()
        if begins or now - self._told >= _TOLD_EVERY:
            self._told = now
            self.bench.share(step, self.done / self.total)
        else:
            self.bench.reporter.check()


@dataclass
class _Check:
    """The experiment under way."""

    bench: Bench
    settings: Settings
    session: Session
    base: BaseAtWork
    result: dict[str, Any]
    work: _Work

    def plain(self) -> None:
        """Both trainings that must agree."""
        session = self.session
        with self.base.restored():
            network, pixels = self._network(None), session.pixels.array
            told = partial(self.work.add, step=Sentence("saving the features"))
            features = features_of(network, pixels, self.settings.batch_size, told)
            seed = self.bench.config.seed
            head = head_network(features.shape[1], len(session.manifest.classes), 0.0, seed)
            saved = self._train(head, features, Sentence("a new layer on saved features"), _BOTTLENECK, 0)
            self.result[_BOTTLENECK] = saved | compared(saved, saved)
            frozen = self._train(network, pixels, Sentence("end to end, base frozen"), _FROZEN)
            self.result[_FROZEN] = frozen | compared(frozen, saved)
        self.finish()

    def mistake(self, name: str) -> None:
        """The training with one mistake."""
        title = get_mistake(name).title
        with self.base.restored():
            found = self._train(self._network(name), self.session.pixels.array, title, name)
        found |= compared(found, self.result[_BOTTLENECK])
        found |= explained(
            name,
            self.base.facts,
            agrees=found["agrees"],
            dropout=self.settings.dropout,
            batch_size=self.settings.batch_size,
        )
        self.result["variants"][name] = found
        self.finish()

    def _network(self, mistake: str | None) -> EndToEnd:
        classes, seed = len(self.session.manifest.classes), self.bench.config.seed
        return self.base.network(mistake, classes, self.settings.dropout, seed)

    def finish(self) -> None:
        """Bring the conclusion up to what is there, and keep it."""
        if frozen := self.result.get(_FROZEN):
            for key in ("max_loss_difference", "max_logit_difference"):
                self.result[key] = frozen[key]
        self.result.pop("running", None)
        self.result["conclusion"] = conclude(self.result)
        self.result["how_sure"] = how_sure(self.result)
        self.bench.save(self.result)

    def _train(self, network: Network, source: Any, title: Sentence, name: str, cost: int = 1) -> dict[str, Any]:
        """One training and its answers at the end; all begin with the same weights and see the photos in one order.

        Args:
            network: changed in place.
            source: what it takes, a row a photo.
            title: for people.
            name: of the training.
            cost: 1 if every photo runs through the base, 0 if none does.
        """
        began, kept = time.perf_counter(), time.monotonic()
        train, validation = self._batches(source, name)
        optimizer = LayerwiseOptimizer(
            self.settings.optimizer, self.settings.learning_rate, network.variables, network.scales(1.0)
        )
        step, ask = train_step(network, optimizer, train), _asking(network, validation)
        logits = np.zeros((validation.photos, len(self.session.manifest.classes)), np.float32)
        curves: dict[str, list[float]] = {key: [] for key in CURVES}
        diverged = False
        self.work.add(cost * _TRACING, title, begins=True)
        for epoch in range(self.settings.epochs):
            step_words = Sentence(
                "{title}: epoch {epoch} of {epochs}", title=title, epoch=epoch + 1, epochs=self.settings.epochs
            )
            told = partial(self.work.add, step=step_words, cost=cost)
            learned = _epoch(lambda batch: step(batch, self.settings.learning_rate), train, epoch, told)
            logits = ask(told)
            values = (*learned, *_judged(logits, validation.labels))
            diverged = not all(map(math.isfinite, values))
            if diverged:
                break
            for key, value in zip(CURVES, values, strict=True):
                curves[key].append(value)
            if time.monotonic() - kept >= _KEPT_EVERY:
                kept = time.monotonic()
                self.bench.save({**self.result, "running": {"name": name, "title": title, "curves": curves}})
        hits = (logits.argmax(1) == validation.labels).tolist()
        return {
            "curves": curves,
            "logits": [] if diverged else logits.tolist(),
            "hits": hits,
            "diverged": diverged,
            "seconds": round(time.perf_counter() - began, 3),
        }

    def _batches(self, source: Any, name: str) -> tuple[Batches, Batches]:
        train = self.session.training_batches([source], head_only=True)
        if name == "no_shuffle":
            order = np.argsort(train.labels, kind="stable")
            train = replace(train, rows=train.rows[order], labels=train.labels[order], seed=None)
        return train, self.session.batches([source], "validation")


def _epoch(
    step: Callable[[Batch], tuple[float, int]], batches: Batches, epoch: int, told: Callable[[int], None]
) -> tuple[float, float]:
    """Learn from every photo once; mean loss and share of hits."""
    loss, right = 0.0, 0
    for batch in batches.epoch(epoch):
        batch_loss, batch_right = step(batch)
        loss, right = loss + batch_loss, right + batch_right
        told(len(batch.labels))
    return loss / batches.photos, right / batches.photos


def _asking(network: Network, batches: Batches) -> Callable[[Callable[[int], None]], NDArray[np.float32]]:
    """The network's logits (photos, classes), compiled once for all epochs."""
    (source,) = batches.sources
    run = tf.function(
        lambda inputs: network((inputs,), training=False),
        input_signature=[tf.TensorSpec((None, *source.shape[1:]), source.dtype)],
    )

    def ask(told: Callable[[int], None]) -> NDArray[np.float32]:
        parts = []
        for batch in batches.epoch():
            parts.append(run(tf.constant(batch.inputs[0])).numpy())
            told(len(batch.labels))
        return np.concatenate(parts)

    return ask


def _judged(logits: NDArray[np.float32], labels: NDArray[np.int32]) -> tuple[float, float]:
    """Mean loss (cross-entropy) and share of hits of logits (photos, classes)."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(labels)), labels]
    return float(losses.mean()), float((logits.argmax(1) == labels).mean())
