"""A lesson on paper: a sheet for pupils, with lines to write on, and one for the teacher, with the answers.

Each is one HTML file with nothing to load and nothing that runs, to be printed by any browser. All text is text,
whatever a lesson says.
"""

from collections.abc import Iterable
from html import escape

from transfer_core.lessons.lesson import Lesson, Step, Text
from transfer_core.lessons.outcomes import OUTCOMES
from transfer_core.text import Sentence, plural, spoken, t, visible
from transfer_core.text.fonts import font_inside

__all__ = ["pupil_sheet", "teacher_sheet"]

_STYLE = """
@page { size: A4; margin: 16mm 18mm; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 44rem; color: #111; background: #fff;
  font: 11.5pt/1.45 system-ui, "Segoe UI", "Noto Sans", "Thaw Letters", sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0 0 0.3rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 0.6rem; font-size: 1.15rem; line-height: 1.3; }
h3 { margin: 0.9rem 0 0.2rem; font-size: 0.95rem; }
p { margin: 0 0 0.5rem; }
ul, ol { margin: 0 0 0.5rem; padding-left: 1.3rem; }
li { margin-bottom: 0.25rem; }
table { width: 100%; border-collapse: collapse; margin: 0.4rem 0 0.8rem; }
th, td { padding: 0.3rem 0.5rem; border-bottom: 1px solid #bbb; text-align: left; vertical-align: top; }
.number { width: 1%; white-space: nowrap; text-align: right; }
.who { display: flex; gap: 2rem; margin: 0.9rem 0 1rem; }
.who span { flex: 2; padding-top: 0.3rem; border-bottom: 1px solid #555; }
.who span + span { flex: 1; }
section { margin-top: 1.3rem; padding-top: 0.9rem; border-top: 2px solid #111; break-inside: avoid; }
.box { list-style: none; padding-left: 0; }
.box li { padding-left: 1.5rem; text-indent: -1.5rem; }
.box li::before { content: "\\2610"; display: inline-block; width: 1.5rem; text-indent: 0; }
.right { font-weight: 700; }
.line { height: 2.1rem; border-bottom: 1px solid #999; }
.small { font-size: 0.88rem; color: #333; }
@media print { body { padding: 0; max-width: none; } }
"""


def pupil_sheet(lesson: Lesson) -> str:
    """The questions, with boxes to tick and lines to write on; no answers. In the reader's language."""
    parts = [
        f'<p class="who"><span>{_text(Sentence("Name"))}</span><span>{_text(Sentence("Date"))}</span></p>\n',
        _paragraphs(lesson.about),
    ]
    for number, step in enumerate(lesson.steps, 1):
        choices = "".join(f"<li>{_text(choice)}</li>" for choice in step.choices)
        parts += [
            f"<section>\n<h2>{number}. {_text(step.title)}</h2>\n",
            f"<h3>{_text(Sentence('Predict'))}</h3>\n{_paragraphs(step.ask)}<ul class='box'>{choices}</ul>\n",
            f"<p>{_text(Sentence('I think so because'))}</p>\n{_lines(1)}",
            f"<h3>{_text(Sentence('Observe'))}</h3>\n{_paragraphs(step.look_for)}",
            f"<p>{_text(Sentence('What came out'))}</p>\n{_lines(2)}",
            f"<h3>{_text(Sentence('Explain'))}</h3>\n{_paragraphs(step.explain)}{_lines(3)}</section>\n",
        ]
    return _page(lesson, t("Sheet for pupils"), parts)


def teacher_sheet(lesson: Lesson) -> str:
    """Aims, timing, and for each step what is right, why, and what may go wrong. In the reader's language."""
    parts = [_paragraphs(lesson.about)]
    parts += _listed(t("Aims"), lesson.aims)
    parts += _listed(t("Before the lesson"), lesson.prepare)
    parts.append(_timing(lesson))
    for number, step in enumerate(lesson.steps, 1):
        parts += [f"<section>\n<h2>{number}. {_text(step.title)}</h2>\n", *_taught(step), "</section>\n"]
    return _page(lesson, t("Sheet for the teacher"), parts)


def _taught(step: Step) -> Iterable[str]:
    right = step.right - 1 if isinstance(step.right, int) else None
    choices = "".join(
        f"<li class='right'>{_text(choice)} ({_text(Sentence('right'))})</li>"
        if at == right
        else f"<li>{_text(choice)}</li>"
        for at, choice in enumerate(step.choices)
    )
    yield f"<h3>{_text(Sentence('Predict'))}</h3>\n{_paragraphs(step.ask)}<ol>{choices}</ol>\n"
    if isinstance(step.right, str):
        yield f"<p class='small'>{_text(OUTCOMES[step.right].words)}</p>\n"
    yield f"<h3>{_text(Sentence('Observe'))}</h3>\n{_paragraphs(step.look_for)}"
    yield f"<h3>{_text(Sentence('Explain'))}</h3>\n{_paragraphs(step.explain)}"
    yield f"<h3>{_text(Sentence('Answer'))}</h3>\n{_paragraphs(step.answer)}"
    if str(step.trouble).strip():
        yield f"<h3>{_text(Sentence('What may go wrong'))}</h3>\n{_paragraphs(step.trouble)}"


def _timing(lesson: Lesson) -> str:
    rows = [
        f"<tr><td class='number'>{number}</td><td>{_text(step.title)}</td>"
        f"<td class='number'>{_minutes(step.minutes) if step.minutes else ''}</td></tr>\n"
        for number, step in enumerate(lesson.steps, 1)
    ]
    whole = (
        f"<tr><td></td><th>{_text(Sentence('In all'))}</th><th class='number'>{_minutes(lesson.minutes)}</th></tr>\n"
    )
    return f"<h2>{_text(Sentence('Timing'))}</h2>\n<table>\n{''.join(rows)}{whole}</table>\n"


def _minutes(count: int) -> str:
    return _text(plural("{n} minute", "{n} minutes", count))


def _listed(heading: str, texts: Iterable[Text]) -> list[str]:
    items = "".join(f"<li>{_text(one)}</li>\n" for one in texts)
    return [f"<h2>{_text(heading)}</h2>\n<ul>\n{items}</ul>\n"] if items else []


def _page(lesson: Lesson, kind: str, parts: Iterable[str]) -> str:
    language = spoken().replace("_", "-")
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{_text(lesson.title)} · {_text(kind)}</title>\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<style>{font_inside()}{_STYLE}</style>\n</head>\n<body>\n<h1>{_text(lesson.title)}</h1>\n"
        f"<p class='small'>{_text(kind)} · {_minutes(lesson.minutes)}</p>\n{''.join(parts)}</body>\n</html>\n"
    )


def _lines(count: int) -> str:
    return "<div class='line'></div>\n" * count


def _paragraphs(text: Text) -> str:
    blocks = [block.strip() for block in str(text).replace("\r\n", "\n").split("\n\n")]
    return "".join(f"<p>{'<br>'.join(map(_text, block.splitlines()))}</p>\n" for block in blocks if block)


def _text(text: Text) -> str:
    return escape(visible(str(text)))
