"""The confusion matrix as a table whose cells open the photos behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from transfer_core.text import t, visible

if TYPE_CHECKING:
    import pandas

__all__ = ["draw", "table"]

_RIGHT, _WRONG = "47,127,209", "217,104,12"  # as the training and validation curves
_STRONGEST = 0.65  # of a color: the text above it stays readable, light and dark
_ROW = 36  # pixels
_MOST_ROWS = 14  # shown at once


def draw(result: dict[str, Any], *, key: str, shown: str) -> None:
    """Draw it; a click on a cell that holds photos sets `shown`, the key of what the gallery shows."""

    def choose() -> None:
        cells = st.session_state[key]["selection"]["cells"]
        if cells:
            row, column = cells[0]
            at = names.index(column) if column in names else -1
            if at >= 0 and result["confusion"][row][at]:
                st.session_state[shown] = f"{row},{at}"

    names = _names(result)
    st.caption(
        t(
            "Rows: what the photos show. Columns: what was answered. Blue is right, orange wrong. Click a cell to see "
            "its photos."
        )
    )
    st.dataframe(
        table(result),
        key=key,
        on_select=choose,
        selection_mode="single-cell",
        height=min(_ROW * (len(names) + 1) + 2, _ROW * _MOST_ROWS),
        row_height=_ROW,
        width="content",
    )


def table(result: dict[str, Any]) -> pandas.io.formats.style.Styler:
    """Counts by what is shown (row) and answered (column); empty where there is none.

    What is right is colored by its share of the row, a mistake by how often it is made beside the most frequent one.
    """
    import pandas

    names, counts = _names(result), result["confusion"]
    frame = pandas.DataFrame(counts, index=pandas.Index(names, name=t("Shows")), columns=names)
    most = max((count for row, line in enumerate(counts) for at, count in enumerate(line) if at != row), default=0)

    def color(row: int, column: int, count: int) -> str:
        if not count:
            return ""
        share = count / sum(counts[row]) if row == column else count / most
        return f"background-color:rgba({_RIGHT if row == column else _WRONG},{_STRONGEST * share:.2f})"

    def colors(_: Any) -> pandas.DataFrame:
        rows = [[color(row, at, count) for at, count in enumerate(line)] for row, line in enumerate(counts)]
        return pandas.DataFrame(rows, index=frame.index, columns=frame.columns)

    return frame.style.apply(colors, axis=None).format(lambda count: f"{count:,}" if count else "")


def _names(result: dict[str, Any]) -> list[str]:
    return [visible(name) for name in result["classes"]]
