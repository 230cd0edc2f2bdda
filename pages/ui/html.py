"""Small pieces drawn as HTML: bars, a strip of photos, a list of facts. Every text in them is escaped."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape as _escape
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.paths import page_path
from transfer_core.errors import PhotoError
from transfer_core.text import Sentence, t, visible

__all__ = [
    "answer",
    "cells",
    "draw_thumb",
    "escape",
    "facts",
    "file_name",
    "load_style",
    "middle_cut",
    "page_of",
    "percent",
    "plain",
    "probability_bars",
    "result_bars",
    "sentence",
    "share_bars",
    "sketch",
    "split_bars",
    "strip",
    "thumb",
    "thumb_bytes",
]

T = TypeVar("T")
_ROOT = Path(__file__).parents[2]  # where the paths of pages begin


def escape(text: str) -> str:
    """Text as HTML that shows just its characters, also those that hide or turn the rest around."""
    return _escape(visible(text))


def load_style() -> None:
    """Put the style sheet on the page; once a run, from app.py."""
    st.html(Path(__file__).with_name("style.css"))


_PARTS = ("", " second", " third")  # classes of style.css


def _bar(name: str, shares: Sequence[float], value: str, best: bool = False) -> str:
    fills = "".join(
        f'<span class="fill{_PARTS[index]}" style="width:{max(share, 0) * 100:.2f}%"></span>'
        for index, share in enumerate(shares)
    )
    mark = " best" * best
    return (
        f'<span class="name{mark}">{escape(name)}</span><span class="track" aria-hidden="true">{fills}</span>'
        f'<span class="value{mark}">{escape(value)}</span>'
    )


def split_bars(counts: Mapping[str, Sequence[int]], labels: Sequence[str]) -> None:
    """Bars of two or three parts, one a class: `counts` gives the parts, `labels` names them."""
    longest = max((sum(parts) for parts in counts.values()), default=0) or 1
    rows = "".join(
        _bar(name, [part / longest for part in parts], " + ".join(map(str, parts))) for name, parts in counts.items()
    )
    legend = "".join(
        f'<span class="{_PARTS[index].strip()}">{escape(label)}</span>' for index, label in enumerate(labels)
    )
    st.html(f'<div class="thaw-legend">{legend}</div><div class="thaw-bars">{rows}</div>')


def probability_bars(probabilities: Mapping[str, float], most: int = 5) -> None:
    """Bars of probability, the likeliest first; beyond `most` the rest is one bar."""
    ordered = sorted(probabilities.items(), key=lambda item: -item[1])
    rest = ordered[most:] if len(ordered) > most + 1 else []
    shown = ordered[: len(ordered) - len(rest)]
    rows = [_bar(name, (share,), percent(share), best=not index) for index, (name, share) in enumerate(shown)]
    if rest:
        others = sum(share for _, share in rest)
        rows.append(_bar(t("{count:,} others", count=len(rest)), (others,), percent(others)))
    st.html(f'<div class="thaw-bars">{"".join(rows)}</div>')


def share_bars(shares: Mapping[str, float], best: str) -> None:
    """Bars of probability in the order given, so that they can be watched while they move; `best` stands out."""
    rows = [_bar(name, (share,), percent(share), name == best) for name, share in shares.items()]
    st.html(f'<div class="thaw-bars">{"".join(rows)}</div>')


def result_bars(rows: Sequence[tuple[str, float, tuple[float, float], str]]) -> None:
    """Bars of results with how sure each is: name, share 0..1, its interval, and the value in words."""
    drawn = "".join(
        f'<span class="name">{escape(name)}</span><span class="track sure">'
        f'<span class="fill" style="width:{share * 100:.2f}%"></span>'
        f'<span class="range" style="left:{low * 100:.2f}%;width:{max(high - low, 0) * 100:.2f}%"></span></span>'
        f'<span class="value">{escape(value)}</span>'
        for name, share, (low, high), value in rows
    )
    st.html(f'<div class="thaw-bars">{drawn}</div>')


def percent(share: float) -> str:
    """A probability to a tenth of a percent; never "100.0%" for something less than certain."""
    return f"{min(share * 100, 99.9) if share < 1 else 100:.1f}%"


def strip(pictures: Iterable[bytes], alt: str, empty: str = "") -> None:
    """A row of square JPEG or PNG pictures; without any, the words `empty` in their place."""
    images = "".join(
        f'<img src="data:{_kind(data)};base64,{base64.b64encode(data).decode()}" alt="">' for data in pictures
    )
    if images:
        st.html(f'<div class="thaw-strip" role="img" aria-label="{escape(alt)}">{images}</div>')
    else:
        st.html(f'<div class="thaw-strip empty">{escape(empty)}</div>')


def sketch(page: str) -> None:
    """A small picture of what the page `page` will show once there is something; none if it has no `sketch.svg`.

    An image, not part of the page: Streamlit takes drawings out of HTML. So it can't know the theme, and its colors are
    seen on light and dark alike.
    """
    path = _ROOT / Path(page_path(page)).with_name("sketch.svg")
    if path.is_file():
        drawn = base64.b64encode(path.read_bytes()).decode()
        with st.container(key="sketch", gap="xsmall"):
            st.caption(t("It will look something like this:"))
            st.html(f'<img class="thaw-sketch" src="data:image/svg+xml;base64,{drawn}" alt="">')


def _kind(data: bytes) -> str:
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"


def facts(
    rows: Mapping[str, str], hints: Mapping[str, str] | None = None, links: Mapping[str, str] | None = None
) -> None:
    """A small two-column list of terms and what they are; a term without a value is left out.

    Args:
        rows: term and value.
        hints: words shown on hover over a term.
        links: where a value comes from, as an address.
    """
    hints, links = hints or {}, links or {}
    cells = []
    for term, value in rows.items():
        if not value:
            continue
        shown = escape(value)
        if term in links:
            shown += f' <a href="{escape(links[term])}" target="_blank" rel="noopener">{escape(t("source"))}</a>'
        cells.append(
            f'<span class="term" title="{escape(hints.get(term, ""))}">{escape(term)}</span><span>{shown}</span>'
        )
    st.html(f'<div class="thaw-facts">{"".join(cells)}</div>')


def answer(text: str) -> None:
    """The winning label, large."""
    st.html(f'<div class="thaw-answer">{escape(text)}</div>')


def sentence(text: str | Sentence) -> str:
    """A sentence with names or paths in it as Markdown that shows just its characters."""
    return "".join(f"\\{c}" if c in "\\`*[]~$<" else c for c in visible(str(text)))


_MARKS = re.compile(
    r"[\\`*\[\]~$<>|&]"  # what marks text up wherever it stands
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word an underscore is just one
    r"|:(?=[\w+/])"  # of a named icon, a color or an address
    r"|(?<=www)\.|@"  # of an address without a scheme, or of a person
    r"|-(?=-)|^[#+=-]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d\d\d)[.)]"  # what begins a heading or a list
)


def plain(text: str | Sentence) -> str:
    """Text as Markdown that shows just its characters: names may hold any.

    Only what would be taken for a mark is escaped: labels are read out as they are written, backslashes and all.
    """
    return _MARKS.sub(lambda mark: f"\\{mark[0]}", visible(str(text)))


def middle_cut(text: str, most: int) -> str:
    """A name cut in its middle where it is longer: what tells names of a kind apart is often their end."""
    if len(text) <= most:
        return text
    end = most // 2
    return f"{text[: most - end - 1]}…{text[-end:]}"


def cells(key: str, *, least: int, most: int = 12) -> DeltaGenerator:
    """A container whose children stand in columns, at least `least` pixels wide each and at most `most` in a row."""
    # 100% less the gaps between `most` columns, divided among them: narrower columns would make more of them.
    share = f"calc((100% - {most - 1}rem) / {most})"
    st.html(
        f"<style>.st-key-{key} {{ display: grid; gap: 1rem; align-items: stretch; "
        f"grid-template-columns: repeat(auto-fill, minmax(min(100%, max({least}px, {share})), 1fr)); }}</style>"
    )
    return st.container(key=key)


SIZE = 160  # pixels


def page_of(items: Sequence[T], per_page: int, key: str) -> Sequence[T]:
    """The items of the page that is chosen, with the control that turns pages where there are several."""
    pages = -(-len(items) // per_page)
    number = st.pagination(pages, key=key) if pages > 1 else 1
    start = (min(number, pages) - 1) * per_page
    return items[start : start + per_page]


def thumb(photo: Mapping[str, Any]) -> None:
    """Draw a photo of a result (`photo`, `path`, `sha256`); of one that is gone that is said instead."""
    draw_thumb(photo, thumb_bytes(photo))


def draw_thumb(photo: Mapping[str, Any], picture: bytes) -> None:
    """Draw what `thumb_bytes` gave of a photo, or something made of it."""
    if picture:
        st.image(picture, width="stretch", alt=photo["photo"])
    else:
        st.caption(t(":material/broken_image: This photo's file is gone or can't be read."))


def thumb_bytes(photo: Mapping[str, Any]) -> bytes:
    """A square JPEG of a photo of a result, or nothing where its file is gone or can't be read."""
    return _made(photo["path"], photo["sha256"])


@st.cache_data(show_spinner=False, max_entries=2000)
def _made(path: str, sha256: str) -> bytes:
    from transfer_core.photos.decode import thumbnail

    try:
        return thumbnail(Path(path), SIZE)
    except PhotoError:
        return b""  # the page says so in its place


def file_name(upload: Any) -> str:
    """The name of a file as it is on its computer: browsers escape three characters of it, and only those.

    See "escape an entry name" in https://html.spec.whatwg.org/multipage/form-control-infrastructure.html.
    """
    name: str = upload.name
    for escaped, character in (("%22", '"'), ("%0A", "\n"), ("%0D", "\r")):
        name = name.replace(escaped, character)
    return name
