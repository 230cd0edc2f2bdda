"""Say after which block of a base the classes of DATA can be told apart: no fine-tuning, one pass.

A linear classifier on what leaves each block answers for photos it has not seen. The last block that matters is the
first one after which it does as well as anywhere.
"""

from typing import Any

from transfer_core.labs.probe.verdict import may_go_on
from transfer_core.text import t

__all__ = ["table"]


def table(found: dict[str, Any]) -> str:
    """What was found, for a terminal."""
    best, depths = found.get("best"), found["depths"]
    best_mark = (
        t("  <- perhaps the last block that matters")
        if may_go_on(depths, best)
        else t("  <- the last block that matters")
    )
    width = max(len(depth["block"]) for depth in depths)
    lines = [
        t(
            "{photos} photos in {folds} folds; always naming the largest class would be right for {chance:.0%}.",
            photos=found["photos"],
            folds=found["folds"],
            chance=found["chance"],
        ),
        "",
    ]
    for depth in depths:
        low, high = depth["interval"]
        mark = best_mark if depth["block"] == best else ""
        interval = t("({low:.0%} to {high:.0%})", low=low, high=high)
        lines.append(f"{depth['block']:{width}}  {depth['accuracy']:6.1%}  {interval}{mark}")
    return "\n".join([*lines, *(f"\n{point}" for point in found.get("points", ()))])
