"""What a source of photos gives: files that may be photos, and refusals."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from transfer_core.photos.sources.layout import SplitName
from transfer_core.text import Sentence

__all__ = ["Listing", "PhotoFile", "Refusal"]


@dataclass(frozen=True)
class Refusal:
    """One file that was not imported."""

    name: str
    """Relative to what was imported, such as `glass/glass176.jpg`."""
    reason: Sentence
    """One plain sentence."""


@dataclass(frozen=True)
class PhotoFile:
    """One file that may be a photo."""

    name: str
    """Relative to what is imported, with forward slashes."""
    class_name: str
    """Clean, see `class_names.clean_class_name`; empty while the file has none."""
    read: Callable[[], bytes]
    """Gives the file's bytes or raises `PhotoError`."""
    path: Path | None = None
    """Absolute, if the file lies on disk by itself."""
    split: SplitName | None = None
    """The split its folder names, if one does."""


@dataclass
class Listing:
    """Every file that was found: `files` have a class, `refused` have a reason."""

    files: list[PhotoFile] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    class_folders: set[str] = field(default_factory=set)
    """Where the classes lie, those that hold no file included, such as `cat` or `train/cat`."""
    sure_names: bool = True
    """Whether the names in a zip can be told; if not, they are read as is likeliest."""
    table: str = ""
    """Name of the CSV that said what each photo shows, if one did."""
    rows_without_photo: int = 0
    """Rows of it that name no file there is."""
