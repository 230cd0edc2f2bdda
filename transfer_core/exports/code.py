"""The code of a run: a plain Keras script that trains the same again without Thaw."""

import json
import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path, PurePath
from string import Template
from typing import Any

from transfer_core.backbones.catalog import Base, get_base
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.runs.augmentation import Preset, get_preset
from transfer_core.runs.config import PhaseConfig, RunConfig
from transfer_core.runs.folder import Run
from transfer_core.runs.rates import PLATEAU_EPOCHS, PLATEAU_FACTOR

__all__ = ["base_name", "photo_folder", "script", "table_name", "used_photos"]

_TEMPLATE = "code_template.txt"
_WIDTH = 100
_KERAS = "keras:"
"""What the builder of a base of keras.applications begins with."""
_WEIGHTLESS = {
    "Activation",
    "Add",
    "AveragePooling2D",
    "Concatenate",
    "Dropout",
    "GlobalAveragePooling2D",
    "InputLayer",
}
_WEIGHTLESS |= {"MaxPooling2D", "Multiply", "ReLU", "Rescaling", "Reshape", "ZeroPadding2D"}


def script(run: Run, stem: str = "") -> str:
    """A Keras program that learns from the same photos in the same way, with a comment on all that is only similar.

    Args:
        run: a run with a model.
        stem: what the names of the files beside it begin with, see `table_name` and `base_name`; empty: the run's.

    Raises:
        RunError: the run has no model.
    """
    run.labels()
    config, spec, photos = run.config(), get_base(run.config().base.name), used_photos(run)
    counts = [sum(photo.label == label for photo in photos if photo.split == "train") for label in _labels(run)]
    config = config.for_photos(sum(counts))
    report = run.report() or {}
    names = [photo.name.casefold() for photo in photos]
    facts = {
        "heic": any(name.endswith((".heic", ".heif")) for name in names),
        "transparent": not all(name.endswith((".jpg", ".jpeg")) for name in names),
        "uneven": len(set(counts)) > 1,
        "figure": "val_interval" in report,
        "blends": _share(report) is not None,
    }
    values = _values(config, spec, run, report) | {
        "FOLDER": _literal(str(photo_folder(photos))),
        "CLASSES": _listed("CLASSES = ", run.manifest().classes),
        "TABLE": _literal(table_name(stem or run.id)),
        "BASE": _literal(base_name(run, stem or run.id)),
        "PACKAGES": " pi-heif" if facts["heic"] else "",
        "CLASS_WEIGHT": " class_weight=weights," if config.fit.class_weights and facts["uneven"] else "",
    }
    unfreeze, more = _unfrozen(run, config)
    pieces = _pieces(config, spec, facts, unfreeze)
    return Template("".join(_read()[name] for name in pieces)).substitute(values | more)


def table_name(stem: str) -> str:
    """The name of the file that lists the photos."""
    return f"{stem}-photos.csv"


def base_name(run: Run, stem: str) -> str:
    """The name of the file with the base, or empty where keras.applications has it as the run began with it."""
    config = run.config()
    return "" if _in_keras(config, get_base(config.base.name)) else f"{stem}-base.keras"


def used_photos(run: Run) -> list[ManifestPhoto]:
    """The photos that training could read."""
    skipped = {item["photo"] for item in (run.report() or {}).get("skipped", ())}
    return [photo for photo in run.manifest().photos if photo.name not in skipped]


def photo_folder(photos: Sequence[ManifestPhoto]) -> Path:
    """The folder that all of them lie in; an empty path where they lie on several drives."""
    parents = [PurePath(photo.path).parent for photo in photos]
    first = parents[0]
    for folder in (first, *first.parents):
        if all(parent.is_relative_to(folder) for parent in set(parents)):
            return Path(folder)
    return Path()


def _labels(run: Run) -> range:
    return range(len(run.manifest().classes))


def _in_keras(config: RunConfig, spec: Base) -> bool:
    return spec.builder.startswith(_KERAS) and config.base.weights in ("imagenet", "none")


@cache
def _read() -> dict[str, str]:
    """The pieces of the template by name."""
    text = resources.files(__package__).joinpath(_TEMPLATE).read_text("utf-8")
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _share(report: dict[str, Any]) -> float | None:
    """How far the run went from the weights before fine-tuning to those after it; None where it took those of its best
    epoch, because something broke in."""
    fitted = report.get("phases", {}).get("fine-tune", {})
    if fitted.get("ending", "stopped") not in ("done", "early") or "share" not in fitted:
        return None
    return float(fitted["share"]) if fitted["best_epoch"] else 0.0


