"""`thaw compare`: which photos one run gets right and another wrong, and whether the difference is real."""

from pathlib import Path
from typing import Any

import click

from transfer_core.cli.labs.experiment import do_experiment, experiment_options
from transfer_core.labs.compare.settings import Settings, material

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
        return "Stopped before both had answered."
    lines = [f"{value['photos']} photos that neither run learned from."]
    for which, share, (low, high) in zip(("First", "Second"), value["accuracies"], value["intervals"], strict=True):
        lines.append(f"{which}: {share:.1%} right (95% interval {low:.1%} to {high:.1%})")
    for kind in ("fixed", "broken"):
        names = value[kind]
        lines += [f"{len(names)} {kind}" + ":" * bool(names), *(f"  {name}" for name in names[:_LISTED])]
        if len(names) > _LISTED:
            lines.append(f"  and {len(names) - _LISTED} more")
    lines += [value[part] for part in ("drift_note", "drift_words") if value.get(part)]
    return "\n".join(lines)
