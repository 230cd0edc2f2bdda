"""Say which photos of DATA deserve a look: nearly the same ones, poor ones, likely wrong labels, and shortcuts.

A shortcut is a fact that has nothing to do with what photos show, such as their border, and gives their class away.
"""

from typing import Any

from transfer_core.labs.health.verdict import FACT_NAMES, TITLES
from transfer_core.text import t

__all__ = ["table"]

_LISTED = 8  # of a kind; the JSON has them all


def table(found: dict[str, Any]) -> str:
    """What was found, for a terminal."""
    if "findings" not in found:
        return t("Stopped before all had been looked at.")
    lines = [
        t("{photos:,} photos, {classes} classes", photos=found["photos"], classes=len(found["classes"])),
    ]
    for shortcut in found["shortcuts"]:
        said = t(
            "The {fact} alone is right for {accuracy:.0%} of the photos (always naming the largest class: "
            "{chance:.0%}), and gives away {classes}.",
            **{**shortcut, "fact": FACT_NAMES[shortcut["fact"]]},
        )
        lines += ["", said]
    for finding in found["findings"]:
        count = f" ({len(finding['photos'])})" if finding["photos"] else ""
        lines += ["", f"{t(TITLES[finding['kind']])}{count}: {t(finding['advice'])}"]
        shown = finding["groups"] or [[{"photo": name}] for name in finding["photos"]]
        for group in shown[:_LISTED]:
            lines.append(f"  {', '.join(_named(one) for one in group)}")
        if len(shown) > _LISTED:
            lines.append(t("  and {n} more", n=len(shown) - _LISTED))
        if "classes" in finding:
            lines.append(f"  {', '.join(finding['classes'])}")
    return "\n".join(lines)


def _named(photo: dict[str, Any]) -> str:
    if "instead" not in photo:
        return str(photo["photo"])
    values = {"photo": photo["photo"], "instead": photo["instead"], "share": photo["probability"]}
    return t("{photo}: {instead}, {share:.0%} sure", **values)
