"""Ask a base that was trained on ImageNet what it sees in the photos of DATA, before any training on them."""

from typing import Any

from transfer_core.text import t

__all__ = ["table"]


def table(value: dict[str, Any]) -> str:
    """What was found, for a terminal."""
    lines = []
    for name, found in value["classes"].items():
        low, high = found["interval"]
        lines.append(
            t(
                "{name}: {share:.1%} of {photos} photos recognized by ImageNet's names alone (95% interval {low:.1%} "
                "to {high:.1%}), held by ImageNet"
                if found["known"]
                else "{name}: {share:.1%} of {photos} photos recognized by ImageNet's names alone (95% interval "
                "{low:.1%} to {high:.1%})",
                name=name,
                share=found["share"],
                photos=found["photos"],
                low=low,
                high=high,
            )
        )
        names = [f"{answer} {share:.0%}" for answer, share in found["imagenet"]]
        lines.append(t("  most often: {names}", names=names) if names else t("  most often: nothing"))
    return "\n".join(lines)
