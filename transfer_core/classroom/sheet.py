"""The sheet to cut up and hand out: for each person the address, the code, and both as a QR code."""

import html
from collections.abc import Sequence
from pathlib import Path

from transfer_core.classroom.room import Room, Seat
from transfer_core.text import spoken, t

__all__ = ["join_sheet"]

_STYLE = Path(__file__).with_name("sheet.css").read_text("utf-8")


def join_sheet(room: Room, url: str, seats: Sequence[Seat] | None = None) -> str:
    """A page of HTML to print, in the reader's language; the teacher's code is not on it.

    Args:
        room: whose codes.
        url: where the app is found, such as `http://192.168.1.20:8501`.
        seats: whose; None: everybody's.
    """
    chosen = room.seats if seats is None else seats
    slips = "\n".join(_slip(room, seat, url) for seat in chosen if not seat.teaches)
    return f"""<!doctype html>
<html lang="{spoken().replace("_", "-")}">
<head><meta charset="utf-8"><title>{html.escape(room.name)} · Thaw</title><style>{_STYLE}</style></head>
<body>
<h1>{html.escape(room.name)}</h1>
<p>{html.escape(t("Cut along the lines. Each code lets in one person, on one device."))}</p>
<div class="slips">
{slips}
</div>
</body>
</html>
"""


def _slip(room: Room, seat: Seat, url: str) -> str:
    import segno  # here: only who prints needs it

    # Behind #, which a browser keeps to itself, so that the code stands in no log on the way.
    picture = segno.make(f"{url}/join#{seat.code}", error="m").svg_inline(border=2, omitsize=True)
    return (
        f'<div class="slip">{picture}<div><p>{html.escape(t("Open in a browser:"))} {html.escape(url)}</p>'
        f'<p class="code">{html.escape(seat.code)}</p>'
        f"<p>{html.escape(t('Number {number}', number=seat.number))} · {html.escape(room.name)}</p></div></div>"
    )
