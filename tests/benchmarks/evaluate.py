"""Evaluate out of fold: ten heads on cached features, in a process where TensorFlow is loaded, as in the app.

The rival trains the same heads by `model.fit` of Keras on the same features, with the same photos held out, batches,
dropout and patience, and asks each about its photos. The note says how far the time is from the two seconds within
which the matrix should be there, and how long the kept answers about the validation photos take.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from tests.benchmarks.material import photo_folder, say
from tests.benchmarks.outside import measure
from tests.benchmarks.recipe import PHOTOS
from tests.benchmarks.table import Row

_PHOTOS, _QUICK_PHOTOS = 1000, 48
_TARGET = 3.0
_PROMISED = 2.0
_INSIDE = """
import json, sys
from tests.benchmarks.evaluate import compare
print(json.dumps(compare(sys.argv[1], sys.argv[2])))
"""


def run(quick: bool = False) -> list[Row]:
    """Measure it; `quick` only shows that it works, on few photos."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, THAW_HOME=f"{folder}/home"):
        photos = Path(folder) / "photos"
        if quick or not PHOTOS.is_dir():
            photo_folder(photos, _QUICK_PHOTOS)
        else:
            _spread(PHOTOS / "clothing", photos)
        count = len(list(photos.glob("*/*")))
        say(f"{count:,} photos")
        told = measure(["-c", _INSIDE, photos, Path(folder) / "run"], Path(folder) / "home").answer
    note = (
        f"{told['seconds'] / _PROMISED:.1f} times the {_PROMISED:g} s wished for; right: {told['right']} and "
        f"{told['rival_right']}; validation photos alone: {told['kept']:.2g} s"
    )
    ratio = told["rival"] / told["seconds"]
    case = f"{count:,} photos out of fold"
    return [Row("evaluate", case, told["seconds"], told["rival"], "s", "Keras fit", ratio, ">=", _TARGET, note)]


def compare(photos: str, folder: str) -> dict[str, Any]:
    """Seconds of each, and how many each has right, after one run on the photos, whose features both take."""
    from transfer_core import api
    from transfer_core.labs.evaluate.settings import Settings
    from transfer_core.labs.experiment import ExperimentConfig
    from transfer_core.runs.config import DataConfig, RunConfig
    from transfer_core.worker.__main__ import warm_up

    warm_up()
    config = RunConfig(data=DataConfig(photos))
    api.train(config, folder)

    def evaluated(on: str) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        asked = ExperimentConfig("evaluate", Settings(folder, on), DataConfig())
        found = api.experiment(asked, f"{folder}-{on}")
        return time.perf_counter() - began, found

    seconds, found = evaluated("folds")
    kept, _ = evaluated("validation")
    rival, right = _by_keras(folder)
    return {"seconds": seconds, "kept": kept, "right": found["right"], "rival": rival, "rival_right": right}


def _by_keras(folder: str) -> tuple[float, int]:
    import keras
    import numpy as np

    from transfer_core.disk.workspace import Workspace
    from transfer_core.labs.evaluate.settings import Settings, deal, folds_of, material
    from transfer_core.nn.training.session import prepare
    from transfer_core.photos.manifest import Manifest
    from transfer_core.runs.progress import Reporter

    found = material(Settings(folder, "folds"))
    config, reporter = found.run.config(), Reporter(lambda event: None)
    reporter.start("prepare")
    session = prepare(Workspace.from_environment(), config, Manifest(found.classes, found.photos), reporter)
    features = np.array(session.pooled_features().array)
    began, right = time.perf_counter(), 0
    for manifest in deal(session.manifest.photos, found.classes, folds_of(config), config.seed):
        parts = [
            (
                features[[session.pixels.rows[photo.sha256] for photo in chosen]],
                np.array([photo.label for photo in chosen]),
            )
            for chosen in map(manifest.of, ("train", "validation", "test"))
        ]
        train, checked, held = parts
        head = keras.Sequential([keras.layers.Dropout(config.fit.dropout), keras.layers.Dense(len(found.classes))])
        head.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        stopping = keras.callbacks.EarlyStopping(patience=config.fit.patience, restore_best_weights=True)
        head.optimizer.learning_rate = config.head.rate
        head.fit(
            *train,
            batch_size=config.fit.batch_size,
            epochs=config.head.epochs,
            validation_data=checked,
            callbacks=[stopping],
            verbose=0,
        )
        right += int((head.predict(held[0], verbose=0).argmax(1) == held[1]).sum())
    return time.perf_counter() - began, right


def _spread(source: Path, place: Path) -> None:
    files = sorted(source.glob("*/*"))
    for path in files[:: len(files) // _PHOTOS][:_PHOTOS]:
        (place / path.parent.name).mkdir(parents=True, exist_ok=True)
        (place / path.parent.name / path.name).symlink_to(path)
