"""An engine for pages under test: it takes runs and experiments and leaves them waiting."""

from typing import Any

from transfer_core.errors import TransferError
from transfer_core.jobs.engine import Likely
from transfer_core.runs.folder import Run


class FakeEngine:
    """Remembers what it was asked to start."""

    def __init__(self) -> None:
        self.started: list[Run] = []
        self.place = 1
        self.busy: list[Run] = []
        self.questions: list[tuple[str, dict[str, Any]]] = []
        self.refusal = ""

    def start(self, run: Run) -> None:
        self.started.append(run)

    def cancel(self, run: Run) -> None:
        run.request_stop()

    def position(self, run: Run) -> int:
        return self.place

    def ask(self, kind: str, args: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        self.questions.append((kind, args))
        if self.refusal:
            raise TransferError(self.refusal)
        return {}

    def running(self) -> list[Run]:
        return self.busy

    def waiting(self) -> list[Run]:
        return []

    def warm(self, work: str = "run", likely: Likely | None = None) -> None:
        """Nothing to start."""
