"""Workers are killed (SIGKILL) at random moments of every phase; each run goes on, and ends as one left in peace.

Three runs of EfficientNet-Lite0 on few photos: the head alone, the last blocks on cached activations, and the last
blocks with augmentation. Each is first left in peace. Then it is started again and again with nothing cached, and
killed at a moment of a phase, both drawn evenly, until it has ended; then the next, until enough were killed.
What must be the same to the last bit: every epoch's figures, the report, the weights, and the answers.
"""

import io
import os
import random
import signal
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.material import BASE, photo_folder, say, weights
from tests.benchmarks.table import Row
from transfer_core import api
from transfer_core.disk.cache import clear
from transfer_core.disk.files import read_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import StorageError
from transfer_core.jobs.local import LocalEngine
from transfer_core.runs.config import AugmentConfig, BaseConfig, DataConfig, FitConfig, PhaseConfig, RunConfig
from transfer_core.runs.folder import Run

_KILLS, _QUICK_KILLS = 200, 4
_PHOTOS = 48
_PATIENCE = 300.0  # seconds for anything at all to happen
_SEED = 20261130


def run(quick: bool = False) -> list[Row]:
    """Kill workers; `quick`: four of them."""
    wanted, chance = _QUICK_KILLS if quick else _KILLS, random.Random(_SEED)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        workspace = Workspace(place / "home")
        photo_folder(place / "photos", _PHOTOS)
        engine = LocalEngine(workspace, slots=1)
        engine.warm()
        try:
            plans = _plans(place / "photos")
            peaceful = {name: _in_peace(engine, place / name, config, workspace) for name, config in plans.items()}
            ended: Counter[bool] = Counter()
            phases: Counter[str] = Counter()
            while sum(phases.values()) < wanted:
                name = list(plans)[sum(ended.values()) % len(plans)]
                clear(workspace)
                disturbed = api.prepare(plans[name], place / f"{name}-{sum(ended.values())}", workspace=workspace)
                whole, seconds = peaceful[name]
                phases += _until_it_ends(engine, disturbed, seconds, chance, wanted - sum(phases.values()))
                same = _outcome(disturbed) == whole
                ended[same] += 1
                say(f"{sum(phases.values())} killed; {name} ended {'the same' if same else 'OTHERWISE'}")
        finally:
            engine.close()
    runs = sum(ended.values())
    note = "killed in " + ", ".join(f"{phase}: {count}" for phase, count in sorted(phases.items()))
    case = f"{sum(phases.values())} workers killed: runs that end to the last bit as undisturbed"
    return [Row("kills", case, ended[True], runs, "runs", "all of them", ended[True] / runs, ">=", 1.0, note)]


def _plans(photos: Path) -> dict[str, RunConfig]:
    common: dict[str, Any] = {"data": DataConfig(str(photos)), "base": BaseConfig(BASE, weights())}
    last = api.freeze_plan(BASE, train_last=3)
    short = common | {"head": PhaseConfig(6, 2e-3), "fine_tune": PhaseConfig(4, 3e-4)}
    return {
        "head": RunConfig(**common, head=PhaseConfig(40, 2e-3), fit=FitConfig(batch_size=8, patience=0)),
        "tuned": RunConfig(**short, plan=last, fit=FitConfig(batch_size=8, patience=0)),
        "augmented": RunConfig(
            **short,
            plan=last,
            fit=FitConfig(batch_size=8, patience=0, augment="cached"),
            augmentation=AugmentConfig(variants=2),
        ),
    }


def _in_peace(
    engine: LocalEngine, folder: Path, config: RunConfig, workspace: Workspace
) -> tuple[dict[str, Any], list[float]]:
    """What a run comes to that nobody disturbs, and the seconds that its phases take with nothing cached."""
    clear(workspace)
    run = api.prepare(config, folder, workspace=workspace)
    engine.start(run)
    _wait(lambda: run.status().state == "FINISHED")
    return _outcome(run), list((run.report() or {})["seconds"].values())


def _until_it_ends(
    engine: LocalEngine, run: Run, phases: list[float], chance: random.Random, most: int
) -> Counter[str]:
    """Start the run and kill its worker, again and again; by phase, how often."""
    killed: Counter[str] = Counter()
    while True:
        engine.start(run)
        _wait(lambda: run.status().pid is not None and run.status().state in ("RUNNING", "FINISHED"))
        pid = run.status().pid
        at = chance.randrange(len(phases))
        until = time.monotonic() + sum(phases[:at]) + chance.uniform(0, phases[at])
        while time.monotonic() < until and run.status().active:
            time.sleep(0.005)
        if sum(killed.values()) >= most or not run.status().active:
            _wait(lambda: run.status().state == "FINISHED")
            return killed
        phase = run.status().phase or "start"
        with suppress(ProcessLookupError):  # it ended this moment
            os.kill(int(pid or 0), signal.SIGKILL)
        _wait(lambda: not run.status().active)
        if run.status().state == "FINISHED":
            return killed
        killed[phase] += 1


def _wait(there: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            if there():
                return
        except StorageError:
            pass  # not written yet
        time.sleep(0.005)
    raise TimeoutError("nothing happened")


def _outcome(run: Run) -> dict[str, Any]:
    """All that a break must not change."""
    report = run.report() or {}
    kept = {name: report[name] for name in ("phases", "validation", "freeze_proof", "temperature", "stopped")}
    kept["epochs"] = [(one.epoch, one.phase, one.metrics, one.learning_rate) for one in run.epochs()]
    kept["answers"] = read_json(run.answers_path)
    with np.load(run.known_path) as known:
        kept["known"] = {name: known[name].tobytes() for name in known.files}
    return kept | {"weights": _weights(run)}


def _weights(run: Run) -> dict[str, bytes]:
    """Every array of the classifier; the file itself holds when it was written."""
    import h5py

    found: dict[str, bytes] = {}

    def keep(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()].tobytes()

    with zipfile.ZipFile(run.model_path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(keep)
    return found
