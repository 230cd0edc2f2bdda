"""Where the file of a page lies: the one place that knows how `pages/` is laid out."""

from transfer_core.labs import KINDS

__all__ = ["page_path"]


def page_path(name: str) -> str:
    """The path, below app.py, of the page of a step, a lab or `home`, as Streamlit's navigation takes it."""
    return f"pages/labs/{name}/page.py" if name in KINDS else f"pages/{name}/page.py"
