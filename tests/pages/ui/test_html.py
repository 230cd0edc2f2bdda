"""Names as Markdown: just their characters come out, and few backslashes go in, which screen readers read."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pages.ui.html import plain
from transfer_core.text import visible

MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])


def shown(markdown: str) -> str:
    """What a reader sees of it."""
    return html.unescape(re.sub(r"<[^>]+>", "", MARKDOWN.render(markdown))).strip()


@given(st.text(st.sampled_from("ab1 .:_-*`[]()<>#+=~$&!|@/\\{}é"), min_size=1, max_size=12))
@example("1. cat")
@example("- cat")
@example("__init__")
@example("&amp;")
@example("a | b")
def test_any_name_shows_just_its_characters(name: str) -> None:
    name = name.strip() or "x"
    # As names stand on the pages: alone, and within a sentence.
    assert " ".join(shown(plain(name)).split()) == " ".join(visible(name).split())
    assert " ".join(shown(f"**of** {plain(name)} x").split()) == " ".join(f"of {visible(name)} x".split())


@given(st.text(max_size=20))
def test_no_name_turns_the_rest_around_or_hides_a_character(name: str) -> None:
    for turning in "\u202a\u202b\u202d\u202e\u2066\u2067\u200e\u200f\u200b\ufeff\u2028":
        seen = visible(f"{name}{turning}gpj.tac")
        assert turning not in seen and f"\\u{ord(turning):04X}gpj.tac" in seen
    assert visible(visible(name)) == visible(name)


@pytest.mark.parametrize(
    "name", [":red[x]", ":smile:", ":material/home:", "$x$", "www.evil.example", "http://x", "a@b.c"]
)
def test_what_only_streamlit_takes_for_a_mark_is_escaped(name: str) -> None:
    assert re.search(r"\\[:$.@]", plain(name))


@pytest.mark.parametrize(
    "name", ["checkerboard_0001.jpg", "IMG-20240101-WA0001.jpeg", "Photo (2) - copy.png", "a+b, c!"]
)
def test_usual_names_need_no_backslash(name: str) -> None:
    assert plain(name) == name
