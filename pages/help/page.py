"""Help: one part of it, with the way back; or all parts to choose from."""

import streamlit as st

from pages.help.part import Part, Section
from pages.help.parts import GROUPS, PAGES, PARTS
from pages.ui.frame import HELP_BACK, HELP_PART, drawn_last, heading
from pages.ui.glossary import matching
from pages.ui.html import cells
from pages.ui.paths import page_path
from transfer_core.text import t

here = dict(st.query_params)
if drawn_last():
    # A link from one part to another leads to the page that is open, and Streamlit then leaves the browser's address as
    # it was: a refresh, Back or a copied address would show another part.
    st.query_params.from_dict(here)


def way_back() -> None:
    """The page from which the help was opened, as it was."""
    came_from = PAGES.get(here.get(HELP_BACK, ""))
    if came_from is None:
        return
    rest = {name: value for name, value in here.items() if name not in (HELP_PART, HELP_BACK)}
    st.page_link(
        page_path(came_from.name),
        label=t("Back: {title}", title=came_from.title),
        icon=":material/arrow_back:",
        query_params=rest,
    )


def link(label: str, part: str = "", icon: str | None = None) -> None:
    """To another part, or to the list of all; the way back stays."""
    ways = {name: value for name, value in here.items() if name != HELP_PART}
    st.page_link(page_path("help"), label=label, icon=icon, query_params=ways | {HELP_PART: part} if part else ways)


def contents() -> None:
    """All parts, with what they are about."""
    for number, (title, parts) in enumerate(GROUPS):
        st.header(t(title), anchor=False)
        with cells(f"help_group_{number}", least=260, most=3):
            for part in parts:
                with st.container(key=f"help_{part.name}", gap=None):
                    link(f"**{t(part.title)}**", part.name)
                    st.caption(t(part.purpose))


def section(told: Section) -> None:
    """A list below its heading."""
    st.header(t(told.title), anchor=False)
    mark = "1." if told.numbered else "-"
    st.markdown("\n".join(f"{mark} {t(item)}" for item in told.items))


def whole(part: Part) -> None:
    """All of a part."""
    for told in part.sections:
        section(told)
    if part.name == "words":
        with cells("help_words", least=300, most=2):
            for name, text in matching("").items():
                st.markdown(f"**{name}**  \n{text}")


chosen = PARTS.get(here.get(HELP_PART, ""))
if chosen is None:
    heading(t("Help"), t("What each page is for, what to do there, and what to do when something goes wrong."))
else:
    heading(t("Help: {title}", title=chosen.title), t(chosen.purpose))
with st.container(key="help"):
    with st.container(horizontal=True, key="help_ways"):
        way_back()
        if chosen is not None:
            link(t("All of the help"), icon=":material/help:")
    if chosen is None:
        contents()
    else:
        whole(chosen)
