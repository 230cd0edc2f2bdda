"""The catalogues that come along: complete, in line with the code, and with every place and mark of the English."""

import io
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from pages.ui import tasks
from tests.support import workspace
from transfer_core.disk.settings import read_setting
from transfer_core.text import all_of, catalog, catalog_of, joined, languages, plural, read_by, speaking, spoken, t
from transfer_core.text.__main__ import extract
from transfer_core.text.sentence import Sentence

ROOT = Path(__file__).parents[2]
MARK = re.compile(r":material/\w+:|:[a-z]+(?:-[a-z]+)?\[|\*\*|`[^`]*`|</?\w+[^>]*>|https?://[^\s)]+|--[a-z][a-z-]+")
BOLD = re.compile(r"\*\*([^*]+)\*\*(.?)")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;]|[\u4e00-\u9fff]\.(\s|$)")


def read(language: str) -> Catalog:
    path = catalog.LOCALES / language / "LC_MESSAGES" / "thaw.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


@pytest.fixture(params=["zh_Hans", "zh_Hant"])
def translated(request: pytest.FixtureRequest) -> Catalog:
    return read(request.param)


def forms(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def places(text: str) -> set[str]:
    return {f"{name}:{kind}" for _, name, kind, _ in Formatter().parse(text) if name is not None}


def test_chinese_in_both_scripts_comes_along() -> None:
    assert {"zh_Hans", "zh_Hant"} <= set(languages())


def test_every_sentence_of_the_code_is_translated_and_no_other(translated: Catalog) -> None:
    said = {message.id for message in extract() if message.id}
    known = {message.id: message.string for message in translated if message.id}
    assert [one for one in said if not all(forms(known.get(one, "")))] == []
    assert [one for one in known if one not in said] == []
    assert not translated.obsolete


def test_what_is_loaded_is_what_was_written(translated: Catalog) -> None:
    """`python -m transfer_core.text` makes the one from the other."""
    made = io.BytesIO()
    write_mo(made, translated)
    compiled = catalog.LOCALES / str(translated.locale_identifier) / "LC_MESSAGES" / "thaw.mo"
    assert compiled.read_bytes() == made.getvalue()


def test_places_and_marks_are_those_of_the_english(translated: Catalog) -> None:
    wrong = []
    for message in translated:
        if not message.id:
            continue
        english = forms(message.id)[-1]
        for text in forms(message.string):
            if len(forms(message.id)) == 1 and places(text) != places(english):
                wrong.append(text)
            if not places(text) <= set().union(*map(places, forms(message.id))):
                wrong.append(text)
            if sorted(MARK.findall(text)) != sorted(MARK.findall(english)) or HALF_WIDTH.search(text):
                wrong.append(text)
    assert wrong == []


def test_bold_ends_where_markdown_sees_its_end(translated: Catalog) -> None:
    """A mark between a full stop and a letter ends nothing; English has a space there, Chinese none."""
    texts = [text for message in translated if message.id for text in forms(message.string)]
    bold = [(inner, after) for text in texts for inner, after in BOLD.findall(text)]
    assert bold and not [pair for pair in bold if re.search(r"[^\w\s}`)]$", pair[0]) and re.match(r"[\w{]", pair[1])]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("zh-CN", "zh_Hans"),
        ("zh", "zh_Hans"),
        ("zh-Hans-SG", "zh_Hans"),
        ("zh_TW", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("zh-Hant-HK", "zh_Hant"),
        ("en-US", "en"),
        ("C", "en"),
        ("", "en"),
        ("tlh", "en"),
    ],
)
def test_a_reader_s_language_finds_its_script(asked: str, given: str) -> None:
    assert catalog_of(asked) == given


@pytest.fixture
def chinese() -> object:
    read_by(lambda: "zh-CN")
    yield
    read_by(lambda: None)


def test_lists_counts_and_sentences_in_a_row_are_written_as_chinese_writes_them(chinese: object) -> None:
    assert t(Sentence("{names}", names=all_of(["cat", "dog", "fox"]))) == "cat、dog和fox"
    assert [t(plural("{n:,} photo", "{n:,} photos", n)) for n in (1, 2000)] == ["1 张照片", "2,000 张照片"]
    assert t(joined([Sentence("Training failed."), Sentence("Training failed.")])) == "训练失败。训练失败。"


def test_nothing_said_is_nothing_in_chinese_too(chinese: object) -> None:
    assert t("") == str(Sentence("")) == t(joined(["", "训练失败。"])).removesuffix("训练失败。") == ""


def test_work_out_of_sight_speaks_the_language_of_whoever_asked_for_it(
    thaw_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transfer_core.worker import queries

    with speaking("zh-CN"):
        task = tasks.start("words", "", lambda task: t("Training failed."))
        assert spoken() == "zh_Hans"
    assert task.wait(60) and task.result == "训练失败。"
    assert t("Training failed.") == "Training failed."
    monkeypatch.setitem(queries.KINDS, "say", lambda server: {"said": t("Training failed.")})
    answer = queries.QueryServer(workspace()).answer({"kind": "say", "language": "zh-TW"})
    assert answer["result"] == {"said": "訓練失敗。"}


def test_the_app_speaks_the_browser_s_language_until_one_is_chosen_which_is_kept(
    thaw_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def app() -> AppTest:
        found = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
        assert not found.exception
        return found

    monkeypatch.setattr(ContextProxy, "locale", property(lambda self: "zh-TW"))
    here = app()
    assert here.title[0].value == t_in("zh_Hant", "Teach a computer to tell your photos apart")
    here.selectbox(key="language").set_value("zh_Hans").run()
    assert here.title[0].value == t_in("zh_Hans", "Teach a computer to tell your photos apart")
    assert app().title[0].value == t_in("zh_Hans", "Teach a computer to tell your photos apart")
    here.selectbox(key="language").set_value("en").run()
    assert app().title[0].value == "Teach a computer to tell your photos apart"
    here.selectbox(key="language").set_value("").run()
    assert read_setting(workspace(), "language") == ""
    assert app().title[0].value == t_in("zh_Hant", "Teach a computer to tell your photos apart")


def t_in(language: str, text: str) -> str:
    return str(read(language)[text].string)
