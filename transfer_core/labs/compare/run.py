"""The lab "What changed": two classifiers answer photos that are new to both, and their weights are compared."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.errors import WeightsError
from transfer_core.labs.compare.differences import differences
from transfer_core.labs.compare.settings import Material, material, require_enough
from transfer_core.labs.compare.verdict import curves, drift_note, drift_words, judge
from transfer_core.labs.run_asking import ask, decode_photos
from transfer_core.labs.run_bench import Bench
from transfer_core.nn.backbones import build as bases
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.nn.models.partition import base_weights
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.runs.config import BaseConfig
from transfer_core.runs.folder import Run
from transfer_core.stats.drift import drift
from transfer_core.text import Sentence, plural

__all__ = ["run"]

Arrays = dict[str, NDArray[np.float32]]

# Shares of the work at which each part begins: about what they take with a hundred photos on the default base.
_FIRST, _SECOND, _WEIGHTS = 0.05, 0.4, 0.75


def run(bench: Bench) -> dict[str, Any]:
    """Compare the two runs that the settings name.

    Returns:
        What `labs.compare.judge` gives; `settings`, what was set differently for them; `curves` of both; `drift`
        {layer: value} from the first to the second, and `drift_from_base` of each, with `drift_note` and `drift_words`;
        `runs`, what they are.

    Raises:
        TransferError: see `labs.compare.material`.
    """
    found = material(bench.settings)
    pair = (found.first, found.second)
    result: dict[str, Any] = {
        "runs": [_described(run) for run in pair],
        "settings": differences(bench.workspace, *pair),
        "curves": [curves(run) for run in pair],
        "relabeled": found.relabeled,
    }
    bench.save(result)
    if found.relabeled:
        bench.reporter.message(
            plural(
                "{n:,} photo does not count: the two runs have different labels for it.",
                "{n:,} photos do not count: the two runs have different labels for them.",
                found.relabeled,
            ),
            warning=True,
        )
    answers, photos, weights = _ask_both(bench, found)
    result |= judge(answers[0], answers[1], photos, found.classes)
    bench.save(result)
    return result | _compare_weights(bench, pair, weights)


def _described(run: Run) -> dict[str, Any]:
    config = run.config()
    return {"folder": str(run.path), "base": config.base.name, "weights": config.base.weights, "seed": config.seed}


def _ask_both(bench: Bench, found: Material) -> tuple[list[NDArray[np.float32]], list[ManifestPhoto], list[Arrays]]:
    """The answers of both to the photos that both can read, columns as `found.classes`; and the weights of both."""
    answers: list[dict[str, NDArray[np.float32]]] = []
    weights: list[Arrays] = []
    photos = list(found.photos)
    parts = (
        (Sentence("Loading the first run"), Sentence("Asking the first run"), found.first, _FIRST, _SECOND),
        (Sentence("Loading the second run"), Sentence("Asking the second run"), found.second, _SECOND, _WEIGHTS),
    )
    for loading, asking, run, low, high in parts:
        bench.share(loading, low)
        classifier = Classifier(run)
        middle = (low + high) / 2
        pixels, _ = decode_photos(bench, photos, classifier.size, (low, middle))
        photos = [photo for photo in photos if photo.sha256 in pixels.rows]
        require_enough(len(photos))
        order = [classifier.classes.index(name) for name in found.classes]
        said = ask(bench, classifier, pixels, photos, asking, (middle, high))[0][:, order]
        answers.append({photo.sha256: row for photo, row in zip(photos, said, strict=True)})
        weights.append(base_weights(classifier.model.get_layer(run.config().base.name)))
    return [np.stack([said[photo.sha256] for photo in photos]) for said in answers], photos, weights


def _compare_weights(bench: Bench, pair: tuple[Run, Run], weights: list[Arrays]) -> dict[str, Any]:
    note = drift_note(*pair)
    first, second = weights
    same = _shapes(first) == _shapes(second)
    between = drift(first, second) if same else {}
    starts: dict[BaseConfig, Arrays | None] = {}
    moved: list[dict[str, float] | None] = []
    for part, (run, after) in enumerate(zip(pair, weights, strict=True)):
        bench.share(Sentence("Comparing the weights"), _WEIGHTS + part * (1 - _WEIGHTS) / 2)
        config = run.config()
        # Random weights are another start with every seed.
        if config.base not in starts or config.base.weights == "none":
            starts[config.base] = _start(bench, run)
        before = starts[config.base]
        moved.append(drift(before, after) if before and _shapes(before) == _shapes(after) else None)
    return {
        "drift": between,
        "drift_note": note,
        "drift_words": drift_words(between),
        "drift_from_base": moved,
    }


def _start(bench: Bench, run: Run) -> Arrays | None:
    """The weights a run's base began with; None where they are not at hand."""
    config = run.config()
    try:
        return base_weights(bases.build_base(bench.workspace, config.base.name, config.base.weights, seed=config.seed))
    except WeightsError as error:
        bench.reporter.message(
            "How far run {id} moved from its base can't be told. {error}", id=run.id, error=error, warning=True
        )
        return None


def _shapes(weights: Arrays) -> dict[str, tuple[int, ...]]:
    return {key: value.shape for key, value in weights.items()}
