"""The words: on every page, all of them, found by what they are called or by what they say."""

from streamlit.testing.v1 import AppTest

from pages.ui.glossary import _MEANINGS, matching


def listed(app: AppTest) -> str:
    return next(text.value for text in app.sidebar.markdown if "\n\n" in text.value)


def test_every_term_is_in_the_list(app: AppTest) -> None:
    assert not app.exception
    words = listed(app)
    assert words.count("**") == 2 * len(_MEANINGS)
    assert all(text in words for text in map(str, _MEANINGS.values()))
    assert words.index("**Accuracy**") < words.index("**BatchNormalization**") < words.index("**Weights**")


def test_a_word_is_found_by_name_and_by_meaning() -> None:
    assert "Over-fitting" in matching(" By Heart ") and "Epoch" not in matching("by heart")
    assert next(iter(matching("seed"))) == "Shuffle number"
    assert matching("zebra") == {} and len(matching("")) == len(_MEANINGS)


def test_explanations_are_sentences() -> None:
    assert all(text.endswith(".") and len(text) < 260 for text in map(str, _MEANINGS.values()))
