"""What Ctrl+C does to a run at work in this process."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from transfer_core.cli.output import say
from transfer_core.runs.folder import Run
from transfer_core.text import t

__all__ = ["stop_on_interrupt"]


@contextmanager
def stop_on_interrupt(run: Run) -> Iterator[None]:
    """First Ctrl+C: stop and keep the best so far; second: end at once. For a run or an experiment."""

    def stop(number: int, frame: FrameType | None) -> None:
        say("\n" + t("Stopping; the best so far is kept. Ctrl+C again ends at once."))
        run.request_stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    earlier = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
