"""Where it looked: the time of a map beside that of the prediction it explains, of a classifier whose head trained.

One photo at a time, as a page asks, decoded anew for both; the median of many in turns, after the first.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

from tests.benchmarks.material import photo_folder, say, thaw_train
from tests.benchmarks.table import Row

_PHOTOS, _TIMES = 24, 30
_LIMIT = 1.5


def run(quick: bool = False) -> list[Row]:
    """Measure the map after the last block, and say what one of a middle block takes."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        photos, work = Path(folder) / "photos", Path(folder)
        photo_folder(photos, _PHOTOS)
        thaw_train(photos, work, 1)
        from transfer_core.nn.inference.predictor import Classifier
        from transfer_core.photos.decode import decode
        from transfer_core.runs.folder import open_run

        classifier = Classifier(open_run(work / "run"))
        files = sorted(photos.glob("*/*"))

        def maps(path: Path, layer: str | None = None) -> None:
            classifier.class_maps.maps(np.stack([decode(path, classifier.size)]), [0], layer)

        ways: dict[str, Callable[[Path], object]] = {
            "prediction": lambda path: classifier.predict([path]),
            "map": maps,
            "middle": lambda path: maps(path, "block4a_project_bn"),
        }
        names = {layer.name for layer in classifier.model.get_layer(classifier.base).layers}
        if "block4a_project_bn" not in names:
            del ways["middle"]
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(3 if quick else _TIMES):
            for name, way in ways.items():
                began = time.perf_counter()
                way(files[turn % len(files)])
                seconds[name].append(time.perf_counter() - began)
    median = {name: 1000 * statistics.median(times[1:]) for name, times in seconds.items()}
    say(f"milliseconds a photo: {median}")
    ratio = median["map"] / median["prediction"]
    return [
        Row(
            "where",
            "a map of one photo",
            median["map"],
            median["prediction"],
            "ms",
            "its prediction",
            ratio,
            "<=",
            _LIMIT,
        )
    ]
