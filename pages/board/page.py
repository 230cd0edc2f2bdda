"""The class's board."""

import streamlit as st

from pages.board.results import Result, results
from pages.classroom.present import room, seat
from pages.jobs.figure_words import figure_words
from pages.ui.frame import guard, page_title
from pages.ui.html import plain, result_bars
from transfer_core.text import plural, t

SECONDS = 10
opened, here = room(), seat()
assert opened is not None and here is not None  # app.py has this page in a classroom only

page_title(t("The class's board"))
st.markdown(
    t(
        "Everybody's best classifier. The bar is the share of photos that were right; the line across its end says how "
        "sure that is: where two lines overlap, neither is known to be better. And photos differ: a lower bar may be "
        "the harder task."
    )
)


def named(result: Result) -> str:
    """Who it is, as far as the person wants it; oneself always."""
    own = here is not None and result.seat.number == here.number
    name = result.seat.name if result.seat.named or own else ""
    if own:
        return t("{name} (you)", name=name) if name else t("You")
    return name or t("Somebody")


@st.fragment(run_every=SECONDS)
def board() -> None:
    """Draw it, and again every few seconds."""
    assert opened is not None
    with st.container(key="live_board"), guard():
        found = sorted(results(opened), key=lambda one: one.figure.share, reverse=True)
        if not found:
            st.info(
                t("No classifier is trained yet. The first ones appear here by themselves."),
                icon=":material/leaderboard:",
            )
            return
        with st.container(key="board"):
            result_bars(
                [
                    (named(one), one.figure.share, (one.figure.low, one.figure.high), f"{one.figure.share:.0%}")
                    for one in found
                ]
            )
        st.caption(t(plural("{n} person has a classifier.", "{n} people have a classifier.", len(found))))
        with st.expander(t("What they trained"), key="board_details"):
            for one in found:
                trained = f"{plain(one.base)}, {plain(one.learned)}"
                st.markdown(f"**{plain(named(one))}** · {trained} · {plain(figure_words(one.figure))}")


board()
st.caption(t("A name stands here only if its person wished so at the door. Names of projects and photos never do."))
