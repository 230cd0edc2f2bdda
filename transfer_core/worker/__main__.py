"""The process that runs one job, waits warmed up for one, or answers the pages' quick questions.

    python -m transfer_core.worker run RUN_DIR   train that run and end
    python -m transfer_core.worker standby       get ready, then train the run whose folder comes on standard input;
                                                 lines before it may say what that run is likely to need
    python -m transfer_core.worker answer        answer requests, one JSON line each on standard input, until it ends

Whoever starts it sends standard output and error to a log. What it has to say stands in the run's folder, and
answers in `Workspace.queries_dir`/ID.json.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

from transfer_core.disk.private import keep_private
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import RunError, TransferError
from transfer_core.jobs.standby import LIKELY, Likely
from transfer_core.nn.tensorflow import start_tensorflow
from transfer_core.runs.folder import Run, open_run
from transfer_core.worker.job import perform

__all__ = ["main"]

READY = "READY"
"""Printed by a standby worker when it waits for a run."""


def warm_up() -> None:
    """Import everything and train a toy head, so that TensorFlow's own start-up is over when a run comes."""
    start_tensorflow()
    import numpy as np

    from transfer_core.nn.data.batches import Batches
    from transfer_core.nn.training import run as training  # noqa: F401 - the import is the point
    from transfer_core.nn.training.callbacks import Schedule
    from transfer_core.nn.training.classifier import head_network
    from transfer_core.nn.training.loop import fit
    from transfer_core.runs.config import FitConfig, PhaseConfig
    from transfer_core.runs.progress import Reporter

    labels = np.arange(8, dtype=np.int32) % 2
    photos = Batches((np.zeros((8, 4), np.float32),), np.arange(8), labels, 4, seed=0)
    schedule = Schedule("head", PhaseConfig(1, 1e-3), FitConfig())
    reporter = Reporter(lambda event: None)
    reporter.start("head", epochs=1)
    fit(head_network(4, 2, 0.2, 0), photos, photos, schedule, reporter)


def _run(folder: str) -> int:
    try:
        status = perform(Workspace.from_environment(), open_run(Path(folder)))
    except TransferError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if status.state != "FAILED" else 2


def _get_ready_for(likely: Likely) -> None:
    from transfer_core.nn.features.ahead import get_ready_for

    try:
        get_ready_for(Workspace.from_environment(), likely)
    except Exception:  # the run itself will meet it, and tell the person
        logging.exception("could not get ready for %s", likely)


def _standby() -> int:
    warm_up()
    print(READY, flush=True)
    while (folder := sys.stdin.readline().rstrip("\r\n")).startswith(LIKELY):
        _get_ready_for(Likely(**json.loads(folder.removeprefix(LIKELY))))
    if not folder:
        return 0  # the server ended
    # What was printed so far was nobody's; from here on it belongs to the run, whoever in this process prints it.
    with Run(Path(folder)).log_path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    return _run(folder)


def _answer() -> int:
    start_tensorflow()
    from transfer_core.worker.queries import answer_lines

    answer_lines(Workspace.from_environment(), sys.stdin)
    return 0


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is 0, or 2 for a refusal. A bug ends with its traceback and 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.Formatter.converter = time.gmtime
    keep_private(Workspace.from_environment().root)
    match arguments:
        case ["run", folder]:
            return _run(folder)
        case ["standby"]:
            return _standby()
        case ["answer"]:
            return _answer()
        case _:
            raise RunError(
                "The worker takes 'run FOLDER', 'standby' or 'answer'; {arguments!r} came.",
                arguments=" ".join(arguments),
            )


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TransferError as error:
        sys.exit(str(error))
