"""The letters that come along: what they cover, what they weigh, and whom they go to."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from transfer_core.lessons.how_deep import HOW_DEEP
from transfer_core.lessons.sheets import pupil_sheet
from transfer_core.photos.contact_sheet import contact_sheet
from transfer_core.text import speaking
from transfer_core.text.fonts import FAMILY, FOLDER, font_file
from transfer_core.text.fonts.__main__ import common, needed

ROOT = Path(__file__).parents[2]
MOST_BYTES = 1_200_000


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant"])
def test_every_character_of_the_catalogue_and_the_common_ones_are_in_the_font(language: str) -> None:
    covered = set(TTFont(FOLDER / f"{language}.woff2").getBestCmap())
    assert "".join(map(chr, sorted(needed(language) - covered))) == "", "python -m transfer_core.text.fonts"
    assert common(language) <= covered and len(common(language)) > 3700
    assert (FOLDER / f"{language}.woff2").stat().st_size < MOST_BYTES


@pytest.mark.parametrize(("reader", "font"), [("zh-CN", "zh_Hans"), ("zh-HK", "zh_Hant"), ("en-US", None)])
def test_only_who_needs_a_font_gets_one(reader: str, font: str | None) -> None:
    with speaking(reader):
        found = font_file()
        sheets = (pupil_sheet(HOW_DEEP), contact_sheet("Pets", "", [], ("", [])))
    assert (found.stem if found else None) == font
    for sheet in sheets:
        assert ("data:font/woff2" in sheet) == (font is not None) and FAMILY in sheet


def test_the_pages_name_it_behind_latin_letters() -> None:
    config = (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    assert f'\nfont = "Source Sans, {FAMILY}"\n' in config and f'\ncodeFont = "Source Code Pro, {FAMILY}"\n' in config


def test_their_license_lies_beside_them() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FOLDER / "OFL.txt").read_text("utf-8")
