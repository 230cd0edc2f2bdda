"""What Streamlit and Plotly themselves say in a page, in the reader's language: neither has a setting for it.

A script in the page looks for their English, in the places where they say it and nowhere else, and puts the reader's
words in its stead: in what is read, and in the names that screen readers say. What it does not know stays English.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from transfer_core.text import Sentence

__all__ = ["NAMES", "TEXTS", "say_streamlits_words"]

_SCRIPT = Path(__file__).with_name("streamlit_words.js").read_text("utf-8")
TEXTS: Mapping[str, Sequence[Sentence]] = {
    '[data-testid="stSkipToContent"]': (Sentence("Skip to main content"),),
    '[data-testid="stFileUploaderDropzone"] button': (Sentence("Upload"), Sentence("Upload directories")),
    '[data-testid="stFileUploaderDropzone"] > div': (
        Sentence("Drag and drop a file here"),
        Sentence("Drag and drop files here"),
        Sentence("Drag and drop directories here"),
    ),
    '[data-testid="stFileUploaderDropzoneInstructions"]': (Sentence("{size} per file", size="{size}"),),
    '[data-testid="stTooltipErrorContent"]': (
        Sentence("{type} files are not allowed.", type="{type}"),
        Sentence("File must be {size} or smaller.", size="{size}"),
    ),
    '[data-testid="stFileChip"] > span': (
        Sentence("Error:"),
        Sentence("{type} files are not allowed.", type="{type}"),
        Sentence("File must be {size} or smaller.", size="{size}"),
    ),
    '[data-testid="InputInstructions"]': (
        Sentence("Press Enter to apply"),
        Sentence("Press Enter to submit form"),
        Sentence("Press {key}+Enter to apply", key="{key}"),
        Sentence("Press {key}+Enter to submit form", key="{key}"),
    ),
    '[role="listbox"] [data-key="__select_all__"]': (Sentence("Select all"),),
    '[role="listbox"][data-empty]': (Sentence("No results"),),
    '[data-testid="stTooltipContent"]': (
        Sentence("Fullscreen"),
        Sentence("Close fullscreen"),
        Sentence("Show/hide columns"),
        Sentence("Download as CSV"),
        Sentence("Search"),
        Sentence("Copy to clipboard"),
        Sentence("Copied"),
    ),
    '[data-testid="stDataFrameColumnMenu"]': (
        Sentence("Sort ascending"),
        Sentence("Sort descending"),
        Sentence("Statistics"),
        Sentence("Format"),
        Sentence("Autosize"),
        Sentence("Pin column"),
        Sentence("Unpin column"),
        Sentence("Hide column"),
    ),
    '[data-testid="stMainMenuPopover"]': (
        Sentence("System"),
        Sentence("Light"),
        Sentence("Dark"),
        Sentence("Print"),
        Sentence("Record screen"),
    ),
    '[data-testid="stStatusWidget"]': (Sentence("Running..."), Sentence("Stop"), Sentence("Stopping...")),
    '[data-testid="stConnectionStatus"]': (Sentence("Connecting"),),
}
"""Where text stands, as a selector of CSS, and what may be said there; `{size}` is whatever stands in its place."""
NAMES: Mapping[str, Sequence[Sentence]] = {
    # A tag of a list is called what it stands for, such as a class: that is the person's own.
    "button[aria-label]:not([data-tag])": (
        Sentence("Open"),
        Sentence("Clear value"),
        Sentence("Clear all"),
        Sentence("Remove {name}", name="{name}"),
        Sentence("Cancel upload of {name}", name="{name}"),
        Sentence("Increment"),
        Sentence("Decrement"),
        Sentence("Add files"),
        Sentence("Previous page"),
        Sentence("Next page"),
        Sentence("Page {number}", number="{number}"),
        Sentence("Fullscreen"),
        Sentence("Close fullscreen"),
        Sentence("Show/hide columns"),
        Sentence("Download as CSV"),
        Sentence("Search"),
        Sentence("Copy to clipboard"),
        Sentence("Copied"),
        Sentence("Close Search"),
        Sentence("Previous Result"),
        Sentence("Next Result"),
        Sentence("Close"),
        Sentence("Dismiss"),
        Sentence("Main menu"),
        Sentence("Expand sidebar"),
        Sentence("Collapse sidebar"),
        Sentence("Copy version to clipboard"),
    ),
    'input[role="combobox"]': (
        Sentence("Choose an option"),
        Sentence("Choose options"),
        Sentence("Choose or add an option"),
        Sentence("Choose or add options"),
        Sentence("No options to select"),
    ),
    '[data-testid="stHeaderActionElements"] a': (Sentence("Link to heading"),),
    '[data-testid="stFileUploaderDropzoneInput"]': (Sentence("file upload"),),
    '[data-testid="stMultiSelectTagsContainer"] [role="group"]': (Sentence("Selected values"),),
    '[data-testid="stPagination"] [role="navigation"], [data-testid="stPagination"][role="navigation"]': (
        Sentence("Pagination"),
    ),
    '[data-testid="stSidebar"]': (Sentence("Sidebar"),),
    '[data-testid="stToastContainer"]': (Sentence("Notifications"),),
    '[data-testid="stMainMenuList"]': (Sentence("Main menu"),),
    '[data-testid="stThemeSwitcher"]': (Sentence("Theme"),),
    '[data-testid="stStatusWidgetRunningIcon"]': (Sentence("Running..."),),
    ".modebar-btn": (
        Sentence("Download plot as a PNG"),
        Sentence("Zoom"),
        Sentence("Pan"),
        Sentence("Zoom in"),
        Sentence("Zoom out"),
        Sentence("Reset axes"),
        Sentence("Fullscreen"),
        Sentence("Close fullscreen"),
    ),
}
"""The same of what has a name, a title or words that stand in a field while it is empty."""


def say_streamlits_words() -> None:
    """Have the page say Streamlit's words in the reader's language from here on; once a run, where a script may lie."""
    places = [_place(*place, texts=True) for place in TEXTS.items()]
    places += [_place(*place, texts=False) for place in NAMES.items()]
    found = json.dumps([place for place in places if place["words"]])  # in English none
    st.html(f"<script>{_SCRIPT.replace('PLACES', found)}</script>", unsafe_allow_javascript=True)


def _place(selector: str, words: Sequence[Sentence], *, texts: bool) -> dict[str, object]:
    said = {word.id: str(word) for word in words}
    return {
        "selector": selector,
        "texts": texts,
        "words": [list(pair) for pair in said.items() if pair[0] != pair[1]],
    }
