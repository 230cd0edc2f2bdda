"""Pretrained weights on this machine: where they are, whether they are the published ones, and how to get them."""

import hashlib
import importlib.metadata
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from transfer_core.backbones.catalog import Base, get_base
from transfer_core.disk.download import Remote, digests, fetch
from transfer_core.disk.files import atomic_path, read_json, write_json
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import StorageError, WeightsError
from transfer_core.text import Sentence

__all__ = [
    "WeightsState",
    "fetch_weights",
    "file_digests",
    "find_weights",
    "import_weights",
    "weights_id",
    "weights_state",
]

MIRROR_VARIABLE = "THAW_WEIGHTS_URL"
"""Environment variable: an http(s) address that takes the place of the scheme and host of every weights URL."""
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

WeightsState = Literal["bundled", "cached", "download", "file"]


def weights_state(workspace: Workspace, base: str | Base) -> WeightsState:
    """Where the ImageNet weights of `base` stand on this machine.

    Returns:
        `bundled` (in an installed package), `cached` (in the workspace), `download` (can be fetched), or `file` (only
        from a file that the person names, or by installing the package: `Weights.install`).
    """
    row = get_base(base)
    if _bundled(row):
        return "bundled"
    if _cached(workspace, row).is_file():
        return "cached"
    return "download" if row.weights.kind == "download" else "file"


def find_weights(workspace: Workspace, base: str | Base, choice: str = "imagenet") -> Path | None:
    """The weights file that `choice` means.

    Args:
        workspace: where fetched and imported weights lie.
        base: a row or its name.
        choice: `imagenet`, `none`, or the path of a file.

    Returns:
        The file, or None for `none` (random weights).

    Raises:
        WeightsError: the file is missing, empty, not fetched yet, or not the published one.
    """
    row = get_base(base)
    if choice == "none":
        return None
    if choice != "imagenet":
        return _named(row, choice)
    path = _bundled(row) or _cached(workspace, row)
    if not path.is_file():
        raise _how_to_get(row)
    if not _is_published(row, path, file_digests(workspace, path)):
        advice = Sentence("Delete it, then fetch or import it again.")
        if row.weights.kind == "bundled":
            advice = Sentence("Install the package {package} again.", package=row.weights.source)
        raise WeightsError(
            "{path} is not the published weights file of {title}: it is damaged. {advice}",
            path=path,
            title=row.title,
            advice=advice,
        )
    return path


