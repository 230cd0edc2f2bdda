"""A language is a catalogue: what it holds is shown in it, the rest in English."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from transfer_core.errors import DataError
from transfer_core.text import Sentence, catalog, languages, plural, read_by, t
from transfer_core.text.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A catalogue with some sentences translated."""
    monkeypatch.setattr(catalog, "LOCALES", tmp_path)
    main(["de"])
    path = tmp_path / "de" / "LC_MESSAGES" / "thaw.po"
    with path.open("rb") as file:
        begun = read_po(file, locale="de")
    begun["Teach a computer to tell your photos apart"].string = "Bringe einem Computer bei, deine Fotos zu erkennen"
    begun["There is no folder {folder}: check the path."].string = "Den Ordner {folder} gibt es nicht."
    begun["{n:,} photo"].string = ("{n:,} Foto", "{n:,} Fotos")
    with path.open("wb") as file:
        write_po(file, begun)
    main([])
    catalog._catalog.cache_clear()
    yield path
    read_by(lambda: None)
    catalog._catalog.cache_clear()


def test_a_sentence_is_shown_in_the_language_of_its_reader(german: Path) -> None:
    refusal = DataError("There is no folder {folder}: check the path.", folder="/photos")
    assert str(refusal) == "There is no folder /photos: check the path."
    assert languages() == ["de"]
    read_by(lambda: "de-CH")
    assert str(refusal) == "Den Ordner /photos gibt es nicht."
    assert [t(plural("{n:,} photo", "{n:,} photos", n)) for n in (0, 1, 2000)] == ["0 Fotos", "1 Foto", "2,000 Fotos"]
    assert t("Nobody translated this.") == "Nobody translated this."
    read_by(lambda: "fr")
    assert str(refusal) == "There is no folder /photos: check the path."


def test_a_translation_with_a_place_of_its_own_is_refused(german: Path) -> None:
    text = german.read_text("utf-8")
    german.write_text(text.replace("Den Ordner {folder} gibt", "Den Ordner {ordner} gibt"), "utf-8")
    with pytest.raises(SystemExit, match="ordner"):
        main([])


def test_the_app_speaks_the_language_of_the_browser(
    german: Path, thaw_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ContextProxy, "locale", property(lambda self: "de"))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert app.title[0].value == "Bringe einem Computer bei, deine Fotos zu erkennen"


def test_stored_and_read_again_it_says_the_same() -> None:
    said = Sentence("{what} of {names}", what=plural("{n} photo", "{n} photos", 2), names=["cat", Sentence("a dog")])
    again = Sentence.loads(said.dumps())
    assert again == said and str(again) == "2 photos of cat, a dog"
    assert str(Sentence.loads("Old words with {braces}.")) == "Old words with {braces}."
