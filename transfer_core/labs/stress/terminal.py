"""Say how well the trained classifier RUN answers photos that are blurred, dark, bright, noisy, turned, cropped or
compressed, at five strengths: its test photos, or else those it was validated on, or those of DATA."""

from typing import Any

from transfer_core.labs.stress.verdict import NAMES
from transfer_core.text import t

__all__ = ["table"]


def table(value: dict[str, Any]) -> str:
    """What was found, for a terminal."""
    if not value.get("changes"):
        return t("Stopped before anything had been tried.")
    before = value["as_they_are"]
    lines = [
        t("{photos:,} photos, {right:,} of them right as they are: {share:.1%}.", photos=value["photos"],
          right=before["right"], share=before["accuracy"]),
        t("Right at strengths 1 to 5:"),
    ]  # fmt: skip
    width = max(len(t(NAMES[name])) for name in value["changes"])
    for name, steps in value["changes"].items():
        lines.append(f"{t(NAMES[name]):{width}}  " + "  ".join(f"{one['accuracy']:6.1%}" for one in steps))
    return "\n".join(lines)
