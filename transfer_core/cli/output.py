"""What commands print: one JSON object on standard output, everything else on standard error."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

__all__ = ["json_option", "load_tensorflow", "progress", "result", "say", "stdout_kept_clean"]

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add `--json`, which keeps standard output for one JSON object."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else, to standard output."
    )(command)


def say(text: str) -> None:
    """Tell the person something, on standard error."""
    click.echo(text, err=True)


def result(value: dict[str, Any], as_json: bool, words: Callable[[dict[str, Any]], str]) -> None:
    """Print `value` as JSON, or `words(value)` for people."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else words(value))


@contextmanager
def stdout_kept_clean(as_json: bool) -> Iterator[None]:
    """Send to standard error whatever libraries, C++ included, write to standard output during the block."""
    if not as_json:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; call what it gives with the number done so far."""
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)


def load_tensorflow() -> None:
    """Import TensorFlow without the notes that version 2.21 prints at any TF_CPP_MIN_LOG_LEVEL; errors still show."""
    from transfer_core.nn.tensorflow import start_tensorflow

    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            start_tensorflow()
        except BaseException:
            notes.seek(0)
            os.write(kept, notes.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