def _pieces(config: RunConfig, spec: Base, facts: dict[str, bool], unfreeze: str) -> Iterator[str]:
    """Names of the pieces that the run needs, in their order."""
    falls, blends = config.tuning.schedule in ("automatic", "cosine"), facts["blends"]
    cosine = "climbs" if config.tuning.warmup_epochs else "falls"
    fit, tuning, tunes, augments = config.fit, config.tuning, config.fine_tunes, config.fit.augment != "none"
    in_keras, trains_norm = _in_keras(config, spec), config.tuning.train_batch_norm and config.fine_tunes
    wanted = {
        "start": True,
        "heic": facts["heic"],
        "settings": True,
        "read-transparent" if facts["transparent"] else "read-plain": True,
        "load": True,
        "class-weights": fit.class_weights and facts["uneven"],
        "smoothing" if tuning.label_smoothing else "loss": True,
        "variants": fit.augment == "cached",
        "step-1-random" if config.base.weights == "none" else "step-1": True,
        "base-keras" if in_keras else "base-file": True,
        "input": True,
        # Those that take colors less their means have that inside, in keras.applications.
        f"scale-{'none' if in_keras and spec.scaling == 'torch' else spec.scaling}": True,
        "features-batch-norm" if trains_norm else "features": True,
        "top": True,
        "augment": augments,
        "model-plain": not (tunes or augments),
        "class": tunes or augments,
        "class-augment": augments,
        "class-batch-norm" if trains_norm else "class-inference": tunes or augments,
        "class-end": tunes or augments,
        "step-2": True,
        "step-3": True,
        "step-3-features": not augments,
        "head-cosine": tuning.schedule == "cosine",
        f"head-{cosine}": tuning.schedule == "cosine",
        "head-callbacks": True,
        "plateau": tuning.schedule == "plateau",
        "note-warmup": tuning.warmup_epochs > 0 and tuning.schedule != "cosine",
        "head-fit": True,
        "head-only": not tunes,
        "step-4": tunes,
        unfreeze: tunes,
        "step-5": tunes,
        "note-batch-norm": trains_norm,
        "note-discriminative": tunes and tuning.discriminative > 1,
        "note-warmup-again": tunes and tuning.warmup_epochs > 0 and not falls,
        "fine-cosine": tunes and falls,
        f"fine-{cosine}": tunes and falls,
        "fine-stop": tunes and not (falls and blends),
        "before": tunes and blends,
        "fine-fit": tunes,
        "blend": tunes and blends,
        "figure" if facts["figure"] else "no-figure": True,
        "end": True,
    }
    return (name for name, needed in wanted.items() if needed)


def _values(config: RunConfig, spec: Base, run: Run, report: dict[str, Any]) -> dict[str, Any]:
    """What stands after the dollar signs, but for names and paths."""
    fit, tuning, augments = config.fit, config.tuning, config.fit.augment != "none"
    low, high = report.get("val_interval", (0, 0))
    plateau = ["slower"] if tuning.schedule == "plateau" else []
    falls, share = tuning.schedule in ("automatic", "cosine"), _share(report)  # of fine-tuning
    fine = [*(["stop"] if share is None or not falls else []), *plateau]
    return {
        "SIZE": run.labels()["input_size"],
        "BATCH": fit.batch_size,
        "SEED": config.seed,
        "WARMUP": tuning.warmup_epochs,
        "SMOOTHING": tuning.label_smoothing,
        "SURE": f"{1 - tuning.label_smoothing:.2f}",
        "LABELS": "targets" if tuning.label_smoothing else "labels",
        "NEW_LABELS": "new_targets" if tuning.label_smoothing else "new_labels",
        "VARIANTS": config.augmentation.variants,
        "FUNCTION": spec.builder.removeprefix(_KERAS),
        "WEIGHTS": '"imagenet"' if config.base.weights == "imagenet" else "None",
        "DROPOUT": fit.dropout,
        "AUGMENT": "\n".join(
            f"        layers.{layer}," for layer in _augmenting(get_preset(config.augmentation.preset))
        ),
        "HEAD": "model" if augments else "top",
        "KNOWN": "photos" if augments else "known",
        "NEW": "new_photos" if augments else "new",
        "HEAD_EPOCHS": config.head.epochs,
        "HEAD_PATIENCE": _patience(config, config.head, tuning.schedule == "cosine"),
        "HEAD_OPTIMIZER": _optimizer(config, config.head, tuning.schedule == "cosine"),
        "HEAD_RATE": repr(config.head.rate),
        "HEAD_LEFT": config.head.epochs - tuning.warmup_epochs,
        "HEAD_CALLBACKS": ", ".join(["stop", *plateau]),
        "PLATEAU_FACTOR": PLATEAU_FACTOR,
        "PLATEAU_EPOCHS": PLATEAU_EPOCHS,
        "FINE_EPOCHS": config.fine_tune.epochs,
        "FINE_PATIENCE": _patience(config, config.fine_tune, falls),
        "FINE_OPTIMIZER": _optimizer(config, config.fine_tune, falls),
        "FINE_RATE": repr(config.fine_tune.rate),
        "FINE_LEFT": config.fine_tune.epochs - tuning.warmup_epochs,
        "FINE_CALLBACKS": f" callbacks=[{', '.join(fine)}]," if fine else "",
        "RESTORE": ", restore_best_weights=True" if share is None else "",
        "SHARE": share,
        "ACCURACY": f"{report.get('val_accuracy', 0):.4f}",
        "LOW": f"{low:.4f}",
        "HIGH": f"{high:.4f}",
    }


