"""Every page in a language that nobody speaks: what is then still English has bypassed the catalogue."""

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.labs.cards import LABS
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_tree
from transfer_core.backbones.catalog import BASES
from transfer_core.disk.workspace import Project
from transfer_core.text import catalog, read_by, sentence

KEPT = re.compile(
    r"\{[^}]*\}|:material/\w+:|:[a-z]+(?:-[a-z]+)?\[|`[^`]*`|\]\([^)]*\)|<[^>]+>|https?://\S+|--[a-z-]+|\\n"
)
STRANGE = str.maketrans("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                        "åƀçđéƒĝĥîĵķłɱñöþɋŕšţûṽŵẋýžÅƁÇĐÉƑĜĤÎĴĶŁṀÑÖÞɊŔŠŢÛṼŴẊÝŽ")  # fmt: skip
PATH = re.compile(r"/home/me/\S+")  # how one may look, inside a field
WORD = re.compile(r"[A-Za-z][a-z]{2,}")


def strange(text: str) -> str:
    """The sentence with letters that no English word has, and 40 % longer."""
    parts, at = [], 0
    for kept in KEPT.finditer(text):
        parts += [text[at : kept.start()].translate(STRANGE), kept[0]]
        at = kept.end()
    parts.append(text[at:].translate(STRANGE))
    longer = "".join(parts)
    return longer + "ø" * (len(text) * 2 // 5) if " " in text.strip() else longer


@pytest.fixture(autouse=True)
def nobodys_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def translate(one: str, many: str = "", number: float = 1) -> str:
        return strange(many if many and number != 1 else one)

    monkeypatch.setattr(sentence, "translate", translate)
    monkeypatch.setattr(catalog, "translate", translate)
    yield
    read_by(lambda: None)


def read_on(page: AppTest) -> list[str]:
    """Every text of the page that a person reads, hears or is told by the pointer."""
    found: list[str] = []

    def visit(message: Any) -> None:
        for field, value in message.ListFields():
            values = [value] if isinstance(value, str | bytes) or not hasattr(value, "__iter__") else list(value)
            if field.name in ("label", "body", "help", "placeholder", "text", "alt", "caption", "options", "items"):
                found.extend(one for one in values if isinstance(one, str))
            elif field.name == "json" and isinstance(value, str):
                said = json.loads(value or "{}")
                if isinstance(said, dict):
                    found.extend([str(said.get("label", "")), *map(str, said.get("words", {}).values())])
            for one in values:
                if hasattr(one, "ListFields"):
                    visit(one)

    def walk(node: Any) -> None:
        if (proto := getattr(node, "proto", None)) is not None and hasattr(proto, "ListFields"):
            visit(proto)
        for child in getattr(node, "children", {}).values():
            walk(child)

    walk(page._tree)
    return found


def english(text: str, names: set[str]) -> list[str]:
    """Words in it that no catalogue has changed and that are no name."""
    bare = html.unescape(re.sub(r"<style.*?</style>|<script.*?</script>", "", text, flags=re.DOTALL))
    return [word for word in WORD.findall(KEPT.sub(" ", PATH.sub(" ", bare))) if word not in names]


@pytest.fixture
def names(project: Project) -> set[str]:
    """What stays as it is in every language."""
    tree = toy_tree()
    told = [base.title for base in BASES] + [base.name for base in BASES] + list(tree.layers)
    told += [node.name for node, _ in tree.walk()] + [node.facts.type for node in tree.layers.values() if node.facts]
    told += ["Thaw", "Toys", "cat", "dog", "jpg", "English", "Language", str(project.workspace.root), project.id]
    return {word for text in told for word in WORD.findall(text)}


@pytest.mark.parametrize(
    "step",
    ["photos", "base", "layers", "train", "projector", "test", "labs", "lesson", "help", *(lab.kind for lab in LABS)],
)
def test_no_english_is_left(
    step: str, project: Project, engine: FakeEngine, open_page: Callable[[str, str], AppTest], names: set[str]
) -> None:
    page = open_page(step, project.id)
    assert not page.exception
    left = {text: found for text in read_on(page) if (found := english(text, names))}
    assert left == {}


def test_no_english_is_left_at_home(project: Project, app: AppTest, names: set[str]) -> None:
    page = app.run()
    assert not page.exception
    assert {text: found for text in read_on(page) if (found := english(text, names))} == {}
