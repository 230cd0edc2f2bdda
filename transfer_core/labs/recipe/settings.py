"""The recipe lab: the five steps of fine-tuning, what each brings, and what happens when the third is skipped.

After F. Chollet, Deep Learning with Python, first edition (2017), chapter 5.3: (1) add your network on top of a trained
base; (2) freeze the base; (3) train the part you added; (4) unfreeze some layers of the base; (5) train both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transfer_core.backbones.cost import Augmented, estimate
from transfer_core.backbones.freeze_plan import FreezePlan, everything, from_block, head_only, last_stage
from transfer_core.backbones.tree import LayerTree
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, DataError
from transfer_core.labs.options import option
from transfer_core.photos.manifest import Manifest
from transfer_core.runs.config import AugmentConfig, FitConfig, PhaseConfig
from transfer_core.text import Sentence

__all__ = [
    "BOOK",
    "FINE_TUNED",
    "LEAST_EPOCHS",
    "LEAST_TRAINING",
    "LEAST_VALIDATION",
    "VARIANTS",
    "Settings",
    "Variant",
    "check_photos",
    "expected_seconds",
    "expected_stages",
    "fitted",
    "recipe_plan",
]

LEAST_VALIDATION = 10
"""Photos to check on. With fewer, even a classifier that is right on all of them may be wrong on every third photo
(95 % interval), so no difference between variants could be told from chance."""
LEAST_TRAINING = 10
LEAST_EPOCHS = 2
"""Of each training: one point is no curve."""


@dataclass(frozen=True)
class Variant:
    """One way to make the classifier."""

    name: str
    title: Sentence
    steps: Sentence
    """Which of the five steps it takes, and how."""
    rate: str
    """Which rate the base is trained with: empty (not at all), `fine-tuning`, `head` or `scratch`."""
    skips: bool = False
    """Whether it leaves step 3 out."""


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(
            "feature_extraction",
            Sentence("Feature extraction"),
            Sentence("Steps 1 to 3, on the photos as they are."),
            "",
        ),
        Variant(
            "augmented",
            Sentence("With augmentation"),
            Sentence("Steps 1 to 3, on changed copies of the photos."),
            "",
        ),
        Variant(
            "fine_tuned",
            Sentence("Fine-tuned"),
            Sentence("All five steps: then some layers of the base, gently."),
            "fine-tuning",
        ),
        Variant(
            "skipped",
            Sentence("Step 3 skipped"),
            Sentence("Base unfrozen under a head that has learned nothing; same low rate."),
            "fine-tuning",
            skips=True,
        ),
        Variant(
            "fine_tuned_fast",
            Sentence("Fine-tuned too fast"),
            Sentence("All five steps, but the base learns at the head's high rate."),
            "head",
        ),
        Variant(
            "skipped_fast",
            Sentence("Step 3 skipped, too fast"),
            Sentence("An untrained head, and everything at the head's high rate: the classic mistake."),
            "head",
            skips=True,
        ),
        Variant(
            "from_scratch",
            Sentence("From scratch"),
            Sentence("The same network from random weights, everything trained. No transfer at all."),
            "scratch",
        ),
    )
}
FINE_TUNED = tuple(name for name, variant in VARIANTS.items() if variant.rate in ("fine-tuning", "head"))
"""Variants that train the unfrozen layers of the pretrained base."""

BOOK = {"feature_extraction": 0.90, "augmented": 0.96, "fine_tuned": 0.968}
"""Validation accuracies the book reports for 2000 photos of cats and dogs and VGG16, as an orientation."""


@dataclass(frozen=True)
class Settings:
    """What to compare and for how long. The defaults take a few minutes for 200 photos and a small base."""

    variants: tuple[str, ...] = option(
        "--variants", tuple(VARIANTS), "Names with commas between them, of " + ", ".join(VARIANTS) + "; else all."
    )
    """Names from `VARIANTS`; done in the order of `VARIANTS`."""
    head_epochs: int = option("--epochs", 30, "Of the head.")
    fine_tune_epochs: int = option("--fine-tune-epochs", 5, "Of fine-tuning.")
    scratch_epochs: int = option("--scratch-epochs", 5, "Of training from scratch.")
    head_rate: float = option("--learning-rate", 2e-3, "Of the head.")
    """Of the head, and of the base in the variants that are too fast."""
    fine_tune_rate: float = option("--fine-tune-learning-rate", 1e-4, "Of fine-tuning.")
    scratch_rate: float = option("--scratch-learning-rate", 1e-3, "Of training from scratch.")
    train_from: str = option("--train-from", "", "First block that is unfrozen; else the last stage.", metavar="BLOCK")
    """The first block that is unfrozen; empty: the last stage."""
    photo_variants: int = option("--photo-variants", 3, "Changed copies of each photo to learn from.")
    """Changed copies of each training photo, where there is augmentation."""
    batch_size: int = option("--batch-size", 32, "Photos a step.")

    def __post_init__(self) -> None:
        unknown = [name for name in self.variants if name not in VARIANTS]
        if unknown:
            raise ConfigError(
                "The recipe has no variant {unknown!r}; it has {variants}.",
                unknown=unknown[0],
                variants=list(VARIANTS),
            )
        if not self.variants:
            raise ConfigError("The recipe compares variants, and none is chosen. Choose at least one, better all.")
        object.__setattr__(self, "variants", tuple(name for name in VARIANTS if name in self.variants))
        phases = (
            (Sentence("the head"), self.head_epochs, self.head_rate),
            (Sentence("fine-tuning"), self.fine_tune_epochs, self.fine_tune_rate),
            (Sentence("training from scratch"), self.scratch_epochs, self.scratch_rate),
        )
        for name, epochs, rate in phases:
            if PhaseConfig(epochs, rate).epochs < LEAST_EPOCHS:
                raise ConfigError(
                    "A curve needs at least {least_epochs} epochs; {epochs} came for {name}. Allow it more epochs.",
                    least_epochs=LEAST_EPOCHS,
                    epochs=epochs,
                    name=name,
                )
        FitConfig(batch_size=self.batch_size)
        AugmentConfig(variants=self.photo_variants)
        if not isinstance(self.train_from, str):
            raise ConfigError(
                "The block to train from is given by its name; {train_from!r} came.", train_from=self.train_from
            )

    def epochs(self, name: str) -> int:
        """Epochs in which the variant's base (or, for feature extraction, its head) trains."""
        return {"": self.head_epochs, "scratch": self.scratch_epochs}.get(VARIANTS[name].rate, self.fine_tune_epochs)

    def base_rate(self, name: str) -> float:
        """The learning rate of that training."""
        rates = {"fine-tuning": self.fine_tune_rate, "scratch": self.scratch_rate}
        return rates.get(VARIANTS[name].rate, self.head_rate)

    @property
    def blocks(self) -> tuple[str, ...]:
        """Blocks of the base that are named."""
        return (self.train_from,) if self.train_from else ()


