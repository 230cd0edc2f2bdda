"""The bench an experiment works at: its settings, its photos, and the link to whoever watches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import accumulate
from typing import Any

import keras

from transfer_core.disk.workspace import Workspace
from transfer_core.labs.experiment import ExperimentConfig, experiment_config, read_result, write_result
from transfer_core.nn.training.session import Session, prepare
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import RunConfig
from transfer_core.runs.events import Emit, Event, Message, Progress
from transfer_core.runs.folder import Run
from transfer_core.runs.progress import Reporter, Stopped
from transfer_core.text import Sentence

__all__ = ["Bench", "Shares", "carry_out"]

_WORDS = {"photos": Sentence("Reading the photos"), "features": Sentence("Looking at the photos")}
"""What a session's steps are called for those who did not ask for them."""
_PARTS = 1000  # the share of work done is told in thousandths


@dataclass(frozen=True)
class Bench:
    """Everything one experiment works with."""

    workspace: Workspace
    run: Run
    """Its folder; files of its own may lie in it."""
    config: ExperimentConfig
    reporter: Reporter
    """In phase `measure`. Raises `Stopped` when a stop was asked for: let it pass, what was kept stays."""

    @property
    def settings(self) -> Any:
        """`Settings` of the lab."""
        return self.config.settings

    @property
    def manifest(self) -> Manifest:
        """The photos with labels and splits, as they were when the experiment was asked for."""
        return self.run.manifest()

    def run_config(self, **parts: Any) -> RunConfig:
        """A training run on the experiment's photos, base and seed, with `parts` of `RunConfig` as given."""
        return replace(RunConfig(data=self.config.data, base=self.config.base, seed=self.config.seed), **parts)

    def session(self, config: RunConfig | None = None, manifest: Manifest | None = None) -> Session:
        """Decoded photos, base and cached features for `config` (by default `run_config()`) and `manifest`."""
        session = prepare(self.workspace, config or self.run_config(), manifest or self.manifest, self.reporter)
        self.reporter.planned.clear()  # seconds of a training's phases, which an experiment does not go through
        return session

    def share(self, step: Sentence, done: float) -> None:
        """Say what is being done and which share (0..1) of the whole experiment is behind it.

        Raises:
            Stopped: a stop was asked for.
        """
        done = min(max(done, 0.0), 1.0)
        self.reporter.emit(Progress("measure", step, round(_PARTS * done), _PARTS, self.reporter.eta(done)))
        self.reporter.check()

    def save(self, result: dict[str, Any]) -> None:
        """Store what was found so far; pages show it while the work goes on, and it outlives a stop."""
        write_result(self.run, result, complete=False)

    def load(self) -> dict[str, Any] | None:
        """What an earlier, interrupted go of the same experiment saved."""
        return read_result(self.run)

    def part(self, told: Callable[[Progress], None]) -> Reporter:
        """A reporter for a part that does not know of the whole, such as decoding: `told` hears of its progress.

        Its messages are the experiment's own.
        """

        def hear(event: Event) -> None:
            if isinstance(event, Message):
                self.reporter.emit(event)
            elif isinstance(event, Progress) and event.total:
                told(event)

        reporter = self.quiet(hear)
        reporter.start("measure")
        return reporter

    def quiet(self, hear: Callable[[Event], None] = lambda event: None) -> Reporter:
        """A reporter for a part, such as one training: `hear` alone has its events, and it stops when this one does."""
        return Reporter(hear, self.reporter.stop, self.reporter.beat)


class Shares:
    """How far along an experiment is, in shares of all the seconds that its stages should take."""

    def __init__(self, bench: Bench, seconds: Mapping[str, float]) -> None:
        """`seconds`: how long each stage should take, in order; those of a training's own go by its step's name."""
        self._bench = bench
        whole = sum(seconds.values())
        ends = accumulate(seconds.values(), initial=0.0)
        self._begin = {stage: end / whole for stage, end in zip(seconds, ends, strict=False)}
        self._length = {stage: length / whole for stage, length in seconds.items()}

    def at(self, stage: str, done: float, words: Sentence) -> None:
        """Say what is being done, and that this share (0..1) of the stage is behind.

        Raises:
            Stopped: a stop was asked for.
        """
        self._bench.share(words, self._begin[stage] + self._length[stage] * done)

    def part(self) -> Reporter:
        """A reporter for parts whose steps are stages, such as decoding: their progress becomes that of the whole."""
        return self._bench.part(
            lambda event: self.at(event.step.id, event.done / event.total, _WORDS.get(event.step.id, event.step))
        )


def carry_out(workspace: Workspace, run: Run, emit: Emit, *, beat: Callable[[], None] | None = None) -> bool:
    """Do what the experiment in `run` asks for and leave its result in the folder.

    Returns:
        Whether it came to its end; False when a stop came first: what was kept until then stays.

    Raises:
        TransferError: something a person can mend; the sentence says what.
    """
    config = experiment_config(run)
    keras.utils.set_random_seed(config.seed)
    reporter = Reporter(emit, lambda: run.stop_requested, beat or (lambda: None))
    bench = Bench(workspace, run, config, reporter)
    lab = import_module(f"transfer_core.labs.{config.kind}.run")
    try:
        reporter.start("measure")
        result = lab.run(bench)
    except Stopped:
        reporter.leave()
        return False
    reporter.leave()
    write_result(run, {**result, "seconds": reporter.seconds}, complete=True)
    return True
