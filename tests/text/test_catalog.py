"""No sentence bypasses the catalogue: what a person reads is extracted, and nothing is put together from pieces."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from transfer_core.text.__main__ import SAYING, choices, ids, name_of, sources

ROOT = Path(__file__).parents[2]
FILES = sources()

DEVELOPERS = {
    "ValueError",
    "TypeError",
    "RuntimeError",
    "LookupError",
    "KeyError",
    "NotImplementedError",
    "AssertionError",
}
DEVELOPERS |= {
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "log",
    "filterwarnings",
    "getLogger",
    "compile",
    "execute",
}
"""Calls whose words are for developers, or no words at all."""
COMMANDS = {"option", "argument", "command", "group", "Option"}
"""Click's: the help of a command is English."""
SHOWN = {"button", "caption", "checkbox", "error", "expander", "file_uploader", "form_submit_button", "header", "info"}
SHOWN |= {"link_button", "markdown", "metric", "number_input", "page_link", "popover", "radio", "segmented_control"}
SHOWN |= {"selectbox", "slider", "spinner", "subheader", "success", "text", "text_input", "title", "toggle", "warning"}
SHOWN |= {
    "heading",
    "page_title",
    "progress",
    "image",
    "plotly_chart",
    "status",
    "toast",
    "badge",
    "dialog",
    "popover",
    "tabs",
}
SHOWN |= {"write", "download_button", "camera_input", "pills", "select_slider", "text_area", "multiselect", "echo"}
"""Streamlit's and click's calls whose first argument is read by a person."""
OURS = {"heading", "page_title"}
READ = {"help", "label", "placeholder", "delta", "title", "text", "alt", "caption"}
"""Arguments of theirs that are read by a person."""
CHARTED = {"text", "hovertemplate"}
"""Keys of a Plotly figure whose texts are read by a person."""
PLOTLYS = re.compile(r"%?\{[^}]*\}|<[^>]*>")
PHRASE = re.compile(r"[A-Za-z]{2,}[,;:.]? [A-Za-z(]{2,}")
JOINED = re.compile(r"\{\} [a-z]{2,}[,;]? (\{\}|[a-z])|[a-z]{2,} \{\} [a-z]{2,}|\{\} [a-z]{3,}$")
"""A sentence with values, though no two words of it stand side by side."""
ICON = re.compile(r":material/\w+:|:[\w-]+\[|%[A-Za-z]|\{[^}]*\}|/[\w./…]+")
EXEMPT = {
    "top right",  # Plotly's, of where a text stands
    "{} {}px {}px",  # a style sheet's
    "triggered tf.function retracing",  # TensorFlow's, to be recognized
    "SIMD Extensions",
    "import tensorflow",  # a program
    "{} up to {}",  # of the version of instructions, for report.json
    "Something went wrong inside Thaw: {}; the worker's log has the details.",  # of an exception that shows as a bug
    "{} pixels",  # of an exception that is told in other words
    "{} photos",  # of what a model card says to programs
    "x{} domain",
    "y{} domain",  # Plotly's
    "too early",
    "few photos",  # names of hints
    "augmented features",  # of a stage
    "WHERE ? IS NULL OR class_id = ?",
    "WHERE sha256 IN ({})",
    "Generator[_Verified | Refusal, None, None]",
    "module 'transfer_core' has no attribute {}",
    "it names {}.{}, which no state dict holds",
    "it holds a reference of an unknown kind: {}",
    "Corrupt JPEG data",  # libjpeg's
    "Premature end",
    "remature end",
    "system volume information",  # the folder of Windows
    "(no name)",  # stands where a file's name would
    "unable to open",  # SQLite's
    "out of fold",  # of the JSON that scripts rely on
    "old.{} IS NOT new.{}",
    "'DELETE FROM {} WHERE id = ' || new.id",
    "'UPDATE {} SET ' || {} || ' WHERE id = ' || new.id",
    "'INSERT INTO {} ({}) VALUES (' || {} || ')'",
    "pip install {}",
    "    python -m http.server",
    "    pip install -r requirements.txt\n    python predict.py photo.jpg another.jpg",
    "exit code {}",
    "{}: not a photo that can be read ({})",  # of the program in the zip, which has no catalogue
    "it has {} pixels, too many to open: save it smaller",
    "it is no picture of a known kind, or a damaged one: save it as JPEG or PNG",
    "none of these; most like ",
}
"""What looks like a sentence and is none."""
NO_WORDS = re.compile(r"\s*(<|ALTER|DROP|coalesce|SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|BEGIN|[.#@][\w-]+ \{)")


