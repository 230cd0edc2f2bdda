"""The program that runs a network in a browser, fetched once from the npm registry and put beside the page."""

import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from transfer_core.disk.download import Remote, fetch
from transfer_core.disk.files import disk_errors
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.text import Sentence, t

__all__ = ["MIRROR_VARIABLE", "PACKAGES", "by_hand", "vendor"]

MIRROR_VARIABLE = "THAW_NPM_URL"
"""Environment variable: an http(s) address that takes the place of the registry's scheme and host."""

_VERSION = "2.5.3"


@dataclass(frozen=True)
class Package:
    """A package of LiteRT.js (Google, Apache-2.0), pinned."""

    name: str
    bytes: int
    sha256: str
    """Of the registry's tar, whose own SHA-512 was checked when this was written."""
    files: tuple[tuple[str, str], ...]
    """Path in the tar, and beside the page below vendor/litert."""

    @property
    def url(self) -> str:
        """Where the registry has it."""
        return f"https://registry.npmjs.org/@litertjs/{self.name}/-/{self.name}-{_VERSION}.tgz"


_WASM = [f"litert_wasm{kind}_internal.{end}" for kind in ("", "_compat") for end in ("js", "wasm")]
PACKAGES = (
    Package(
        "core",
        11_817_097,
        "a97660833e9e7e1063c95e12016718881240b14f7438728a2f62785e912d30fd",
        (("package/dist/index.js", "index.js"), *((f"package/wasm/{name}", f"wasm/{name}") for name in _WASM)),
    ),
    Package(
        "wasm-utils",
        4_698,
        "ce2a1f8379c067be49e59752e5a7f40db6be09f6e497f0f11e59f17b515366a7",
        (("package/dist/index.js", "wasm-utils.js"),),
    ),
)


def vendor(workspace: Workspace, folder: Path) -> None:
    """Put the files into `folder`; fetched packages are kept in the workspace's cache.

    Raises:
        ConfigError: no network, or what came is not what was pinned.
        StorageError: the disk is full or can't be written.
    """
    for package in PACKAGES:
        kept = workspace.cache_dir / "npm" / f"{package.name}-{_VERSION}.tgz"
        if not kept.is_file() or kept.stat().st_size != package.bytes:
            fetch(_remote(package), kept)
        _unpack(package, kept, folder)
    # A browser knows no package names; one address takes the place of the only one.
    index = folder / "index.js"
    with disk_errors(folder):
        text = index.read_text("utf-8").replace('"@litertjs/wasm-utils"', '"./wasm-utils.js"')
        index.write_text(text, encoding="utf-8")


def by_hand() -> str:
    """What to do without a network here, for the file that lies in the place of the program."""
    lines = [
        t("What runs the network, LiteRT.js (Google, Apache-2.0), could not be fetched when this was made."),
        t("Fetch both files on a computer with a network, unpack them, and put beside this file:"),
        "",
    ]
    for package in PACKAGES:
        lines += [package.url, *(f"    {source}  ->  litert/{target}" for source, target in package.files), ""]
    lines.append(t('Then, in litert/index.js, write "./wasm-utils.js" where it says "@litertjs/wasm-utils".'))
    return "\n".join(lines) + "\n"


def _unpack(package: Package, path: Path, folder: Path) -> None:
    wanted = dict(package.files)
    with disk_errors(folder):
        try:
            with tarfile.open(path) as archive:
                for member in archive:
                    target = wanted.pop(member.name, None)
                    content = archive.extractfile(member) if target and member.isreg() else None
                    if target and content is not None:
                        place = folder / target
                        place.parent.mkdir(parents=True, exist_ok=True)
                        place.write_bytes(content.read())
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise ConfigError("{path} can't be unpacked ({error}). Delete it.", path=path, error=error) from error
    if wanted:
        raise ConfigError("{path} lacks {names}. Update Thaw.", path=path, names=sorted(wanted))


def _remote(package: Package) -> Remote:
    return Remote(
        Sentence("LiteRT.js, which runs the network in a browser,"),
        package.url,
        package.bytes,
        lambda path, digests: digests["sha256"] == package.sha256,
        Sentence("The page says how to add it later."),
        MIRROR_VARIABLE,
        ConfigError,
    )
