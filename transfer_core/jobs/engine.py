"""The one interface to whoever carries out runs and answers questions; pages and commands know nothing else."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from transfer_core.disk.workspace import Workspace
from transfer_core.jobs.limits import JobLimits
from transfer_core.jobs.standby import Likely
from transfer_core.runs.folder import Run

__all__ = ["Engine", "Likely", "start_engine"]

_RESTARTS = 3  # of one run: a computer that was switched off, or short of memory for a moment


class Engine(Protocol):
    """Carries out runs and answers questions. Of a run, all that passes between the two stands in its folder."""

    def start(self, run: Run) -> None:
        """Let `run` wait for a free slot and then train; an earlier end (stopped, failed) is taken back.

        Raises:
            RunError: the run has finished already, or its person has as many waiting or running as may be.
            StorageError: its folder can't be written.
        """

    def cancel(self, run: Run) -> None:
        """End `run`: one that waits at once, one that trains after its current step; safe to ask twice."""

    def position(self, run: Run) -> int:
        """The run's place among those that wait, from 1; 0 when it does not wait."""

    def running(self) -> list[Run]:
        """The runs, of any project, that are carried out now: those that wait, wait for these."""

    def waiting(self) -> list[Run]:
        """The runs, of any project, that wait, the next one first."""

    def reconcile(self) -> None:
        """Set right what a restart left: watch what still trains, queue what waited, close what died."""

    def warm(self, work: Literal["run", "question"] = "run", likely: Likely | None = None) -> None:
        """Have a worker ready from now on, so that the next run or question need not wait for one; returns at once.

        With `likely`, the worker for runs also builds ahead what such a run will need.
        """

    def ask(
        self,
        kind: str,
        args: dict[str, Any],
        timeout: float = 60.0,
        on_wait: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """Put one question, such as a layer tree or a prediction, and wait for its answer.

        Args:
            kind: what is asked, one of `worker.queries.KINDS`.
            args: JSON values, as the kind wants them.
            timeout: seconds the answer may take, a worker's start included, waiting for earlier questions not.
            on_wait: called in this thread with the seconds since the call, many times a second.
            cancelled: polled; once it is true nobody waits for the answer any more.

        Returns:
            The answer, JSON values.

        Raises:
            TransferError: a refusal in the worker's own sentence; or no answer in time, cancelled, or no worker.
            RuntimeError: a bug in the worker, with its message.
        """

    def close(self) -> None:
        """End what only this process needs. Runs that train go on; those that wait stay QUEUED on disk."""


def start_engine(
    workspace: Workspace,
    people: Callable[[], Sequence[Workspace]] | None = None,
    limits: JobLimits | None = None,
) -> Engine:
    """Start the engine of this machine for the runs and questions of `workspace`. One a server.

    Args:
        workspace: that holds the caches and weights.
        people: gives the workspaces whose runs it carries out, which have these in common; None: `workspace` alone.
        limits: what a job, and a person's jobs together, may take; None: as much as there is.
    """
    from transfer_core.jobs.local import LocalEngine

    return LocalEngine(workspace, people=people, limits=limits, restarts=_RESTARTS)
