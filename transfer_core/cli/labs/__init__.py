"""The labs as commands; each in a file of its own, called as the lab is."""

from importlib import import_module

import click

from transfer_core.labs import KINDS

__all__ = ["COMMANDS"]

COMMANDS: tuple[click.Command, ...] = tuple(getattr(import_module(f"{__name__}.{kind}"), kind) for kind in KINDS)
