"""What was set differently for two runs, in the words of the Train page: the likely reasons for what changed."""

from collections.abc import Callable
from dataclasses import dataclass

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.freeze_plan import FreezePlan
from transfer_core.backbones.plan_words import trained_words
from transfer_core.backbones.stored_trees import stored_tree
from transfer_core.disk.workspace import Workspace
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.augmentation import MODE_NAMES, get_preset
from transfer_core.runs.checks import plain_number
from transfer_core.runs.config import OPTIMIZER_NAMES, PRECISION_NAMES, SCHEDULE_NAMES, BaseConfig, RunConfig
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, plural

__all__ = ["SETTINGS", "Setting", "differences"]

Words = str | Sentence


@dataclass(frozen=True)
class Setting:
    """A setting of the Train page."""

    place: tuple[str, ...]
    """Where its value stands in `RunConfig`."""
    name: Sentence
    words: Callable[[RunConfig], Words]
    """Its value as people read it."""
    counts: Callable[[RunConfig], bool] = lambda config: True
    """Whether it changes anything, as the other settings stand."""


def _fine_tunes(config: RunConfig) -> bool:
    return config.fine_tunes


def _switch(on: bool) -> Sentence:
    return Sentence("yes") if on else Sentence("no")


SETTINGS = (
    Setting(("head", "epochs"), Sentence("Epochs of the head, at most"), lambda it: str(it.head.epochs)),
    Setting(("head", "learning_rate"), Sentence("Learning rate of the head"), lambda it: plain_number(it.head.rate)),
    Setting(
        ("fine_tune", "epochs"),
        Sentence("Epochs of fine-tuning, at most"),
        lambda it: str(it.fine_tune.epochs),
        _fine_tunes,
    ),
    Setting(
        ("fine_tune", "learning_rate"),
        Sentence("Learning rate of fine-tuning"),
        lambda it: plain_number(it.fine_tune.rate),
        _fine_tunes,
    ),
    Setting(("fit", "optimizer"), Sentence("Optimizer"), lambda it: OPTIMIZER_NAMES[it.fit.optimizer]),
    Setting(("fit", "batch_size"), Sentence("Batch size"), lambda it: str(it.fit.batch_size)),
    Setting(("fit", "dropout"), Sentence("Dropout"), lambda it: plain_number(it.fit.dropout)),
    Setting(("fit", "patience"), Sentence("Patience"), lambda it: str(it.fit.patience)),
    Setting(
        ("fit", "class_weights"),
        Sentence("Let small classes count as much as large ones"),
        lambda it: _switch(it.fit.class_weights),
    ),
    Setting(("fit", "augment"), Sentence("Augmentation"), lambda it: MODE_NAMES[it.fit.augment]),
    Setting(
        ("augmentation", "preset"),
        Sentence("Kind of change, for augmentation"),
        lambda it: get_preset(it.augmentation.preset).title,
        lambda it: it.fit.augment != "none",
    ),
    Setting(
        ("augmentation", "variants"),
        Sentence("Variants of each photo"),
        lambda it: str(it.augmentation.variants),
        lambda it: it.fit.augment == "cached",
    ),
    Setting(
        ("tuning", "schedule"), Sentence("How the learning rate moves"), lambda it: SCHEDULE_NAMES[it.tuning.schedule]
    ),
    Setting(("tuning", "warmup_epochs"), Sentence("Warm-up epochs"), lambda it: str(it.tuning.warmup_epochs)),
    Setting(
        ("tuning", "discriminative"),
        Sentence("Divide the rate of each block by"),
        lambda it: plain_number(it.tuning.discriminative),
        _fine_tunes,
    ),
    Setting(
        ("tuning", "label_smoothing"), Sentence("Label smoothing"), lambda it: plain_number(it.tuning.label_smoothing)
    ),
    Setting(
        ("tuning", "train_batch_norm"),
        Sentence("Train BatchNormalization of unfrozen layers"),
        lambda it: _switch(it.tuning.train_batch_norm),
        _fine_tunes,
    ),
    Setting(
        ("tuning", "cache_precision"),
        Sentence("What the frozen layers saw in each photo is kept"),
        lambda it: PRECISION_NAMES[it.tuning.cache_precision],
        _fine_tunes,
    ),
    Setting(("seed",), Sentence("Shuffle number"), lambda it: str(it.seed)),
)
"""Those that have a field of their own on the Train page; `differences` also tells base, layers and photos."""


def differences(workspace: Workspace, first: Run, second: Run) -> list[Sentence]:
    """What was set differently for the two, each `name: of the first → of the second`; empty: nothing.

    A setting that has no effect on one of them is left out: the setting that takes its effect away is told instead.

    Args:
        workspace: has the layer trees by which layers are told.
        first, second: runs with a configuration and photos.
    """
    ours, theirs = first.manifest(), second.manifest()
    pair = [run.config().for_photos(len(photos.of("train"))) for run, photos in ((first, ours), (second, theirs))]
    one, other = pair
    found = [*_bases(one.base, other.base), *_layers(workspace, one, other), *_photos(ours, theirs)]
    for setting in SETTINGS:
        if setting.counts(one) and setting.counts(other):
            found += _changed(setting.name, setting.words(one), setting.words(other))
    return found


def _changed(name: Sentence, first: Words, second: Words) -> list[Sentence]:
    return [Sentence("{name}: {first} → {second}", name=name, first=first, second=second)] if first != second else []


def _bases(first: BaseConfig, second: BaseConfig) -> list[Sentence]:
    def start(base: BaseConfig) -> Words:
        return {"imagenet": Sentence("from ImageNet"), "none": Sentence("random")}.get(base.weights, base.weights)

    names = _changed(Sentence("Base"), get_base(first.name).title, get_base(second.name).title)
    return names + _changed(Sentence("Weights the base starts with"), start(first), start(second))


def _layers(workspace: Workspace, first: RunConfig, second: RunConfig) -> list[Sentence]:
    plans = [config.plan if config.fine_tunes else FreezePlan() for config in (first, second)]
    words = [
        trained_words(stored_tree(workspace, config.base.name), plan)
        for config, plan in zip((first, second), plans, strict=True)
    ]
    same_base = first.base.name == second.base.name
    if same_base and plans[0] != plans[1] and words[0] == words[1]:
        return [Sentence("What trains: {trained} in both, but other ones", trained=words[0])]
    return _changed(Sentence("What trains"), *words)


def _photos(ours: Manifest, theirs: Manifest) -> list[Sentence]:
    learned = [
        {photo.sha256: manifest.classes[photo.label] for photo in manifest.of("train")} for manifest in (ours, theirs)
    ]
    before, after = learned
    found = _changed(Sentence("Photos to learn from"), f"{len(ours.of('train')):,}", f"{len(theirs.of('train')):,}")
    if not found and (others := len(after.keys() - before.keys())):
        found.append(
            plural(
                "Photos to learn from: {n:,} of {photos:,} is another one",
                "Photos to learn from: {n:,} of {photos:,} are other ones",
                others,
                photos=len(theirs.of("train")),
            )
        )
    if relabeled := sum(before[sha] != after[sha] for sha in before.keys() & after.keys()):
        found.append(
            plural(
                "Photos to learn from: {n:,} is in another class",
                "Photos to learn from: {n:,} are in another class",
                relabeled,
            )
        )
    checked = [f"{len(manifest.of('validation')):,}" for manifest in (ours, theirs)]
    return found + _changed(Sentence("Photos for validation"), *checked)
