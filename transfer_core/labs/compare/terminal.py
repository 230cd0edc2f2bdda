"""Compare the trained runs FIRST and SECOND on photos that neither learned from."""

from typing import Any

from transfer_core.text import Sentence, t

__all__ = ["table"]

_LISTED = 20  # photos named at most; the JSON has them all


def table(value: dict[str, Any]) -> str:
    """What was found, for a terminal."""
    lines = _settings(value)
    if "p_value" not in value:
        return "\n".join([*lines, t("Stopped before both had answered.")])
    lines += [t("{photos} photos that neither run learned from.", photos=value["photos"])]
    for which, share, (low, high) in zip(
        (Sentence("First"), Sentence("Second")), value["accuracies"], value["intervals"], strict=True
    ):
        lines.append(
            t(
                "{which}: {share:.1%} right (95% interval {low:.1%} to {high:.1%})",
                which=which,
                share=share,
                low=low,
                high=high,
            )
        )
    for counted, names in (
        (t("{n} fixed", n=len(value["fixed"])), value["fixed"]),
        (t("{n} broken", n=len(value["broken"])), value["broken"]),
    ):
        lines += [counted + ":" * bool(names), *(f"  {name}" for name in names[:_LISTED])]
        if len(names) > _LISTED:
            lines.append(t("  and {n} more", n=len(names) - _LISTED))
    lines += [value[part] for part in ("drift_note", "drift_words") if value.get(part)]
    return "\n".join(lines)


def _settings(value: dict[str, Any]) -> list[str]:
    if "settings" not in value:
        return []
    if not value["settings"]:
        return [t("The settings are the same.")]
    return [t("What was set differently") + ":", *(f"  {words}" for words in value["settings"])]
