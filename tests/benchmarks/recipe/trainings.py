"""Trains as `thaw train` does, and keeps what the network answers after every epoch, on photos that chose nothing too.

One training then tells how every rule for keeping weights would have done, and what the best epoch was.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.material import BASE, weights
from tests.support import workspace
from transfer_core import api
from transfer_core.backbones.freeze_plan import from_block
from transfer_core.nn.data.batches import Batches
from transfer_core.nn.training import blend
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.config import BaseConfig, DataConfig, FitConfig, PhaseConfig, RunConfig, TuningConfig
from transfer_core.runs.events import EpochEnded, Event
from transfer_core.runs.progress import Reporter

SHARES = blend.SHARES[1:-1]
"""Ways gone from the first weights to the last, with which the network is asked too."""
_JUDGES = 400
"""Photos that judge a training, at most."""
_VALIDATION = 0.2  # the share that Thaw keeps by default
_AVERAGED = 3


@dataclass(frozen=True)
class Case:
    """Some photos of a set, dealt out."""

    photos: str
    """Name of the set."""
    total: int
    """Photos to learn from and to validate on; the others judge."""
    seed: int

    @property
    def learned(self) -> int:
        """Photos to learn from, but for rounding in each class."""
        return round((1 - _VALIDATION) * self.total)

    @property
    def name(self) -> str:
        """For people and files."""
        return f"{self.photos}-{self.total}-{self.seed}"


@dataclass(frozen=True)
class Setting:
    """How a training goes."""

    name: str
    phase: PhaseConfig
    fit: FitConfig = field(default_factory=lambda: FitConfig(patience=0))
    tuning: TuningConfig = field(default_factory=TuningConfig)
    views: Callable[[Batches], Batches] | None = None
    """Makes of the photos to fine-tune with what the network sees instead."""


def cosine(rate: float, epochs: int) -> Setting:
    """Adam, its rate falling along a cosine."""
    return Setting(f"{rate:g}x{epochs}", PhaseConfig(epochs, rate), tuning=TuningConfig(schedule="cosine"))


@dataclass(frozen=True)
class Recording:
    """What a training answered: probabilities (epochs + 1, photos, classes), as it began first."""

    validation: NDArray[np.float32]
    validation_labels: NDArray[np.int32]
    judge: NDArray[np.float32]
    judge_labels: NDArray[np.int32]
    averaged_judge: NDArray[np.float32]
    """With the mean of the weights after the last three epochs; (photos, classes)."""
    mixed_validation: NDArray[np.float32]
    """With the weights at each of SHARES; (shares, photos, classes)."""
    mixed_judge: NDArray[np.float32]
    seconds: float = 0.0
    """What fine-tuning took, with its validation and the activations of augmented photos, but without the judges."""

    def save(self, path: Path) -> None:
        """Write it."""
        np.savez_compressed(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> "Recording":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(**stored)


class Trainings:
    """The trainings on one set of photos; what is computed for one serves the others."""

    def __init__(self, folder: Path, kept: Path) -> None:
        """Decode the photos.

        Args:
            folder: class folders; its name is that of the set.
            kept: where recordings are kept.
        """
        from transfer_core.nn.training.session import prepare

        self.kept, self.folder = kept, folder
        config = RunConfig(data=DataConfig(source=str(folder)), base=BaseConfig(BASE, weights()))
        self.reporter = Reporter(lambda event: None)
        self.reporter.start("prepare")
        run = api.prepare(config, kept / f"run-{folder.name}-{time.time_ns()}")
        self.session = prepare(workspace(), config, run.manifest(), self.reporter)
        _ = self.session.backbone

    def record(self, case: Case, block: str, setting: Setting) -> Recording:
        """Train a head, and then from `block` on, unless it was recorded before."""
        path = self.kept / f"{case.name}-{block}-{setting.name}.npz"
        if path.exists():
            return Recording.load(path)
        recording = self._train(case, block, setting)
        recording.save(path)
        return recording

    def found_rate(self, case: Case, block: str, setting: Setting) -> float | None:
        """What the rate finder suggests for fine-tuning from `block` on, after the head; kept like a recording."""
        from transfer_core.nn.training.callbacks import Schedule
        from transfer_core.nn.training.lr_finder import find_rate

        path = self.kept / f"{case.name}-{block}-rate.json"
        if not path.exists():
            session, network = self._begun(case, block, setting)
            train = session.training_batches(session.frontier_sources(), head_only=False)
            schedule = Schedule("fine-tune", setting.phase, setting.fit, tuning=setting.tuning)
            self.reporter.start("fine-tune", setting.phase.epochs)
            path.write_text(json.dumps(find_rate(network, train, schedule, self.reporter).suggestion))
        found: float | None = json.loads(path.read_text())
        return found

    def _begun(self, case: Case, block: str, setting: Setting) -> tuple[Any, Any]:
        """The session, and the network from `block` on with a trained head."""
        from transfer_core.nn.training.callbacks import Schedule
        from transfer_core.nn.training.classifier import head_network
        from transfer_core.nn.training.loop import fit

        session = self._session(case, block, setting)
        features = session.pooled_features().array
        head = head_network(features.shape[-1], len(session.manifest.classes), setting.fit.dropout, case.seed)
        schedule = Schedule("head", RunConfig().head, FitConfig())
        self.reporter.start("head", schedule.config.epochs)
        train = session.training_batches((features,), head_only=True)
        fit(head, train, session.batches((features,), "validation"), schedule, self.reporter)
        return self._augmented(session, setting), session.suffix_network(head)

    def _augmented(self, session: Any, setting: Setting) -> Any:
        """The session that fine-tunes: the head is trained on the photos as they are."""
        from transfer_core.nn.data.variants import with_variants
        from transfer_core.runs.augmentation import get_preset

        config = replace(session.config, fit=setting.fit)
        fixed = config.augmentation.variants if setting.fit.augment == "cached" else 0
        if setting.fit.augment == "none":
            return session
        preset = get_preset(config.augmentation.preset)
        pixels = with_variants(session.decoded, session.manifest, preset, fixed, config.seed)
        return replace(
            session, config=config, pixels=pixels, origin=replace(session.origin, pixels=pixels.key), found={}
        )

    def _train(self, case: Case, block: str, setting: Setting) -> Recording:
        session, network = self._begun(case, block, setting)
        before = network.read()
        try:
            return self._watch(session, network, setting)
        finally:
            network.write(before)

    def _watch(self, session: Any, network: Any, setting: Setting) -> Recording:
        from transfer_core.nn.training.callbacks import Schedule
        from transfer_core.nn.training.loop import fit
        from transfer_core.nn.training.steps import compiled_predict

        began, asked = time.perf_counter(), 0.0
        sources = session.frontier_sources()
        prepared = time.perf_counter() - began
        validation, judges = session.batches(sources, "validation"), session.batches(sources, "test")
        quiet = Reporter(lambda event: None)
        ask, judge = compiled_predict(network, validation, quiet), compiled_predict(network, judges, quiet)
        answers, judged, first = [ask()], [judge()], network.read()
        read: list[list[NDArray[np.float32]]] = []

        def hear(event: Event) -> None:
            nonlocal asked
            if isinstance(event, EpochEnded):
                heard = time.perf_counter()
                answers.append(ask())
                judged.append(judge())
                read.append(network.read())
                del read[:-_AVERAGED]
                asked += time.perf_counter() - heard

        reporter = Reporter(hear)
        reporter.start("fine-tune", setting.phase.epochs)
        train = session.training_batches(sources, head_only=False)
        train = setting.views(train) if setting.views else train
        schedule = Schedule("fine-tune", setting.phase, setting.fit, tuning=setting.tuning)
        began = time.perf_counter()
        fit(network, train, validation, schedule, reporter)
        seconds = prepared + time.perf_counter() - began - asked
        network.write([np.mean(parts, 0) for parts in zip(*read, strict=True)])
        averaged, between = judge(), []
        for share in SHARES:
            network.write(blend.mixed(first, read[-1], share))
            between.append((ask(), judge()))
        return Recording(
            np.stack(answers),
            validation.labels,
            np.stack(judged),
            judges.labels,
            averaged,
            np.stack([pair[0] for pair in between]),
            np.stack([pair[1] for pair in between]),
            seconds,
        )

    def _session(self, case: Case, block: str, setting: Setting) -> Any:
        plan = from_block(self.session.tree, block)
        fit = replace(setting.fit, augment="none")
        config = replace(self.session.config, plan=plan, fit=fit, fine_tune=setting.phase, seed=case.seed)
        session = replace(self.session, config=config, manifest=self._dealt(case))
        session.backbone, session.hashes = self.session.backbone, self.session.hashes
        return session

    def _dealt(self, case: Case) -> Manifest:
        whole = self.session.manifest
        photos: list[ManifestPhoto] = []
        share = case.total / len(whole.photos)
        judging = min(1.0, _JUDGES / (len(whole.photos) - case.total))
        for label in range(len(whole.classes)):
            members = sorted(
                (one for one in whole.photos if one.label == label), key=lambda one: _order(case.seed, one)
            )
            used = min(max(2, round(share * len(members))), len(members) - 1)
            checking = max(1, round(_VALIDATION * used))
            rest = members[used:]
            photos += [replace(one, split="validation") for one in members[:checking]]
            photos += [replace(one, split="train") for one in members[checking:used]]
            photos += [replace(one, split="test") for one in rest[: max(1, round(judging * len(rest)))]]
        return replace(whole, photos=tuple(photos))


def _order(seed: int, photo: ManifestPhoto) -> str:
    return hashlib.sha256(f"{seed}|{photo.sha256}".encode()).hexdigest()
