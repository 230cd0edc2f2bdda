"""`python -m transfer_core.text [LANGUAGE]`: bring the catalogues in line with the sentences in the code; compile them.

With a language, such as `de`, it begins that language's catalogue. Needs Babel (`pip install '.[dev]'`).
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from transfer_core.text import catalog
from transfer_core.text.catalog import DOMAIN

__all__ = ["extract", "main"]

SAYING = {"Sentence", "plural", "t", "message"}
"""Calls whose first words are the id of a sentence, besides those of the refusals in `errors`."""


def sources(root: Path) -> list[Path]:
    """The Python files whose sentences people read: the package, the pages and the app."""
    paths = [root / "app.py", *(root / "pages").rglob("*.py"), *(root / "transfer_core").rglob("*.py")]
    return sorted(path for path in paths if not {"_app", "text"} & set(path.relative_to(root).parts))


def literals(node: ast.expr) -> Iterator[str]:
    """The text of a literal, or both of `one if condition else other`."""
    if isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def extract(root: Path) -> Catalog:
    """Every sentence in the sources below `root`, without a translation."""
    refusals = ast.parse((root / "transfer_core" / "errors.py").read_text("utf-8"))
    saying = SAYING | {node.name for node in refusals.body if isinstance(node, ast.ClassDef)}
    found = Catalog(project="Thaw", fuzzy=False)
    for path in sources(root):
        place = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "plural" and len(node.args) > 1:
                for pair in zip(literals(node.args[0]), literals(node.args[1]), strict=True):
                    found.add(pair, locations=[(place, 0)])
            elif name in saying:
                for text in literals(node.args[0]):
                    found.add(text, locations=[(place, 0)])
    return found


def _check(translated: Catalog, path: Path) -> None:
    for message in translated:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        known = {name for text in ids for _, name, _, _ in Formatter().parse(text)}
        for text in filter(None, given if message.id else ()):
            if strange := {name for _, name, _, _ in Formatter().parse(text)} - known:
                sys.exit(f"{path}: {text!r} has the places {strange}, which {ids[0]!r} has not.")


def main(arguments: list[str], root: Path) -> None:
    """Update and compile the catalogue of each language, a new one named in `arguments` included."""
    template = extract(root)
    for language in sorted({*(path.name for path in catalog.LOCALES.glob("*")), *arguments}):
        folder = catalog.LOCALES / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{DOMAIN}.po"
        known = Catalog(locale=language)
        if path.exists():
            with path.open("rb") as file:
                known = read_po(file, locale=language)
        known.update(template, no_fuzzy_matching=True)
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
    main(sys.argv[1:], Path(__file__).parents[2])
