"""Does one job, a training run or an experiment, in this process, and records how it goes and ends."""

import logging
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transfer_core.errors import TransferError
from transfer_core.labs.experiment import is_experiment
from transfer_core.nn.tensorflow import start_tensorflow
from transfer_core.runs.events import Emit, Event
from transfer_core.runs.folder import HEARTBEAT, Recorder, Run, State, Status

__all__ = ["BUG", "perform"]

BUG = "Something went wrong inside Thaw"
"""How the message of a run begins that failed through no fault of the person's."""


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
    from transfer_core.nn.training.run import train

    report = train(run, tell)
    if report is None:
        return "STOPPED", "Stopped before the first epoch ended, so there is no classifier."
    return ("STOPPED", "Stopped; the best weights so far are kept.") if report["stopped"] else ("FINISHED", "")


def _experiment(run: Run, tell: Emit) -> tuple[State, str]:
    from transfer_core.labs.run_bench import carry_out

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
