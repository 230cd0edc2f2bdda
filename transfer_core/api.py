"""The Python interface: what the command line does, in functions. TensorFlow loads only when one needs it.

Every function works in the `workspace` it is given, or else in that of the environment (THAW_HOME).
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.freeze_plan import FreezePlan, everything, from_block, last_blocks
from transfer_core.backbones.stored_trees import stored_tree
from transfer_core.backbones.tree import LayerTree
from transfer_core.backbones.weights import fetch_weights, find_weights, weights_state
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import RunError
from transfer_core.exports.make import export
from transfer_core.jobs.supervise import resuming
from transfer_core.labs.experiment import (
    ExperimentConfig,
    check_settings,
    create_experiment,
    needs_weights,
    read_result,
)
from transfer_core.photos.groups.looking import near_between
from transfer_core.photos.manifest import Manifest, SplitName
from transfer_core.photos.open import open_source
from transfer_core.photos.sources.found import PhotoFile
from transfer_core.photos.sources.loose import loose_files
from transfer_core.photos.understood import lost, understood
from transfer_core.runs.config import BaseConfig, DataConfig, RunConfig
from transfer_core.runs.events import Emit, Message, Progress
from transfer_core.runs.folder import Run, Status, check_new_folder, create_run, open_run
from transfer_core.text import Sentence, shown

__all__ = [
    "check",
    "execute",
    "execute_experiment",
    "experiment",
    "export",
    "freeze_plan",
    "layers",
    "predict",
    "prepare",
    "prepare_experiment",
    "resume",
    "resuming",
    "train",
]

C = TypeVar("C", RunConfig, ExperimentConfig)


def check(data: str | Path, workspace: Workspace | None = None) -> dict[str, Any]:
    """Look through photos without keeping anything.

    Args:
        data: a folder of class folders, a zip of one, or a project's name.

    Returns:
        The fields of `ImportReport`, such as `imported` and `refused` (together every file found) and `classes`.

    Raises:
        DataError: nothing there can be photos.
    """
    with open_source(_given(workspace), data) as source:
        return source.report.to_dict()


def layers(base: str, workspace: Workspace | None = None) -> LayerTree:
    """The tree of stages, blocks and layers of a base.

    Raises:
        ConfigError: there is no such base; the message lists those there are.
    """
    get_base(base)
    workspace = _given(workspace)
    tree = stored_tree(workspace, base)
    if tree is None:
        from transfer_core.nn.models.describe import load_tree

        tree = load_tree(workspace, base)
    return tree


def freeze_plan(
    base: str,
    *,
    train_last: int | None = None,
    train_from: str | None = None,
    train_all: bool = False,
    workspace: Workspace | None = None,
) -> FreezePlan:
    """The layers of `base` that fine-tuning may change; none of the three: the head alone trains.

    Raises:
        ConfigError: the base has no such block, or not as many.
    """
    if train_last is not None:
        return last_blocks(layers(base, workspace), train_last)
    if train_from is not None:
        return from_block(layers(base, workspace), train_from)
    return everything(layers(base, workspace)) if train_all else FreezePlan()


def train(config: RunConfig, out: str | Path, emit: Emit | None = None, workspace: Workspace | None = None) -> Run:
    """Train a classifier in this process.

    Args:
        config: what to do; `config.data.source` names the photos.
        out: the folder to make for the run.
        emit: called with every event (see `transfer_core.runs.events`).

    Returns:
        The finished run: `report()` has its figures, `model_path` the classifier.

    Raises:
        TransferError: something a person can mend; the sentence says what.
    """
    run = prepare(config, Path(out), emit, workspace)
    execute(run, emit, workspace)
    return run


def prepare(config: RunConfig, out: Path, emit: Emit | None = None, workspace: Workspace | None = None) -> Run:
    """Check everything that can be checked before training starts, read the photos, and make the run's folder.

    Published weights that are not on this machine yet are fetched; `emit` hears of it as the step `weights`.

    Raises:
        TransferError: a base, layer, file or photo that does not fit; no folder is left behind.
    """
    workspace = _given(workspace)
    check_new_folder(out)  # before anything is fetched or built for nothing
    _ensure_weights(workspace, config.base, emit)
    if not config.plan.head_only:
        config.plan.check(layers(config.base.name, workspace))
    return _made(create_run, out, config, workspace, emit)


def _read_photos(workspace: Workspace, data: DataConfig, seed: int, out: Path, emit: Emit | None) -> Manifest:
    """The photos that `data` names, with labels and splits; what is packed is unpacked into `out`."""
    if not data.source and data.test:  # nothing is trained
        with open_source(workspace, data.test, keep=out / "photos-test") as source:
            found = source.manifest(validation_fraction=0)
            return replace(found, photos=()).with_split(found, "test")
    with open_source(workspace, data.source, keep=out / "photos") as source:
        checks, tests = data.validation_fraction, data.test_fraction
        manifest = source.manifest(0.0 if data.validation else checks, seed, 0.0 if data.test else tests)
        looks = source.store.looks()
        tell = emit or (lambda event: None)
        for sentence in understood(source.report, checked_elsewhere=data.validation is not None):
            tell(Message(sentence))
        if (refused := lost(source.report)) is not None:
            tell(Message(refused, "warning"))
    splits: tuple[tuple[SplitName, str | None], ...] = (("validation", data.validation), ("test", data.test))
    for split, folder in splits:
        if folder:
            with open_source(workspace, folder, keep=out / f"photos-{split}") as source:
                near = near_between(looks, source.store.looks())
                manifest = manifest.with_split(source.manifest(validation_fraction=0), split, near)
    return manifest


def _made(
    create: Callable[[Path, C, Manifest], Run], out: Path, config: C, workspace: Workspace, emit: Emit | None
) -> Run:
    data: Any = config.data
    sources = {name: _lasting(getattr(data, name)) for name in ("source", "validation", "test")}
    config = replace(config, data=replace(data, **sources))
    try:
        return create(out, config, _read_photos(workspace, config.data, config.seed, out, emit))
    except BaseException:
        # What a zip unpacked here is no run yet, and nobody would look for it. A run that another process made here
        # meanwhile, and for which `create_run` refused, is not ours to remove.
        if not (out / "status.json").exists():
            shutil.rmtree(out, ignore_errors=True)
        raise


def prepare_experiment(
    config: ExperimentConfig, out: Path | None = None, emit: Emit | None = None, workspace: Workspace | None = None
) -> Run:
    """As `prepare`, for an experiment of a lab.

    Args:
        config: what to do. Where `config.data.source` is empty, the lab takes its photos from the runs it is about, or
            those that `config.data.test` names.
        out: the folder to make; None: a new one among the project's experiments, or the workspace's own.
        emit: hears of weights that are fetched.

    Raises:
        TransferError: a base, file, setting or photo that does not fit; no folder is left behind.
    """
    data, workspace = config.data, _given(workspace)
    if out is None:
        named = workspace.find_project(data.source) if data.source and not Path(data.source).exists() else None
        out = (named or workspace).new_experiment_dir(config.kind)
    check_new_folder(out)
    check_settings(config)
    for block in getattr(config.settings, "blocks", ()):
        from_block(layers(config.base.name, workspace), block)  # refused now, not after the photos have been read
    if not data.source and not data.test:
        return create_experiment(out, config)
    if needs_weights(config.kind):
        _ensure_weights(workspace, config.base, emit)
    return _made(create_experiment, out, config, workspace, emit)


def experiment(
    config: ExperimentConfig,
    out: str | Path | None = None,
    emit: Emit | None = None,
    workspace: Workspace | None = None,
) -> dict[str, Any]:
    """Do an experiment of a lab in this process.

    Returns:
        What was found, with `folder` and `state`; see the lab's module in `transfer_core.labs`.

    Raises:
        TransferError: something a person can mend; the sentence says what.
    """
    run = prepare_experiment(config, None if out is None else Path(out), emit, workspace)
    return execute_experiment(run, emit, workspace)


def execute_experiment(run: Run, emit: Emit | None = None, workspace: Workspace | None = None) -> dict[str, Any]:
    """Do a prepared experiment, or go on with one that was interrupted or stopped, in this process.

    Raises:
        RunError: it failed, or was stopped before anything was found.
    """
    status = _perform(run, emit, workspace)
    result = read_result(run)
    if result is None or status.state == "FAILED":
        raise RunError(status.message)
    return {"folder": str(run.path), "state": status.state, **shown(result)}


def _lasting(data: str | None) -> str | None:
    """A path that means the same from any folder, so that config.json repeats the run; a project's name as it is."""
    return str(Path(data).absolute()) if data and Path(data).exists() else data