def _patience(config: RunConfig, phase: PhaseConfig, falls: bool) -> int:
    """Where nothing ends it early, as many as there are epochs: its best weights are still kept."""
    return phase.epochs if falls or not config.fit.patience else config.fit.patience


def _optimizer(config: RunConfig, phase: PhaseConfig, falls: bool) -> str:
    rate = "rate" if falls else repr(phase.rate)
    return {"adam": f"Adam({rate})", "rmsprop": f"RMSprop({rate})", "sgd": f"SGD({rate}, momentum=0.9)"}[
        config.fit.optimizer
    ]


def _augmenting(preset: Preset) -> Iterator[str]:
    """Keras' layers that vary photos about as the preset does."""
    if preset.flip or preset.flip_vertical:
        ways = ["horizontal"] * preset.flip + ["vertical"] * preset.flip_vertical
        yield f'RandomFlip("{"_and_".join(ways)}")'
    if preset.rotation:
        yield f"RandomRotation({preset.rotation / 360:.3g})"
    if preset.shift:
        yield f"RandomTranslation({preset.shift}, {preset.shift})"
    if preset.zoom:
        yield f"RandomZoom(({-preset.zoom / (1 + preset.zoom):.3g}, {preset.zoom}))"
    if preset.brightness:
        yield f"RandomBrightness({preset.brightness})"
    if preset.contrast:
        yield f"RandomContrast({preset.contrast})"


def _unfrozen(run: Run, config: RunConfig) -> tuple[str, dict[str, str]]:
    """Which piece unfreezes what the plan names, and its values: a whole end of the base, or layer by layer."""
    chosen = set(config.plan.trainable)
    weighted = [name for name, kind in _base_layers(run, config.base.name) if kind not in _WEIGHTLESS or name in chosen]
    last = weighted[len(weighted) - len(chosen) :] if chosen else []
    if chosen and chosen == set(weighted):
        return "unfreeze-all", {}
    if chosen and chosen == set(last):
        return "unfreeze-from", {"FIRST": _literal(last[0])}
    return "unfreeze-names", {"UNFROZEN": _listed("unfrozen = ", config.plan.trainable)}


def _base_layers(run: Run, base: str) -> list[tuple[str, str]]:
    """Name and kind of each layer of the base, in its order, as the saved model tells; empty where it can't."""
    try:
        with zipfile.ZipFile(run.model_path) as file:
            layers = json.loads(file.read("config.json"))["config"]["layers"]
        inside = next(layer["config"]["layers"] for layer in layers if layer["config"]["name"] == base)
        return [(layer["config"]["name"], layer["class_name"]) for layer in inside]
    except (OSError, KeyError, TypeError, ValueError, StopIteration, zipfile.BadZipFile):
        return []


def _literal(text: str) -> str:
    """Python's, in double quotes where that is the same."""
    literal = repr(text)
    return f'"{literal[1:-1]}"' if literal[0] == "'" and '"' not in literal else literal


def _listed(before: str, names: Collection[str]) -> str:
    """A list literal, over several lines where it must be."""
    literals = [_literal(name) for name in names]
    line = f"[{', '.join(literals)}]"
    if len(before) + len(line) <= _WIDTH:
        return line
    lines = [""]
    for literal in literals:
        if lines[-1] and len(lines[-1]) + len(literal) + 6 > _WIDTH:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{literal},"
    return "\n".join(["[", *(f"    {line}" for line in lines), "]"])
