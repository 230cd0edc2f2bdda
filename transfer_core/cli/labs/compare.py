"""`thaw compare`: which photos one run gets right and another wrong, and whether the difference is real."""

from pathlib import Path
from typing import Any

import click

from transfer_core.cli.labs.experiment import do_experiment, experiment_options
from transfer_core.labs.compare.settings import Settings, material
from transfer_core.text import Sentence, t

__all__ = ["compare"]

_LISTED = 20  # photos named at most; the JSON has them all


@click.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@experiment_options
def compare(first: Path, second: Path, **options: Any) -> None:
    """Compare the trained runs FIRST and SECOND on photos that neither learned from."""
    settings = Settings(str(first.absolute()), str(second.absolute()))
    material(settings)  # refuses what can't be compared before there is a folder
    do_experiment("compare", settings, _words, **options)


def _words(value: dict[str, Any]) -> str:
    if "p_value" not in value:
        return t("Stopped before both had answered.")
    lines = [t("{photos} photos that neither run learned from.", photos=value["photos"])]
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
