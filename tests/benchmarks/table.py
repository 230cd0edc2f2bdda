"""One row a figure: ours against a named rival, measured in one run on one machine, and the target it should meet."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

QUICK = "quick: too small to tell"


@dataclass(frozen=True)
class Row:
    """One measured ratio."""

    benchmark: str
    case: str
    ours: float
    rival: float
    unit: str
    rival_name: str
    ratio: float
    """Always so that the target reads `ratio >= target` or `ratio <= target`, as `direction` says."""
    direction: Literal[">=", "<="]
    target: float
    note: str = ""
    quick: bool = False
    """Whether it only shows that the benchmark works; it then says nothing of the target."""

    def __post_init__(self) -> None:
        if self.quick and not self.note.startswith(QUICK):
            object.__setattr__(self, "note", f"{QUICK}; {self.note}" if self.note else QUICK)

    @property
    def met(self) -> bool:
        """Whether the target is met; never of a quick run."""
        if self.quick:
            return False
        return self.ratio >= self.target if self.direction == ">=" else self.ratio <= self.target

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self) | {"met": self.met}


def render(rows: Sequence[Row]) -> str:
    """The rows as a table for people."""
    head = ("benchmark", "case", "ours", "rival", "ratio", "target", "met", "rival is")
    lines = [head]
    for row in rows:
        ours, rival = f"{row.ours:.3g} {row.unit}", f"{row.rival:.3g} {row.unit}"
        target = f"{row.direction} {row.target:g}"
        met = "-" if row.quick else "yes" if row.met else "NO"
        note = row.rival_name + (f" ({row.note})" if row.note else "")
        lines.append((row.benchmark, row.case, ours, rival, f"{row.ratio:.3g}", target, met, note))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "\n".join(text)