def fetch_weights(
    workspace: Workspace,
    base: str | Base,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Fetch the ImageNet weights of `base` into the workspace, unless they are already on this machine.

    Args:
        workspace: where fetched and imported weights lie.
        base: a row or its name.
        progress: called with the bytes so far and the bytes in all (0 where unknown).
        cancelled: asked several times a second; answering True ends the transfer.

    Returns:
        The file, checked against the published digest.

    Raises:
        WeightsError: no network (within seconds), refused, altered, broken off, cancelled, or nothing to fetch.
        StorageError: the disk is full or can't be written.
    """
    row = get_base(base)
    present = _bundled(row) or _cached(workspace, row)
    if present.is_file() and _is_published(row, present, file_digests(workspace, present)):
        return present
    if row.weights.kind != "download":
        raise _how_to_get(row)
    fetch(_remote(row), _cached(workspace, row), progress, cancelled)
    return _cached(workspace, row)


def import_weights(workspace: Workspace, base: str | Base, path: str | Path) -> Path:
    """Copy a person's file into the workspace as the ImageNet weights of `base`.

    Only the published file is taken, so that `imagenet` means the same everywhere; any other file can still be named
    as `choice` without importing it.

    Raises:
        WeightsError: missing, empty, or not the published file.
        StorageError: the disk is full or can't be written.
    """
    row = get_base(base)
    source = _named(row, str(path))
    if not _is_published(row, source, file_digests(workspace, source)):
        raise WeightsError(
            "{source} is not the published weights file of {title} ({filename}): its digest or size "
            "differs. To use it all the same, name it as the weights of a training instead of importing it.",
            source=source,
            title=row.title,
            filename=row.weights.filename,
        )
    target = _cached(workspace, row)
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
    return target


def weights_id(workspace: Workspace, base: str | Base, choice: str = "imagenet", seed: int = 0) -> str:
    """Identity of the weights for cache keys: `sha256-<64 hex digits>` of the file, or `random-<seed>` for `none`.

    Raises:
        WeightsError: as `find_weights`.
    """
    path = find_weights(workspace, base, choice)
    return f"random-{seed}" if path is None else f"sha256-{file_digests(workspace, path)['sha256']}"


def file_digests(workspace: Workspace, path: Path) -> dict[str, str]:
    """MD5 and SHA-256 of a file as hex digits, remembered in the workspace while its size and time stay the same."""
    path = path.absolute()
    facts = path.stat()
    stamp = [str(path), facts.st_size, facts.st_mtime_ns]
    memory = workspace.cache_dir / "digests" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"
    if memory.is_file():
        try:
            kept = read_json(memory)
        except StorageError:
            kept = None  # damaged: worked out anew and replaced below
        if isinstance(kept, dict) and kept.get("stamp") == stamp:
            return {"md5": kept["md5"], "sha256": kept["sha256"]}
    found = digests(path)
    write_json(memory, {"stamp": stamp, **found})
    return found


def _remote(base: Base) -> Remote:
    url = base.weights.url
    if url is None:
        raise WeightsError(
            "The weights of {title} have no address to fetch them from; reinstall Thaw.", title=base.title
        )
    return Remote(
        Sentence("the weights of {title}", title=base.title),
        url,
        base.weights.bytes,
        lambda path, found: _is_published(base, path, found),
        Sentence(
            "Instead, fetch {url} on another computer and give Thaw the file, or choose a base whose weights are "
            "installed with Thaw.",
            url=url,
        ),
        MIRROR_VARIABLE,
        WeightsError,
    )


def _is_published(base: Base, path: Path, found: dict[str, str]) -> bool:
    """Whether the file at `path`, with the digests found by algorithm, is the one `base` names.

    Where no digest is published (MobileNet, MobileNetV2) the exact size and the HDF5 signature stand in for it.
    """
    if base.weights.kind == "own":
        return True  # its name is made of what it holds, and nobody publishes it
    algorithm, _, expected = base.weights.digest.partition(":")
    if expected:
        return found[algorithm] == expected
    with path.open("rb") as file:
        return path.stat().st_size == base.weights.bytes and file.read(8) == HDF5_SIGNATURE


def _cached(workspace: Workspace, base: Base) -> Path:
    return workspace.weights_dir / base.weights.filename


def _bundled(base: Base) -> Path | None:
    """The file inside the installed package, found through its metadata so that the package is not imported."""
    if base.weights.kind != "bundled":
        return None
    try:
        files = importlib.metadata.files(base.weights.source) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    paths = (Path(str(file.locate())) for file in files if file.name == base.weights.filename)
    return next((path for path in paths if path.is_file()), None)


def _named(base: Base, name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_file():
        raise WeightsError(
            "The weights file {path} for {title} is a folder. Give the path of a weights file."
            if path.is_dir()
            else "The weights file {path} for {title} does not exist. Give the path of a weights file.",
            path=path,
            title=base.title,
        )
    if path.stat().st_size == 0:
        raise WeightsError(
            "The weights file {path} for {title} is empty. Fetch or copy it again.", path=path, title=base.title
        )
    return path


def _how_to_get(base: Base) -> WeightsError:
    match base.weights.kind:
        case "bundled":
            return WeightsError(
                "The ImageNet weights of {title} are not on this machine. They come in a package: run {install}.",
                title=base.title,
                install=base.weights.install,
            )
        case "download":
            return WeightsError(
                "The ImageNet weights of {title} are not on this machine. "
                "Fetch them, or give Thaw the file {filename}.",
                title=base.title,
                filename=base.weights.filename,
            )
        case "own":
            return WeightsError(
                "The network {title} is not on this machine (any more). Open its file again, on the page Base or with "
                "`thaw open`.",
                title=base.title,
            )
        case _:
            return WeightsError(
                "The ImageNet weights of {title} are not on this machine. "
                "Fetch {url} with a browser and give Thaw that file.",
                title=base.title,
                url=base.weights.url,
            )
