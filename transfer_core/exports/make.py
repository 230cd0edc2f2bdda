"""Exports a classifier: writes it, has it asked about the person's own photos, and only then puts it in its place."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from transfer_core.disk.files import atomic_path, disk_errors
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError, DataError, PhotoError
from transfer_core.exports import bundle
from transfer_core.exports.card import model_card
from transfer_core.exports.formats import Format, get_format
from transfer_core.exports.hub import hub_header, unpack_model
from transfer_core.exports.page import make_page
from transfer_core.exports.parity import Parity, ask_program, check, compare
from transfer_core.photos.manifest import Manifest, ManifestPhoto
from transfer_core.runs.folder import Run, open_run
from transfer_core.text import Sentence

__all__ = ["BUNDLE", "PHOTOS", "export"]

BUNDLE = ".zip"
"""How the name of a bundle ends: the model with all that belongs to it."""
PHOTOS = 50
"""Photos that the two are compared on."""
TAKEN_ALONG = 2
"""Photos that go along, if they may."""

Say = Callable[[Sentence], None]


def export(
    run: Run | str | Path,
    name: str,
    out: str | Path,
    *,
    title: str = "",
    with_photos: bool = False,
    say: Say = lambda words: None,
    workspace: Workspace | None = None,
) -> dict[str, Any]:
    """Write the classifier of a run in a format, unless it would answer otherwise than here.

    Args:
        run: a run with a model.
        name: of a format, see `formats.FORMATS`.
        out: where to; a name that ends in .zip makes a bundle: the model with a program that asks it, a model card and
            checksums. A file that is there is replaced; a folder must not be there.
        title: what the model card calls it; empty: the run's name.
        with_photos: whether two of the run's photos go along, as they are; only into a zip or a folder.
        say: hears what is being done.
        workspace: whose cache keeps what is fetched.

    Returns:
        `format`, `path`, `bytes`, and `parity`, see `parity.Parity`; `missing`, in words, where a page lacks what could
        not be fetched.

    Raises:
        RunError: the run has no model, or the file answers otherwise: nothing is kept.
        ConfigError: there is no such format, something must be installed for it, or `out` can't be its name.
        DataError: no photo of the run is left to compare the answers on.
        StorageError: the disk is full or `out` can't be written.
    """
    row, out = get_format(name), Path(out)
    opened = run if isinstance(run, Run) else open_run(Path(run))
    opened.labels()
    row.check_installed()
    _check_name(row, out)
    if with_photos and out.suffix != BUNDLE and not row.place:
        raise ConfigError("Photos go along in a zip; name one that ends in .zip, or leave the photos out.")
    photos = _photos(opened.manifest())
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.stem[:40]}.", dir=out.parent))
    try:
        with disk_errors(folder):
            parity = _make(opened, row, folder, photos, say)
            check(row, parity)
            told, missing = parity.to_dict(), None
            if with_photos:
                bundle.put_photos(folder, photos[:TAKEN_ALONG])
            title = title or opened.id
            card = model_card(opened, row, title, told, with_photos)
            if row.place == "page":
                missing = make_page(folder, opened, title, workspace or Workspace.from_environment())
            elif row.place == "hub":
                card = hub_header(opened, title) + card
                unpack_model(folder)
            if out.suffix == BUNDLE or row.place:
                bundle.complete(folder, card)
            if out.suffix == BUNDLE:
                bundle.pack(folder, out)
            elif row.place:
                folder.rename(out)
            elif row.is_folder:
                (folder / row.model).rename(out)
            else:
                with atomic_path(out) as temporary:
                    shutil.copyfile(folder / row.model, temporary)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = {"format": row.name, "path": str(out), "bytes": _bytes(out), "parity": told}
    if missing is not None:
        say(missing)
        found["missing"] = str(missing)
    return found


def _check_name(row: Format, out: Path) -> None:
    wanted = Path(row.model).suffix
    if out.suffix == BUNDLE and not out.is_dir():
        return
    if row.is_folder and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError("{out} is there already. Name a folder that is new, or a zip.", out=out)
    if not row.is_folder and (out.suffix != wanted or out.is_dir()):
        raise ConfigError(
            "The name of a file in the format {title} ends in {wanted}, or in .zip for one with all that belongs to "
            "it; {out} came.",
            title=row.title,
            wanted=wanted,
            out=out,
        )


def _photos(manifest: Manifest) -> list[ManifestPhoto]:
    """Photos that are still there, those it did not learn from first."""
    new = [*manifest.of("test"), *manifest.of("validation")]
    known = list(manifest.of("train"))
    found: list[ManifestPhoto] = []
    for group in (new, known):
        there = [photo for photo in group if Path(photo.path).is_file()]
        found += _spread(there, PHOTOS - len(found))
    if not found:
        raise DataError(
            "None of the photos of this run is where it was, so the export can't be compared with the app. Put them "
            "back, or train again."
        )
    return found


def _spread(photos: Sequence[ManifestPhoto], count: int) -> list[ManifestPhoto]:
    """`count` of them at most, evenly over all."""
    if len(photos) <= count:
        return list(photos)
    return [photos[number * len(photos) // count] for number in range(count)]


def _make(run: Run, row: Format, folder: Path, photos: Sequence[ManifestPhoto], say: Say) -> Parity:
    from transfer_core.nn.inference.predictor import Classifier

    say(Sentence("Writing it as {title}", title=row.title))
    classifier = Classifier(run)
    if row.writer:
        from transfer_core.nn.export.write import EXAMPLES, write_model

        examples = _examples(run.manifest(), classifier.size, EXAMPLES if row.limit is None else 0)
        write_model(classifier.model, row.writer, folder / row.model, examples, bundle.notes(run))
    else:
        shutil.copyfile(run.model_path, folder / row.model)
    bundle.put_beside(folder, run, row)
    say(Sentence("Asking it about {n} of your photos, from the files on", n=len(photos)))
    paths = [Path(photo.path) for photo in photos]
    truth = [classifier.classes[photo.label] for photo in photos]
    return compare(classifier.predict(paths), ask_program(folder, paths), truth)


def _examples(manifest: Manifest, size: int, count: int) -> Any:
    """Decoded photos learned from, uint8 (n, size, size, 3)."""
    import numpy as np

    from transfer_core.photos.decode import decode

    found = []
    for photo in _spread([one for one in manifest.of("train") if Path(one.path).is_file()], count):
        try:
            found.append(decode(Path(photo.path), size))
        except PhotoError:
            continue  # changed since; the others say as much
    if count and not found:
        raise DataError(
            "None of the photos learned from is where it was, and int8 goes by their ranges. Put them back, or choose "
            "another format."
        )
    return np.stack(found) if found else np.zeros((0, size, size, 3), np.uint8)


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)
