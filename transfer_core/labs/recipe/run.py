"""The recipe lab: every variant trained on the same photos in the same order, one after the other, each kept."""

from functools import cached_property
from math import prod
from typing import Any

import keras

from transfer_core.backbones.freeze_plan import FreezePlan, everything
from transfer_core.backbones.tree import LayerTree
from transfer_core.labs.recipe.run_result import rising_case, variant_result
from transfer_core.labs.recipe.run_stages import Stage, Stages, session_reporter
from transfer_core.labs.recipe.run_training import Task, Watched, first_gradient, train_watched
from transfer_core.labs.recipe.settings import (
    BOOK,
    FINE_TUNED,
    VARIANTS,
    Settings,
    check_photos,
    expected_stages,
    recipe_plan,
    stage_seconds,
)
from transfer_core.labs.recipe.wording import conclude, findings, how_sure
from transfer_core.labs.run_bench import Bench
from transfer_core.nn.data.batches import Batches
from transfer_core.nn.features.extract import find_features
from transfer_core.nn.features.model import POOLED
from transfer_core.nn.models.partition import base_weights, planned_weights
from transfer_core.nn.training.callbacks import Schedule
from transfer_core.nn.training.classifier import Network, head_network
from transfer_core.nn.training.session import Session, prepare
from transfer_core.runs.config import AugmentConfig as Augment
from transfer_core.runs.config import BaseConfig, FitConfig, PhaseConfig, TuningConfig
from transfer_core.stats.drift import total_drift
from transfer_core.text import Sentence

__all__ = ["run"]

# Of BatchNormalization from random weights: how much of the moving mean and variance stays at each step. The usual
# 0.99 is for many thousands of steps; after a few hundred the statistics would still be those of no photo at all, and
# the network would answer new photos by chance, however well it has learned.
_SCRATCH_MOMENTUM = 0.9


def run(bench: Bench) -> dict[str, Any]:
    """Train the variants that are not kept yet.

    Raises:
        ConfigError: the base has no such block.
        DataError: there are too few photos.
    """
    check_photos(bench.manifest)
    recipe = _Recipe(bench)
    for name in recipe.settings.variants:
        if name not in recipe.variants:
            recipe.add(name)
            bench.save(recipe.result())
    return recipe.result()


