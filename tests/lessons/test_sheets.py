"""The sheets to print: what stands on which, that text stays text, and that nothing in them loads or runs."""

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.lesson import Lesson, Step, lesson_text
from transfer_core.lessons.reading import parse_lesson
from transfer_core.lessons.sheets import pupil_sheet, teacher_sheet
from transfer_core.text import speaking, t

EVIL = '<script>alert(1)</script><img src=x onerror="a()">&\u202e</style>\''

HARMLESS = {"html", "head", "meta", "title", "style", "body", "section", "div", "span", "p", "br", "h1", "h2", "h3"}
HARMLESS |= {"ul", "ol", "li", "table", "tr", "th", "td"}


class Tags(HTMLParser):
    """What a browser makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def read(sheet: str) -> str:
    """What is read on it."""
    return html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", sheet, flags=re.DOTALL))


def test_pupils_get_questions_and_no_answers() -> None:
    text = read(pupil_sheet(HOW_DEEP))
    for step in HOW_DEEP.steps:
        assert all(str(part) in text for part in (step.title, step.ask, step.look_for, step.explain, *step.choices))
        assert str(step.answer) not in text and str(step.trouble) not in text
    assert all(str(aim) not in text for aim in HOW_DEEP.aims)


def test_the_teacher_gets_all_of_it() -> None:
    text = read(teacher_sheet(HOW_DEEP))
    for step in HOW_DEEP.steps:
        parts = (step.ask, step.explain, *str(step.answer).split("\n\n"), step.trouble, *step.choices)
        assert all(str(part) in text for part in parts)
        assert f"{step.minutes} minutes" in text
    assert all(str(one) in text for one in (*HOW_DEEP.aims, *HOW_DEEP.prepare)) and "40 minutes" in text


def test_a_right_choice_is_marked_for_the_teacher_alone_and_not_by_its_looks_alone() -> None:
    lesson = replace(HOW_DEEP, steps=(replace(HOW_DEEP.steps[1], right=1),))
    right = str(HOW_DEEP.steps[1].choices[0])
    assert f"{right} (right)" in read(teacher_sheet(lesson))
    assert f"{right} (right)" not in read(pupil_sheet(lesson)) and "class='right'" not in pupil_sheet(lesson)


def test_text_is_text_whatever_it_holds() -> None:
    step = Step(EVIL, EVIL, (EVIL, EVIL + "2"), EVIL, EVIL, EVIL, right=1, trouble=EVIL)
    lesson = Lesson(EVIL, 5, EVIL, (step,), (EVIL,), (EVIL,))
    for sheet in (pupil_sheet(lesson), teacher_sheet(lesson)):
        assert "<script" not in sheet and "<img" not in sheet and "\u202e" not in sheet
        assert sheet.count("</style>") == 1 and "&lt;script&gt;" in sheet
        found = Tags()
        found.feed(sheet)
        assert found.tags <= HARMLESS and found.attributes <= {"lang", "charset", "name", "content", "class"}


def test_paragraphs_and_lines_stay() -> None:
    lesson = replace(HOW_DEEP, about="One.\r\n\r\nTwo,\nthree.")
    assert "<p>One.</p>\n<p>Two,<br>three.</p>" in pupil_sheet(lesson)


def test_they_speak_the_reader_s_language_and_so_does_the_file() -> None:
    for language, tag in (("en", "en"), ("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hant")):
        with speaking(language):
            assert f'<html lang="{tag}">' in pupil_sheet(HOW_DEEP)
            title = t(HOW_DEEP.steps[0].title)
            assert title in pupil_sheet(HOW_DEEP) and title in teacher_sheet(HOW_DEEP)
            assert json.loads(lesson_text(HOW_DEEP))["steps"][0]["title"] == title
            own = parse_lesson(lesson_text(HOW_DEEP).encode())
        assert str(own.steps[0].title) == title, "a file is shown as it was written, in every language"
