"""`python -m transfer_core.text [LANGUAGE]`: bring the catalogues in line with the sentences in the code; compile them.

With a language, such as `de`, it begins that language's catalogue. Needs Babel (`pip install '.[dev]'`).
"""

import ast
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from string import Formatter

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from transfer_core.text import catalog
from transfer_core.text.catalog import DOMAIN
from transfer_core.text.sentence import BETWEEN_NAMES, TWO_SENTENCES

__all__ = ["SAYING", "choices", "extract", "ids", "main", "name_of", "sources"]

_ROOT = Path(__file__).parents[2]
_NO_DATE = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""Of a catalogue: the same sentences give the same bytes."""
_REFUSALS = ast.parse((_ROOT / "transfer_core" / "errors.py").read_text("utf-8"))  # `errors` stands above this room
SAYING = {
    "Sentence",
    "plural",
    "t",
    "message",
    *(node.name for node in _REFUSALS.body if isinstance(node, ast.ClassDef)),
}
"""Calls whose first words are the id of a sentence."""


def sources() -> list[Path]:
    """The Python files whose sentences people read: the package, the pages and the app."""
    paths = [_ROOT / "app.py", *(_ROOT / "pages").rglob("*.py"), *(_ROOT / "transfer_core").rglob("*.py")]
    return sorted(path for path in paths if not {"_app", "text"} & set(path.relative_to(_ROOT).parts))


def name_of(call: ast.Call) -> str:
    """The last name of what is called: `caption` for `st.caption(...)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def choices(node: ast.expr) -> Iterator[ast.expr]:
    """The expression, or both of `one if condition else other`."""
    if isinstance(node, ast.IfExp):
        yield from choices(node.body)
        yield from choices(node.orelse)
    else:
        yield node


def ids(call: ast.Call) -> list[ast.expr]:
    """The arguments of one of `SAYING` that are ids: of a plural the first two."""
    return call.args[: 2 if name_of(call) == "plural" else 1]


def _literals(node: ast.expr) -> list[str]:
    found = (choice.value for choice in choices(node) if isinstance(choice, ast.Constant))
    return [text for text in found if isinstance(text, str) and text]


def extract() -> Catalog:
    """Every sentence in the sources, without a translation."""
    found = Catalog(project="Thaw", fuzzy=False)
    for text, what in ((BETWEEN_NAMES, "between names in a list"), (TWO_SENTENCES, "two sentences in a row")):
        found.add(text, locations=[("transfer_core/text/sentence.py", 0)], auto_comments=[what])
    for path in [*sources(), _ROOT / "transfer_core" / "text" / "sentence.py"]:
        place = path.relative_to(_ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node) in SAYING:
                for forms in zip(*map(_literals, ids(node)), strict=True):
                    found.add(forms if len(forms) > 1 else forms[0], locations=[(place, 0)])
    return found


def _check(translated: Catalog, path: Path) -> None:
    for message in translated:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        known = set().union(*map(_places, ids))
        for text in filter(None, given if message.id else ()):
            if strange := _places(text) - known:
                sys.exit(f"{path}: {text!r} has the places {strange}, which {ids[0]!r} has not.")


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def main(arguments: list[str]) -> None:
    """Update and compile the catalogue of each language, a new one named in `arguments` included."""
    template = extract()
    for language in sorted({*catalog.languages(), *arguments}):
        folder = catalog.LOCALES / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{DOMAIN}.po"
        known = Catalog(locale=language)
        if path.exists():
            with path.open("rb") as file:
                known = read_po(file, locale=language)
        known.update(template, no_fuzzy_matching=True)
        known.fuzzy, known.header_comment = False, f"# Thaw's sentences in {known.locale_identifier}."
        known.project, known.version = "Thaw", "1"
        known.creation_date = known.revision_date = _NO_DATE
        _check(known, path)
        with path.open("wb") as file:
            write_po(file, known, width=120, sort_output=True)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, known)
        done = sum(bool(message.id and all(_strings(message.string))) for message in known)
        print(f"{language}: {done} of {len(known)} sentences")


def _strings(value: str | tuple[str, ...] | list[str]) -> list[str]:
    return list(value) if isinstance(value, tuple | list) else [value]


if __name__ == "__main__":
    main(sys.argv[1:])
