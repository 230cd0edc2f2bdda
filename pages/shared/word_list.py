"""The list of all terms, a click away on every page."""

from __future__ import annotations

import streamlit as st

from pages.shared.glossary import HELP

__all__ = ["matching", "word_list"]

_NAMES = {
    "fine-tune": "Fine-tuning",
    "freeze": "Frozen",
    "imagenet": "ImageNet accuracy",
    "batch normalization": "BatchNormalization",
    "validation": "Validation photos",
}


def word_list() -> None:
    """A button that opens the list, by the alphabet, with a field to find a word."""
    with st.popover("Words", icon=":material/dictionary:", type="tertiary", key="words"):
        wanted = st.text_input("Find a word", key="words_find", placeholder="epoch")
        found = [f"**{name}**  \n{text}" for name, text in matching(wanted).items()]
        st.markdown("\n\n".join(found) or "No word here matches that.")


def matching(wanted: str) -> dict[str, str]:
    """The terms whose name or explanation holds `wanted`, by the alphabet; all for nothing."""
    wanted = wanted.strip().lower()
    terms = {_NAMES.get(term, term[0].upper() + term[1:]): text for term, text in HELP.items()}
    return {
        name: terms[name]
        for name in sorted(terms, key=str.lower)
        if wanted in name.lower() or wanted in terms[name].lower()
    }
