"""The command line `thaw`; `python -m transfer_core` is the same."""

import os
import sys
import traceback

import click

from transfer_core.cli.click_words import say_clicks_words
from transfer_core.disk.private import keep_private
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import TransferError
from transfer_core.nn.tensorflow import keep_quiet
from transfer_core.text import read_by, t

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="thaw", prog_name="thaw")
def cli() -> None:
    """Train a small image classifier by transfer learning, and see how deep to fine-tune."""


def _gather() -> None:
    from transfer_core.cli import app, bases, export, labs, photos, predict, project
    from transfer_core.cli import train as training
    from transfer_core.cli.servers import classroom, serve
    from transfer_core.cli.upkeep import doctor, weights

    commands = (
        photos.check,
        bases.bases,
        bases.layers,
        bases.open_file,
        training.train,
        training.resume,
        predict.predict,
        export.export,
        serve.serve,
        *labs.commands(),
        project.project,
        weights.weights,
        doctor.doctor,
        app.app,
        classroom.classroom,
    )
    for command in commands:
        cli.add_command(command)


def _language() -> str | None:
    """The language of the terminal, such as `de_CH`."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((name.partition(".")[0] for name in names if name), None)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: exit code 0 when done, 2 with one plain sentence on standard error, 1 for a bug."""
    keep_quiet()
    keep_private(Workspace.from_environment().root)
    read_by(_language)
    say_clicks_words()
    try:
        _gather()
        cli(args=arguments, standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as refusal:
        click.echo(refusal.format_message(), err=True)
        sys.exit(2)
    except TransferError as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo(t("Interrupted."), err=True)
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    main()
