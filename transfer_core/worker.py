"""The process that runs one job, waits warmed up for one, or answers the pages' quick questions.

    python -m transfer_core.worker run RUN_DIR   train that run and end
    python -m transfer_core.worker standby       get ready, then train the run whose folder comes on standard input
    python -m transfer_core.worker lane          answer requests, one JSON line each on standard input, until it ends

Whoever starts it sends standard output and error to a log. What it has to say stands in the run's folder, or for the
lane in projects.lane_dir()/ID.json.
"""

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from transfer_core.errors import RunError, TransferError
from transfer_core.events import Emit, Event
from transfer_core.labs.experiment import is_experiment
from transfer_core.runs import HEARTBEAT, Recorder, Run, State, Status, open_run
from transfer_core.tensorflow_start import start_tensorflow

__all__ = ["BUG", "main", "perform"]

BUG = "Something went wrong inside Thaw"
"""How the message of a run begins that failed through no fault of the person's."""

READY = "READY"
"""Printed by a standby worker when it waits for a run."""


def perform(run: Run, also: Emit | None = None) -> Status:
    """Train `run`, or do its experiment, in this process and record how it goes and ends; it never stays RUNNING.

    Args:
        run: a run that waits.
        also: hears every event too.

    Returns:
        The status it ended with: FINISHED, STOPPED or FAILED. A refusal is its message; a bug is said to be one, and
        its traceback goes to standard error.
    """
    record = Recorder(run, os.getpid())

    def tell(event: Event) -> None:
        record(event)
        if also is not None:
            also(event)

    with _heartbeat(record.beat):
        state, message = _work(run, tell)
    record.end(state, message)
    return record.status


def _work(run: Run, tell: Emit) -> tuple[State, str]:
    try:
        # This and what both import come here, so that a run is RUNNING, with a heartbeat, during the seconds they take.
        start_tensorflow()
        return _experiment(run, tell) if is_experiment(run) else _train(run, tell)
    except TransferError as error:
        return "FAILED", str(error)
    except MemoryError:
        return "FAILED", "There was not enough memory. Choose a smaller batch, a smaller base or fewer layers."
    except Exception as error:
        traceback.print_exc()
        return "FAILED", f"{BUG}: {type(error).__name__}; the log has the details."


def _train(run: Run, tell: Emit) -> tuple[State, str]:
    from transfer_core.training import train

    report = train(run, tell)
    if report is None:
        return "STOPPED", "Stopped before the first epoch ended, so there is no classifier."
    return ("STOPPED", "Stopped; the best weights so far are kept.") if report["stopped"] else ("FINISHED", "")


def _experiment(run: Run, tell: Emit) -> tuple[State, str]:
    from transfer_core.experiments.bench import carry_out

    return ("FINISHED", "") if carry_out(run, tell) else ("STOPPED", "Stopped; what was found so far is kept.")


@contextmanager
def _heartbeat(beat: Callable[[], None]) -> Iterator[None]:
    """Call `beat` from a thread, so that one long operation does not look like a dead worker."""
    over = threading.Event()

    def keep_beating() -> None:
        while not over.wait(HEARTBEAT):
            try:
                beat()
            except (OSError, TransferError):
                # A disk full for a moment must not end the signs of life; the run meets the same error itself.
                logging.exception("could not write the heartbeat")

    thread = threading.Thread(target=keep_beating, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def warm_up() -> None:
    """Import everything and train a toy head, so that TensorFlow's own start-up is over when a run comes."""
    start_tensorflow()
    import numpy as np

    from transfer_core import training  # noqa: F401 - the import is the point
    from transfer_core.batches import Batches
    from transfer_core.config import FitConfig, PhaseConfig
    from transfer_core.fitting import Schedule, fit
    from transfer_core.network import head_network
    from transfer_core.watch import Watch

    labels = np.arange(8, dtype=np.int32) % 2
    photos = Batches((np.zeros((8, 4), np.float32),), np.arange(8), labels, 4, seed=0)
    schedule = Schedule("head", PhaseConfig(1, 1e-3), FitConfig())
    watch = Watch(lambda event: None)
    watch.start("head", epochs=1)
    fit(head_network(4, 2, 0.2, 0), photos, photos, schedule, watch)


def _run(folder: str) -> int:
    try:
        status = perform(open_run(Path(folder)))
    except TransferError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if status.state != "FAILED" else 2


def _standby() -> int:
    warm_up()
    print(READY, flush=True)
    folder = sys.stdin.readline().rstrip("\r\n")
    if not folder:
        return 0  # the server ended
    # What was printed so far was nobody's; from here on it belongs to the run, whoever in this process prints it.
    with Run(Path(folder)).log_path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    return _run(folder)


def _lane() -> int:
    start_tensorflow()
    from transfer_core.answering import answer_lines

    answer_lines(sys.stdin)
    return 0


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is 0, or 2 for a refusal. A bug ends with its traceback and 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.Formatter.converter = time.gmtime
    match arguments:
        case ["run", folder]:
            return _run(folder)
        case ["standby"]:
            return _standby()
        case ["lane"]:
            return _lane()
        case _:
            raise RunError(f"The worker takes 'run FOLDER', 'standby' or 'lane'; {' '.join(arguments)!r} came.")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TransferError as error:
        sys.exit(str(error))
