"""The page before the door: a code, a name, and nothing else. Plain HTML, so that it needs nobody's pass."""

import base64
import hashlib
import html
from pathlib import Path

from transfer_core.text import spoken, t

__all__ = ["POLICY", "join_page"]

_STYLE, _SCRIPT = (Path(__file__).with_name(name).read_text("utf-8") for name in ("join.css", "join.js"))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_ALLOWED = {
    "default-src": "'none'",
    "style-src": _hash(_STYLE),
    "script-src": _hash(_SCRIPT),
    "img-src": "data:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
POLICY = ";".join(map(" ".join, _ALLOWED.items()))
"""The content security policy that goes with it: no other script, no other host, and no page around it."""


def join_page(room: str, refused: str = "", code: str = "", name: str = "") -> str:
    """The page in the reader's language.

    Args:
        room: its name.
        refused: why the last try was refused; empty: there was none.
        code, name: what was typed then.
    """
    said = f'<p class="refused" role="alert">{html.escape(refused)}</p>' if refused else ""
    return f"""<!doctype html>
<html lang="{spoken().replace("_", "-")}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{html.escape(room)} · Thaw</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{html.escape(room)}</h1>
<p>{html.escape(t("Teach a computer to tell your photos apart"))}</p>
{said}
<form method="post" action="/join">
<label for="code">{html.escape(t("The code on your sheet"))}</label>
<input id="code" name="code" type="text" value="{html.escape(code)}" required maxlength="40" autocomplete="off"
 autocapitalize="characters" spellcheck="false" autofocus>
<label for="name">{html.escape(t("Your name, if you like"))}</label>
<input id="name" name="name" type="text" value="{html.escape(name)}" maxlength="40" autocomplete="off">
<label class="choice"><input name="named" type="checkbox" value="yes">
{html.escape(t("Show this name beside my results on the class's board"))}</label>
<button type="submit">{html.escape(t("Come in"))}</button>
</form>
<small>{
        html.escape(
            t(
                "Your photos and classifiers lie on your teacher's computer. The others in the class don't see them. "
                "Your teacher can see your results, and delete everything after the lesson."
            )
        )
    }</small>
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""
