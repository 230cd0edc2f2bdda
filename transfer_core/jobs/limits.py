"""How much a job, and one person's jobs together, may take of a machine that many share."""

from dataclasses import dataclass

__all__ = ["JobLimits"]


@dataclass(frozen=True)
class JobLimits:
    """None: as much as there is."""

    active: int | None = None
    """Jobs of one person that wait or run at a time."""
    seconds: float | None = None
    """That a job may run before it is stopped; what it learned by then is kept."""
    memory: int | None = None
    """Bytes of memory that a job's process may hold before it is ended."""
