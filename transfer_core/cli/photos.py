"""`thaw check`: what an import of these photos would find."""

from typing import Any

import click

from transfer_core.cli.output import json_option, result, stdout_kept_clean
from transfer_core.disk.workspace import Workspace
from transfer_core.photos.open import open_source
from transfer_core.photos.understood import understood
from transfer_core.text import plural, t, visible

__all__ = ["check"]


@click.command()
@click.argument("data")
@json_option
def check(data: str, as_json: bool) -> None:
    """Look through DATA: what can be used, what can't and why, duplicates, and photos under two labels."""
    with stdout_kept_clean(as_json), open_source(Workspace.from_environment(), data) as source:
        found = source.report.to_dict() | {"understood": [t(sentence) for sentence in understood(source.report)]}
        split = source.manifest(validation_fraction=0)
        found["together"], found["crossing"] = split.together, split.near_leaks
        found["one_series"] = sorted({split.classes[photo.label] for photo in split.photos if photo.series})
    result(found, as_json, _words)


def _words(found: dict[str, Any]) -> str:
    lines = [t(plural("{n} photo can be read.", "{n} photos can be read.", found["imported"]))]
    lines += [f"  {visible(name)}: {count}" for name, count in found["classes"].items()]
    lines += found["understood"]
    lines += [t("The folder {name} holds no photo.", name=name) for name in found["empty"]]
    if found["refused"]:
        lines.append(t(plural("{n} file can't be used:", "{n} files can't be used:", len(found["refused"]))))
        lines += [f"  {item['name']}: {item['reason']}" for item in found["refused"]]
    if found["duplicates"]:
        lines.append(t("The same photo more than once (used once):"))
        lines += ["  " + " = ".join(names) for names in found["duplicates"]]
    if found["conflicts"]:
        lines.append(t("One photo under two labels (set aside until one label is removed):"))
        lines += ["  " + " = ".join(names) for names in found["conflicts"]]
    if found["together"]:
        lines.append(t("Nearly the same, or taken in one go (kept on one side when photos are split):"))
        lines += ["  " + ", ".join(names) for names in found["together"]]
    if found["crossing"]:
        lines.append(t("Of these, the folders put into several splits, which makes the figures look better:"))
        lines += ["  " + ", ".join(names) for names in found["crossing"]]
    if found["one_series"]:
        names = ", ".join(visible(name) for name in found["one_series"])
        lines.append(t("Nearly all photos of {names} are one series, so some of it is on either side.", names=names))
    return "\n".join(lines)
