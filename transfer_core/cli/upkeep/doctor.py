"""`thaw doctor`: what is wrong with this installation or this computer, and what to do."""

import click

from transfer_core.cli.output import json_option, result, stdout_kept_clean
from transfer_core.disk.workspace import Workspace
from transfer_core.doctor.examine import examine
from transfer_core.text import t

__all__ = ["doctor"]

_MARKS = {"ok": "ok  ", "note": "note", "problem": "BAD "}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Look over this installation and this computer: what is wrong, and what to do. Takes some seconds."""
    findings = []
    with stdout_kept_clean(as_json):
        for finding in examine(Workspace.from_environment()):
            findings.append(finding)
            if not as_json:
                click.echo(f"{_MARKS[finding.level]}  {t(finding.title)}: {t(finding.found)}")
                if str(finding.advice):
                    click.echo(f"      {t(finding.advice)}")
    problems = sum(finding.level == "problem" for finding in findings)
    value = {"ok": not problems, "findings": [finding.to_dict() for finding in findings]}
    if as_json:
        result(value, as_json, lambda found: "")
    else:
        click.echo(t("All is well.") if not problems else t("Mend what is marked BAD, then run it again."))
