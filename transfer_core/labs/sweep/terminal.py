"""Fine-tune at several depths of the base on the photos in DATA, and say how deep is worth it."""

from typing import Any

from transfer_core.labs.sweep.settings import depth_words
from transfer_core.text import t

__all__ = ["table"]


def table(value: dict[str, Any]) -> str:
    """What was found, for a terminal."""
    lines = [
        f"{t('trains'):<24} {t('parameters'):>12} {t('seconds'):>8} {t('photos'):>7}  {t('accuracy (95% interval)')}"
    ]
    for row in value.get("depths", []):
        name = t(depth_words(row["train_from"]))
        mark = t("  <- recommended") if row["train_from"] == value["recommended"] else ""
        accuracy = t(
            "{accuracy:.1%} ({low:.1%} to {high:.1%})",
            accuracy=row["accuracy"],
            low=row["interval"][0],
            high=row["interval"][1],
        )
        lines.append(
            f"{name:<24} {row['trainable_parameters']:>12,} {row['seconds']:>8.1f} {row['photos']:>7,}  {accuracy}"
            f"{mark}"
        )
    return "\n".join(lines)
