"""The lab Evaluate: a trained classifier is asked about photos it did not learn from."""

from typing import Any

import numpy as np

from transfer_core.backbones.catalog import get_base
from transfer_core.disk.files import read_json
from transfer_core.errors import DataError, StorageError
from transfer_core.labs.evaluate.run_folds import Said, answer_folds
from transfer_core.labs.evaluate.settings import Material, material
from transfer_core.labs.evaluate.verdict import FOLDS, conclude, described, how_sure, judge
from transfer_core.labs.run_asking import ask, decode_photos
from transfer_core.labs.run_bench import Bench
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.runs.figure import keep_out_of_fold
from transfer_core.runs.known import read_known
from transfer_core.text import Sentence, plural

__all__ = ["run"]

# Shares of the work at which decoding and asking begin; loading the classifier comes first.
_DECODING, _ASKING = 0.2, 0.3


def run(bench: Bench) -> dict[str, Any]:
    """Evaluate the run that the settings name.

    Returns:
        What `verdict.judge` gives; `on` (validation, test, "out of fold", or the photos that were given), `run` (its
        folder), `base`, `folds` (how many classifiers answered; 0: the run's own), `temperature` (by which its answers
        are divided), `skipped` (photos that could not be read), `about` (what was asked, for a list), `conclusion` and
        `how_sure`.

    Raises:
        TransferError: see `settings.material`.
    """
    given = bench.manifest if bench.config.data.test else None
    found = material(bench.settings, given)
    _tell_left_out(bench, found)
    config, report = found.run.config(), found.run.report() or {}
    on = bench.config.data.test or (FOLDS if found.on == "folds" else found.on)
    facts = {
        "run": str(found.run.path),
        "base": config.base.name,
        "on": on,
        "temperature": report.get("temperature", 1.0),
        "about": described(get_base(config.base.name).title, on),
    }

    def judged(said: Said, folds: int = 0, theirs: int = 0) -> dict[str, Any]:
        answered = None if said.alike is None else said.alike >= said.threshold
        threshold = float(said.threshold.mean()) if answered is not None and not folds else None
        result = judge(said.probabilities, said.photos, found.classes, answered, threshold)
        learned = (theirs, len(found.run.manifest().of("train")))
        words = {"conclusion": conclude(result), "how_sure": how_sure(result, on, folds, learned)}
        return {**facts, **result, "folds": folds, "skipped": len(found.photos) - len(said.photos), **words}

    if found.on == "folds":
        result = judged(*answer_folds(bench, found))
        try:
            keep_out_of_fold(found.run, result, report)
        except StorageError as error:
            bench.reporter.message(
                "The run does not know of this figure, because its folder can't be written. {error}",
                warning=True,
                error=error.sentence,
            )
        return result
    return judged((None if given else _kept_answers(found)) or _asked(bench, found))


def _asked(bench: Bench, found: Material) -> Said:
    """What the classifier says of the photos now."""
    bench.share(Sentence("Loading the classifier"), 0.0)
    classifier = Classifier(found.run)
    pixels, _ = decode_photos(bench, found.photos, classifier.size, (_DECODING, _ASKING))
    photos = [photo for photo in found.photos if photo.sha256 in pixels.rows]
    if not photos:
        raise DataError("None of these photos can be read now. Import them again.")
    shares, pooled = ask(bench, classifier, pixels, photos, Sentence("Asking about the photos"), (_ASKING, 1.0))
    if classifier.known is None:
        return Said(shares, photos)
    threshold = np.full(len(photos), classifier.known.threshold(), np.float32)
    return Said(shares, photos, classifier.known.photos.similarity(pooled), threshold)


def _kept_answers(found: Material) -> Said | None:
    """What the classifier said when it had been trained of the photos that could be read then; None where that was not
    kept."""
    known = read_known(found.run.known_path)
    if known is None or not found.run.answers_path.is_file():
        return None
    try:
        kept = read_json(found.run.answers_path)[found.on]
        columns = (kept["sha256"], np.array(kept["probabilities"], np.float32), np.array(kept["alike"], np.float32))
        rows = {sha: (shares, alike) for sha, shares, alike in zip(*columns, strict=True)}
    except (StorageError, KeyError, TypeError, ValueError):
        return None  # damaged: the classifier itself is asked
    photos = [photo for photo in found.photos if photo.sha256 in rows]
    if not photos or columns[1].shape[1:] != (len(found.classes),):
        return None
    shares, alike = (np.stack([rows[photo.sha256][at] for photo in photos]) for at in (0, 1))
    return Said(shares, photos, alike, np.full(len(photos), known.threshold(), np.float32))


def _tell_left_out(bench: Bench, found: Material) -> None:
    if found.learned:
        bench.reporter.message(
            plural(
                "{n:,} of these photos does not count: the classifier has learned from it, or chosen its best epoch by "
                "it.",
                "{n:,} of these photos do not count: the classifier has learned from them, or chosen its best epoch by "
                "them.",
                found.learned,
            ),
            warning=True,
        )
    if found.unknown:
        bench.reporter.message(
            "Photos of {unknown} do not count: the classifier knows no such class.",
            unknown=list(found.unknown),
            warning=True,
        )
