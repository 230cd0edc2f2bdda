"""The stress test: photos changed in seven ways at five strengths, and what the classifier says of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.backbones.catalog import get_base
from transfer_core.errors import DataError
from transfer_core.labs.run_asking import decode_photos
from transfer_core.labs.run_bench import Bench
from transfer_core.labs.stress.settings import drawn, photos_of
from transfer_core.labs.stress.verdict import NAMES, conclude, how_sure, measured
from transfer_core.nn.inference.predictor import Classifier
from transfer_core.photos.changes import CHANGES, STRENGTHS, change
from transfer_core.text import Sentence

__all__ = ["run"]

_BATCH = 32
_DECODING, _ASKING = 0.05, 0.1  # shares of the work at which these begin


def run(bench: Bench) -> dict[str, Any]:
    """Put the run that the settings name to the test.

    Returns:
        `changes` {name: [{`strength` (1 to 5), `right`, `accuracy`, `interval`}]}, `as_they_are` (the same of strength
        0), `photos`, `on` (test, validation or the photos that were given), `run`, `base`, `example` (a photo that is
        right as it is, as results hold photos), `about`, `conclusion`, `how_sure`.

    Raises:
        TransferError: see `settings.photos_of`.
        Stopped: a stop was asked for.
    """
    given = bench.manifest if bench.config.data.test else None
    material = photos_of(bench.settings, given)
    bench.share(Sentence("Loading the classifier"), 0.0)
    classifier = Classifier(material.run)
    chosen = drawn(material.photos, bench.settings.photos, bench.config.seed)
    pixels, _ = decode_photos(bench, chosen, classifier.size, (_DECODING, _ASKING))
    photos = [photo for photo in chosen if photo.sha256 in pixels.rows]
    if not photos:
        raise DataError("None of these photos can be read now. Import them again.")
    squares = np.asarray(pixels.array[[pixels.rows[photo.sha256] for photo in photos]])
    labels = np.array([photo.label for photo in photos], np.int64)
    base = material.run.config().base.name
    on = bench.config.data.test or material.on
    right = _right(classifier, squares, labels)
    example = photos[int(np.flatnonzero(right)[0]) if right.any() else 0]
    found: dict[str, Any] = {
        "run": str(material.run.path),
        "base": base,
        "on": on,
        "photos": len(photos),
        "about": Sentence("{base}, {photos:,} photos", base=get_base(base).title, photos=len(photos)),
        "as_they_are": measured(0, int(right.sum()), len(photos)),
        "example": {"photo": example.name, "path": example.path, "sha256": example.sha256},
        "changes": {},
    }
    rounds = len(CHANGES) * STRENGTHS
    for number, name in enumerate(CHANGES):
        steps: list[dict[str, Any]] = []
        for strength in range(1, STRENGTHS + 1):
            done = (number * STRENGTHS + strength - 1) / rounds
            step = Sentence("Photos that are {name}", name=NAMES[name])
            bench.share(step, _ASKING + (1 - _ASKING) * done)
            hits = 0
            for start in range(0, len(photos), _BATCH):
                some = range(start, min(start + _BATCH, len(photos)))
                changed = [change(squares[row], name, strength, int(photos[row].sha256[:12], 16)) for row in some]
                hits += int(_right(classifier, np.stack(changed), labels[start : start + _BATCH]).sum())
                bench.reporter.check()
            steps.append(measured(strength, hits, len(photos)))
        found["changes"][name] = steps
        bench.save(found)
    return {**found, "conclusion": conclude(found), "how_sure": how_sure(found)}


def _right(classifier: Classifier, squares: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(classifier.probabilities(squares).argmax(1) == labels)
