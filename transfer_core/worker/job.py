"""Does one job, a training run or an experiment, in this process, and records how it goes and ends."""

import logging
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transfer_core.disk.workspace import Workspace
from transfer_core.errors import TransferError
from transfer_core.labs.experiment import is_experiment
from transfer_core.nn.tensorflow import start_tensorflow
from transfer_core.runs.events import Emit, Event
from transfer_core.runs.folder import HEARTBEAT, NOTHING, Recorder, Run, State, Status
from transfer_core.text import Sentence

__all__ = ["BUG", "perform"]

BUG = Sentence("Something went wrong inside Thaw: {error}; the log has the details.").id
"""What the message of a run says that failed through no fault of the person's."""


def perform(workspace: Workspace, run: Run, also: Emit | None = None) -> Status:
    """Train `run`, or do its experiment, in this process and record how it goes and ends; it never stays RUNNING.

    Args:
        workspace: it works in.
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
        state, message = _work(workspace, run, tell)
    record.end(state, message)
    return record.status


def _work(workspace: Workspace, run: Run, tell: Emit) -> tuple[State, Sentence]:
    try:
        # This and what both import come here, so that a run is RUNNING, with a heartbeat, during the seconds they take.
        start_tensorflow()
        work = _experiment if is_experiment(run) else _train
        return work(workspace, run, tell)
    except TransferError as error:
        return "FAILED", error.sentence
    except MemoryError:
        return "FAILED", Sentence(
            "There was not enough memory. Choose a smaller batch, a smaller base or fewer layers."
        )
    except Exception as error:
        traceback.print_exc()
        return "FAILED", Sentence(BUG, error=type(error).__name__)


def _train(workspace: Workspace, run: Run, tell: Emit) -> tuple[State, Sentence]:
    from transfer_core.nn.training.run import train

    report = train(workspace, run, tell)
    if report is None:
        return "STOPPED", Sentence("Stopped before the first epoch ended, so there is no classifier.")
    if report["stopped"]:
        return "STOPPED", Sentence("Stopped; the best weights so far are kept.")
    return "FINISHED", NOTHING


def _experiment(workspace: Workspace, run: Run, tell: Emit) -> tuple[State, Sentence]:
    from transfer_core.labs.run_bench import carry_out

    if carry_out(workspace, run, tell):
        return "FINISHED", NOTHING
    return "STOPPED", Sentence("Stopped; what was found so far is kept.")


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
