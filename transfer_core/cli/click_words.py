"""What click itself says on the command line, for the catalogue; and how click comes to look there."""

import gettext
import os

from transfer_core.text import Sentence, plural, spoken
from transfer_core.text.catalog import DOMAIN, LOCALES

__all__ = ["WORDS", "say_clicks_words"]

WORDS = (
    Sentence("Usage:"),
    Sentence("Options"),
    Sentence("Commands"),
    Sentence("Show the version and exit."),
    Sentence("Show this message and exit."),
    Sentence("default: {default}"),
    Sentence("Missing argument"),
    Sentence("Missing option"),
    Sentence("Missing command."),
    Sentence("Choose from:\n\t{choices}"),
    Sentence("Invalid value: {message}"),
    Sentence("Invalid value for {param_hint}: {message}"),
    Sentence("No such command {name!r}."),
    Sentence("No such option {name!r}."),
    plural(
        "Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1, possibility="", possibilities=""
    ),
    plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1, args=""),
    Sentence("Option {name!r} does not take a value."),
    plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1, name="", nargs=1),
    plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1, value="", choice="", choices=""),
    Sentence("{value!r} is not a valid {number_type}."),
    Sentence("{value} is not in the range {range}."),
    Sentence("file"),
    Sentence("directory"),
    Sentence("path"),
    Sentence("{name} {filename!r} does not exist."),
    Sentence("{name} {filename!r} is a file."),
    Sentence("{name} {filename!r} is a directory."),
    Sentence("{name} {filename!r} is not readable."),
    Sentence("{name} {filename!r} is not writable."),
)
"""As the newest click has them; what another version words differently stays English."""


def say_clicks_words() -> None:
    """Have click, which asks the gettext of its process, speak the reader's language; once, from the entry point.

    gettext goes by the environment and knows no scripts: it is told the name of the catalogue, before the reader's own.
    """
    language = spoken()
    if language == "en":
        return
    gettext.bindtextdomain(DOMAIN, str(LOCALES))
    gettext.textdomain(DOMAIN)
    before = os.environ.get("LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG", "")
    if before.split(":")[0] != language:
        os.environ["LANGUAGE"] = f"{language}:{before}"
