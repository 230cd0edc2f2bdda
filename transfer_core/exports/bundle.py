"""What lies beside an exported model: the program that asks it, how a photo is read, the classes; and the zip."""

import hashlib
import re
import shutil
import zipfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from transfer_core.disk.files import atomic_path
from transfer_core.exports.formats import Format
from transfer_core.photos import reader
from transfer_core.photos.manifest import ManifestPhoto
from transfer_core.runs.folder import Run
from transfer_core.runs.known import read_known
from transfer_core.text import t

__all__ = ["complete", "notes", "pack", "put_beside", "put_photos"]

_PROGRAMS = "transfer_core.nn.export.programs"
_ALWAYS = ("numpy>=2.0", "pillow>=12")
_ONLY_SOME_PHOTOS = ("simplejpeg>=1.8", "tifffile>=2024.1.30", "pi-heif>=1.0")
_SUMS = "SHA256SUMS"


def notes(run: Run) -> dict[str, str]:
    """What a model says of itself where its format has a place for it: text by name."""
    labels, known = run.labels(), read_known(run.known_path)
    found = {
        "labels": "\n".join(labels["classes"]),
        "input": t(
            "RGB, 0 to 255, {size} x {size} pixels: the photo turned upright as its EXIF says, in sRGB, on white where "
            "it is transparent; the middle of it as long as its shorter side, resized bicubic with antialiasing",
            size=labels["input_size"],
        ),
        "outputs": t("probabilities: one a label; features: what the last layer sees"),
        "base": labels["base"],
        "thaw": labels["thaw"],
    }
    if known is not None:
        found["none_threshold"] = str(known.threshold())
    return found


def put_beside(folder: Path, run: Run, row: Format) -> None:
    """Put into `folder` all that the model needs to be asked."""
    programs = resources.files(_PROGRAMS)
    shutil.copyfile(run.labels_path, folder / "labels.json")
    names = "".join(f"{name}\n" for name in run.labels()["classes"])
    (folder / "labels.txt").write_text(names, encoding="utf-8")
    if row.knows and run.known_path.is_file():  # earlier versions kept none
        shutil.copyfile(run.known_path, folder / "known.npz")
    shutil.copyfile(reader.__file__, folder / "read_photo.py")
    for source, name in (("predict_program.py", "predict.py"), (f"{row.runtime}.py", "runtime.py")):
        (folder / name).write_bytes((programs / source).read_bytes())
    needed = [
        *row.needs,
        *_ALWAYS,
        f"# {t('For damaged JPEGs, rare kinds of TIFF and the HEIC photos of telephones; others need none of these.')}",
        *_ONLY_SOME_PHOTOS,
    ]
    (folder / "requirements.txt").write_text("\n".join(needed) + "\n", encoding="utf-8")


def put_photos(folder: Path, photos: Sequence[ManifestPhoto]) -> None:
    """Put photos of the run into `folder`, byte for byte, under names that tell nothing but their kind."""
    (folder / "photos").mkdir()
    for number, photo in enumerate(photos, 1):
        ending = re.search(r"\.[a-z0-9]{2,5}$", photo.name.lower())
        shutil.copyfile(photo.path, folder / "photos" / f"photo-{number}{ending[0] if ending else '.jpg'}")


def complete(folder: Path, card: str) -> None:
    """Add the model card and the checksums of all files."""
    (folder / "README.md").write_text(card, encoding="utf-8")
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in _files(folder)
    ]
    (folder / _SUMS).write_text("".join(sums), encoding="utf-8")


def pack(folder: Path, out: Path) -> None:
    """Write the files of `folder` as the zip `out`.

    Raises:
        StorageError: the disk is full or `out` can't be written.
    """
    # Models are packed already, or hardly can be: to pack them costs seconds and saves nothing.
    with atomic_path(out) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for path in _files(folder):
            archive.write(path, path.relative_to(folder).as_posix())


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