def text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def bypassing(path: Path) -> list[tuple[int, str]]:
    """Line and text of what a person reads in a file and no catalogue knows, and of ids that are put together."""
    found: list[tuple[int, str]] = []

    def note(node: ast.expr, text: str) -> None:
        if text not in EXEMPT:
            found.append((node.lineno, text))

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Expr) and text_of(node.value) is not None:
            return  # a docstring
        if isinstance(node, ast.Assert):
            return
        if isinstance(node, ast.Call):
            name, arguments = name_of(node), list(node.args)
            if name in SAYING and arguments:
                said = ids(node)
                for literal in (choice for argument in said for choice in choices(argument)):
                    if isinstance(literal, ast.JoinedStr | ast.BinOp):
                        note(literal, ast.unparse(literal))
                for other in [*arguments[len(said) :], *node.keywords, *(a for a in said if text_of(a) is None)]:
                    if isinstance(other, ast.IfExp) and other in said:
                        visit(other.test)
                    else:
                        visit(other)
                return
            if name in COMMANDS:
                return
            if name in DEVELOPERS and not (
                isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "st"
            ):
                return
            if name in SHOWN and arguments and (isinstance(node.func, ast.Attribute) or name in OURS):
                read = [arguments[0], *(keyword.value for keyword in node.keywords if keyword.arg in READ)]
                for argument in read:
                    for literal in choices(argument):
                        text = text_of(literal)
                        if (
                            text is not None
                            and re.search(r"[A-Za-z]{2}", ICON.sub("", text))
                            and not NO_WORDS.match(text)
                        ):
                            note(literal, text)
                for argument in [*arguments, *(keyword.value for keyword in node.keywords)]:
                    if argument not in read or all(text_of(literal) is None for literal in choices(argument)):
                        visit(argument)
                return
        if isinstance(node, ast.Dict) and path.is_relative_to(ROOT / "pages"):
            for key, value in zip(node.keys, node.values, strict=True):
                said = (text_of(value) or "") if key is not None and text_of(key) in CHARTED else ""
                if re.search(r"[A-Za-z]{3}", PLOTLYS.sub("", said)):
                    note(value, said)
        text = text_of(node)
        if text is not None and isinstance(node, ast.expr):
            joined = isinstance(node, ast.JoinedStr) and JOINED.search(text)
            if (joined or PHRASE.search(ICON.sub("", text))) and not NO_WORDS.match(text):
                note(node, text)
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text("utf-8")))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_bypasses_the_catalogue(path: Path) -> None:
    assert bypassing(path) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_place_has_its_value(path: Path) -> None:
    """And every value has its place in one of the wordings."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and name_of(node) in SAYING and node.args):
            continue
        given = {keyword.arg for keyword in node.keywords} - {"warning"}
        literals = [
            text for argument in ids(node) for choice in choices(argument) if (text := text_of(choice)) is not None
        ]
        if not literals or None in given or not (given or name_of(node) == "plural"):
            continue
        places = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in literals]
        given |= {"n"} if name_of(node) == "plural" else set()
        assert all(found <= given for found in places), (path.name, node.lineno, places, given)
        assert set().union(*places) | {"n"} >= given, (path.name, node.lineno, places, given)


def test_no_sentence_is_said_both_with_a_count_and_without() -> None:
    """A language of one form would show the place of the count, unfilled."""
    counted, plain = set(), set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node) in SAYING:
                first = [text for choice in ids(node)[:1] for one in choices(choice) if (text := text_of(one))]
                (counted if name_of(node) == "plural" else plain).update(first)
    assert counted & plain == set()
