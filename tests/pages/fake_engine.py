"""An engine for pages under test: it takes runs and experiments and leaves them waiting."""

from transfer_core.runs.folder import Run


class FakeEngine:
    """Remembers what it was asked to start."""

    def __init__(self) -> None:
        self.started: list[Run] = []
        self.place = 1

    def start(self, run: Run) -> None:
        self.started.append(run)

    def cancel(self, run: Run) -> None:
        run.request_stop()

    def position(self, run: Run) -> int:
        return self.place

    def warm(self, work: str = "run") -> None:
        """Nothing to start."""
