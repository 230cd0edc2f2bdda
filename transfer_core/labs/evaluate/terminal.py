"""Say what the trained classifier RUN gets wrong among photos it did not learn from, or among those of DATA."""

from typing import Any

from transfer_core.labs.evaluate.verdict import FOLDS, answered, confusions
from transfer_core.text import Sentence, t

__all__ = ["table"]

_LISTED = 20  # mistakes named at most; the JSON has them all
_PAIRS = 5

_ON = {
    "validation": Sentence("The validation photos"),
    "test": Sentence("The test photos"),
    FOLDS: Sentence("Every photo, answered by classifiers that had not seen it"),
}


def table(value: dict[str, Any]) -> str:
    """What was found, for a terminal."""
    if "accuracy" not in value:
        return t("Stopped before all had been asked.")
    low, high = value["interval"]
    lines = [
        t(_ON.get(value["on"], Sentence("The photos of {data}", data=value["on"]))),
        t(
            "{right:,} of {photos:,} right: {share:.1%} (95% interval {low:.1%} to {high:.1%})",
            right=value["right"],
            photos=value["photos"],
            share=value["accuracy"],
            low=low,
            high=high,
        ),
        "",
    ]
    width = max(map(len, value["classes"]))
    for name, found in value["per_class"].items():
        times = answered(value, name)
        figures = [
            t("found {share:.1%} of {photos:,}", share=found["recall"], photos=found["photos"])
            if found["photos"]
            else t("no photos"),
            t("right {share:.1%} of the {times:,} times it said so", share=found["precision"], times=times)
            if times
            else t("never said"),
        ]
        lines.append(f"{name:{width}}  {', '.join(figures)}")
    for truth, answer, count in confusions(value)[:_PAIRS]:
        lines.append(t("{truth} taken for {answer}: {count:,}", truth=truth, answer=answer, count=count))
    wrong = [found for found in value["answers"] if found["answer"] != found["truth"]]
    lines += ["", t("The surest mistakes:")] if wrong else []
    for found in wrong[:_LISTED]:
        said = t("{answer}, {share:.0%} sure", answer=found["answer"], share=found["probability"])
        lines.append(f"  {found['photo']}: {said}")
    if len(wrong) > _LISTED:
        lines.append(t("  and {n} more", n=len(wrong) - _LISTED))
    return "\n".join(lines)
