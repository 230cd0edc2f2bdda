"""`thaw check`: what an import of these photos would find."""

from typing import Any

import click

from transfer_core.cli.output import json_option, result, stdout_kept_clean
from transfer_core.photos.open import open_source

__all__ = ["check"]


@click.command()
@click.argument("data")
@json_option
def check(data: str, as_json: bool) -> None:
    """Look through DATA: what can be used, what can't and why, duplicates, and photos under two labels."""
    with stdout_kept_clean(as_json), open_source(data) as source:
        found = source.report.to_dict()
    result(found, as_json, _words)


def _words(found: dict[str, Any]) -> str:
    lines = [f"{found['imported']} photos can be used."]
    lines += [f"  {name}: {count}" for name, count in found["classes"].items()]
    if found["refused"]:
        lines.append(f"{len(found['refused'])} files can't be used:")
        lines += [f"  {item['name']}: {item['reason']}" for item in found["refused"]]
    if found["duplicates"]:
        lines.append("The same photo more than once (used once):")
        lines += ["  " + " = ".join(names) for names in found["duplicates"]]
    if found["conflicts"]:
        lines.append("One photo under two labels (set aside until one label is removed):")
        lines += ["  " + " = ".join(names) for names in found["conflicts"]]
    return "\n".join(lines)