class _Recipe:
    """The material, and what was found so far."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.settings: Settings = bench.settings
        kept = bench.load() or {}
        self.variants: dict[str, dict[str, Any]] = kept.get("variants", {})
        self._rising: dict[str, Any] | None = kept.get("rising")
        self._reused: list[str] = kept.get("reused", [])
        self._plain = self._session(FreezePlan(), FitConfig(batch_size=self.settings.batch_size, patience=0))
        self.tree: LayerTree = self._plain.tree or self._built_tree()
        self.plan = recipe_plan(self.tree, self.settings)
        manifest = self._plain.manifest
        check_photos(manifest)  # again: photos that can't be read are gone by now
        self._counts = {which: len(manifest.of(which)) for which in ("train", "validation")}
        expected = expected_stages(bench.workspace, self.tree, self.settings, self._counts, len(manifest.classes))
        self.stages = Stages(bench, expected, kept.get("stages", {}))
        if bench.config.base.weights == "none":
            bench.reporter.message(
                "The base has random weights, so there is nothing to transfer: expect all variants to do badly. "
                "Choose a base with ImageNet weights to see what the steps bring.",
                warning=True,
            )

    def result(self) -> dict[str, Any]:
        """Everything found so far, as JSON values."""
        photos = self._counts | {"classes": len(self._plain.manifest.classes)}
        return {
            "variants": self.variants,
            "stages": self.stages.taken,
            "reused": self._reused,
            "rising": self._rising,
            "photos": photos,
            "unfrozen": [block.name for block in self.tree.blocks if self._unfrozen(block)],
            "book": BOOK,
            "findings": findings(self.variants),
            "conclusion": conclude(self.variants),
            "how_sure": how_sure(self.variants),
        }

    def add(self, name: str) -> None:
        """Train one variant and note what it showed."""
        if name == "feature_extraction":
            self._note(name, self._plain, self._extracted(), {})
        elif name == "augmented":
            self._note(name, self._tuned, self._augmented, {})
        elif name in FINE_TUNED:
            self._note(name, self._tuned, *self._fine_tuned(name))
        else:
            self._from_scratch(name)

    def _note(self, name: str, session: Session, watched: Watched, more: dict[str, Any]) -> None:
        validation = session.batches((), "validation")
        found = {
            **variant_result(watched, validation),
            "seconds": stage_seconds(name, self.stages.taken),
            "learning_rate": self.settings.base_rate(name),
            **more,
        }
        case = rising_case(watched, validation, session.photos("validation"), session.manifest.classes)
        if case is not None and (self._rising is None or _clarity(case) > _clarity(self._rising)):
            self._rising = {"variant": name, **case}
        self.variants = {key: value for key in VARIANTS if (value := {**self.variants, name: found}.get(key))}

    def _extracted(self) -> Watched:
        """Steps 1 to 3 on the photos as they are."""
        self._note_reuse("features", self._plain)
        with self.stages.stage("features", Sentence("features of the photos")) as stage:
            self._plain.reporter = stage.reporter
            features = self._plain.pooled_features().array
        return self._head_trained(self._plain, features, "feature_extraction")

    @cached_property
    def _tuned(self) -> Session:
        """The photos with their changed copies, and the base unfrozen where step 4 says; features in one pass."""
        fit = FitConfig(batch_size=self.settings.batch_size, patience=0, augment="cached")
        session = self._session(self.plan, fit)
        self._note_reuse("augmented features", session)
        with self.stages.stage("augmented features", Sentence("features of the changed copies")) as stage:
            session.reporter = stage.reporter
            session.pooled_features()
            session.frontier_sources()
        return session

    @cached_property
    def _augmented(self) -> Watched:
        """Steps 1 to 3 on the changed copies; steps 4 and 5 go on from its head."""
        return self._head_trained(self._tuned, self._tuned.pooled_features().array, "augmented")

    def _head_trained(self, session: Session, features: Any, name: str) -> Watched:
        network = self._new_head(session)
        train = session.training_batches((features,), head_only=True)
        validation = session.batches((features,), "validation")
        schedule = Schedule("head", session.config.head, session.config.fit)
        with self.stages.stage(name, VARIANTS[name].title) as stage:
            return train_watched(Task(network, train, validation, schedule), stage.reporter, stage.done)

    def _new_head(self, session: Session) -> Network:
        channels = self.tree.root.shape[-1]
        return head_network(channels, len(session.manifest.classes), session.config.fit.dropout, session.config.seed)

    def _fine_tuned(self, name: str) -> tuple[Watched, dict[str, Any]]:
        """Steps 4 and 5, after step 3 or without it. The base is put back as it was."""
        session = self._tuned
        head = self._new_head(session)
        if not VARIANTS[name].skips:
            head.write(self._augmented.weights)
        network = session.suffix_network(head)
        before = network.read()
        try:
            with self.stages.stage(name, VARIANTS[name].title) as stage:
                return self._base_trained(name, session, network, stage)
        finally:
            network.write(before)

    def _from_scratch(self, name: str) -> None:
        with self.stages.stage(name, VARIANTS[name].title) as stage:
            fit = FitConfig(batch_size=self.settings.batch_size, patience=0)
            session = self._session(everything(self.tree), fit, scratch=True)
            for layer in session.backbone.layers:
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.momentum = _SCRATCH_MOMENTUM
            network = session.suffix_network(self._new_head(session))
            watched, more = self._base_trained(name, session, network, stage)
        self._note(name, session, watched, more)

    def _base_trained(
        self, name: str, session: Session, network: Network, stage: Stage
    ) -> tuple[Watched, dict[str, Any]]:
        sources = session.frontier_sources()
        keys = planned_weights(session.partition.base, session.config.plan)
        start = base_weights(session.backbone, keys)
        train: Batches = session.training_batches(sources, head_only=False)
        rate = PhaseConfig(self.settings.epochs(name), self.settings.base_rate(name))
        schedule = Schedule("fine-tune", rate, session.config.fit, tuning=session.config.tuning)
        more = {
            "first_gradient": first_gradient(network, train),
            "base_parameters": sum(prod(array.shape) for array in start.values()),
        }
        task = Task(
            network,
            train,
            session.batches(sources, "validation"),
            schedule,
            lambda: total_drift(start, base_weights(session.backbone, keys)),
        )
        return train_watched(task, stage.reporter, stage.done), more

    def _session(self, plan: FreezePlan, fit: FitConfig, scratch: bool = False) -> Session:
        base = self.bench.config.base
        config = self.bench.run_config(
            plan=plan,
            fit=fit,
            base=BaseConfig(base.name, "none") if scratch else base,
            head=PhaseConfig(self.settings.head_epochs, self.settings.head_rate),
            augmentation=Augment(variants=self.settings.photo_variants),
            tuning=TuningConfig(train_batch_norm=scratch),
        )
        share = self.stages.share if "stages" in vars(self) else 0.0
        return prepare(self.bench.workspace, config, self.bench.manifest, session_reporter(self.bench, share))

    def _built_tree(self) -> LayerTree:
        _ = self._plain.backbone  # building it leaves the tree on disk
        tree = self._plain.tree
        assert tree is not None
        return tree

    def _note_reuse(self, stage: str, session: Session) -> None:
        # After a break the first go's seconds count, whatever it left in the cache.
        if stage not in self.stages.taken and find_features(session.workspace, session.origin, [POOLED]):
            self._reused.append(stage)

    def _unfrozen(self, block: Any) -> bool:
        return any(layer.name in self.plan.trainable for layer in block.children)


def _clarity(case: dict[str, Any]) -> tuple[bool, float]:
    return case["accuracy_gain"] > 0, case["loss_gain"]