def _ensure_weights(workspace: Workspace, choice: BaseConfig, emit: Emit | None) -> None:
    base = get_base(choice.name)
    if choice.weights == "imagenet" and weights_state(workspace, base) == "download":
        tell = emit or (lambda event: None)
        said = Sentence("weights")
        fetch_weights(workspace, base, lambda done, total: tell(Progress("prepare", said, done, total)))
    find_weights(workspace, base, choice.weights)


def _given(workspace: Workspace | None) -> Workspace:
    return workspace or Workspace.from_environment()


def _perform(run: Run, emit: Emit | None, workspace: Workspace | None) -> Status:
    from transfer_core.worker.job import BUG, perform

    status = perform(_given(workspace), run, emit)
    if status.message.id == BUG:
        raise RuntimeError(str(status.message))
    return status


def execute(run: Run, emit: Emit | None = None, workspace: Workspace | None = None) -> dict[str, Any]:
    """Train a prepared run in this process and return its report.

    Raises:
        RunError: it failed, or was stopped before its first epoch ended; the run's status says the same.
    """
    status = _perform(run, emit, workspace)
    report = run.report()
    if report is None or status.state == "FAILED":  # a run that goes on may have the report of an earlier stop
        raise RunError(status.message)
    return report


def resume(run: Run | str | Path, emit: Emit | None = None, workspace: Workspace | None = None) -> dict[str, Any]:
    """Go on with a run that was interrupted, stopped or failed, in this process, from its last checkpoint.

    Its history continues as if there had been no break. A run that kept no state yet starts again.

    Returns:
        The report, as `execute`.

    Raises:
        RunError: as `resuming` and `execute`.
    """
    opened = run if isinstance(run, Run) else open_run(Path(run))
    with resuming(opened):
        return execute(opened, emit, workspace)


def predict(
    run: Run | str | Path, images: Sequence[str | Path | PhotoFile], each: Callable[..., None] | None = None
) -> list[dict[str, Any]]:
    """Ask a trained classifier about photos: files, folders however deep, zips.

    Returns:
        What `nn.inference.predictor` gives, which also says what `each` is told: one dict a photo with `image`,
        `label`, `probability` (0..1), `probabilities` {class: 0..1} and `none`; or `image` and `error`.

    Raises:
        RunError: the run has no trained model.
    """
    opened = run if isinstance(run, Run) else open_run(Path(run))
    opened.labels()  # refuses a run without a model before TensorFlow loads
    from transfer_core.nn.inference.predictor import Classifier

    with loose_files(images) as files:
        return Classifier(opened).predict(files, each or (lambda answer, photo: None))
