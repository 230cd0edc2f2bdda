"""Is training on saved features the same as freezing the base? And which mistakes make it differ?

Trains a new layer on saved bottleneck features of a few photos, then the whole network end to end with its base
frozen, then with each classic mistake; all from the same weights, with the photos in the same order.
"""

from typing import Any

from transfer_core.text import t

__all__ = ["table"]


def table(found: dict[str, Any]) -> str:
    """What was found, for a terminal."""
    lines = []
    for name, words in (("bottleneck", t("saved features")), ("frozen", t("frozen, end to end"))):
        if name in found:
            lines.append(_line(words, found[name]))
    for variant in found.get("variants", {}).values():
        lines += [_line(variant["title"], variant), f"    {variant['cause']}"]
        if not variant["agrees"]:
            lines += [f"      {line}" for line in variant["mend"].splitlines()]
    return "\n".join(lines)


def _line(title: str, found: dict[str, Any]) -> str:
    difference = found["max_loss_difference"]
    if difference is None:
        apart = t("loss lost")
    elif difference == 0:
        apart = t("equal")
    else:
        apart = t("loss up to {difference:.2g} apart", difference=difference)
    return f"{title:42} {apart:24} " + t("{percent:5.1f}% right", percent=100 * found["val_accuracy"])