def recipe_plan(tree: LayerTree, settings: Settings) -> FreezePlan:
    """What step 4 unfreezes.

    Raises:
        ConfigError: the base has no such block, or nothing from there on can train.
    """
    plan = from_block(tree, settings.train_from) if settings.train_from else last_stage(tree)
    if plan.head_only:
        raise ConfigError(
            "From {train_from} on nothing can train. Choose a block before it.", train_from=settings.train_from
        )
    return plan


def check_photos(manifest: Manifest) -> None:
    """Refuse photos too few to compare anything.

    Raises:
        DataError: says how many are needed.
    """
    for split, least in (("train", LEAST_TRAINING), ("validation", LEAST_VALIDATION)):
        came = len([photo for photo in manifest.photos if photo.split == split])
        if came < least:
            raise DataError(
                "The recipe needs at least {least} photos to learn from, and there are {came}: with fewer, no "
                "difference could be told from chance. Add photos, or keep another share of them for validation."
                if split == "train"
                else "The recipe needs at least {least} photos to check, and there are {came}: with fewer, no "
                "difference could be told from chance. Add photos, or keep another share of them for validation.",
                least=least,
                came=came,
            )


def fitted(settings: Settings, manifest: Manifest) -> Settings:
    """As they are, where the photos are enough; see `labs.experiment.fitted`."""
    check_photos(manifest)
    return settings


def expected_seconds(workspace: Workspace, tree: LayerTree, settings: Settings | None, manifest: Manifest) -> float:
    """How long all stages will take here; see `labs.experiment.expected_seconds`."""
    counts = {which: len(manifest.of(which)) for which in ("train", "validation")}
    return sum(expected_stages(workspace, tree, settings or Settings(), counts, len(manifest.classes)).values())


def expected_stages(
    workspace: Workspace, tree: LayerTree, settings: Settings, counts: Mapping[str, int], classes: int
) -> dict[str, float]:
    """How long each stage will take here, by its name: those of `experiments.recipe`, in their order.

    Args:
        workspace: that knows how fast this machine is.
        tree: of the base.
        settings: what will be done.
        counts: photos by split.
        classes: how many.
    """
    photos = (classes, counts["train"], counts["validation"])
    plain = estimate(workspace, tree, head_only(tree), *photos)
    tuned = estimate(
        workspace, tree, recipe_plan(tree, settings), *photos, Augmented("cached", settings.photo_variants)
    )
    whole = estimate(workspace, tree, everything(tree), *photos)
    stages: dict[str, float] = {}
    if "feature_extraction" in settings.variants:
        stages["features"] = plain.features_seconds
        stages["feature_extraction"] = plain.head_seconds_per_epoch * settings.head_epochs
    if needs_augmented_head(settings.variants):
        stages["augmented features"] = tuned.features_seconds
        stages["augmented"] = tuned.head_seconds_per_epoch * settings.head_epochs
    for name in settings.variants:
        if name in FINE_TUNED:
            stages[name] = _START_UP + tuned.seconds_per_epoch * settings.fine_tune_epochs
        elif name == "from_scratch":
            stages[name] = _START_UP + whole.seconds_per_epoch * settings.scratch_epochs
    return {name: max(seconds, 0.5) for name, seconds in stages.items()}


_START_UP = 4.0  # seconds to trace a part of a base for training, on two cores


def needs_augmented_head(variants: Sequence[str]) -> bool:
    """Whether any of the variants begins with the pixels' changed copies."""
    return any(name == "augmented" or name in FINE_TUNED for name in variants)


def stage_seconds(name: str, stages: Mapping[str, float]) -> float:
    """Seconds from photos to classifier for a variant, from those of each stage; shared stages count for each."""
    parts = {
        "feature_extraction": ("features", "feature_extraction"),
        "augmented": ("augmented features", "augmented"),
        "from_scratch": ("from_scratch",),
    }.get(name, ("augmented features", *([] if VARIANTS[name].skips else ["augmented"]), name))
    return round(sum(stages.get(part, 0.0) for part in parts), 2)
