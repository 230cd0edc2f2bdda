"""One weights file from the network to the disk: quick to fail, cancellable, checked, all or nothing."""

import hashlib
import http.client
import os
import queue
import shutil
import socket
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from transfer_core.backbones.catalog import Base
from transfer_core.disk.files import atomic_path, disk_errors
from transfer_core.errors import StorageError, WeightsError
from transfer_core.text import Sentence

__all__ = ["MIRROR_VARIABLE", "by_hand", "fetch_file", "is_published"]

MIRROR_VARIABLE = "THAW_WEIGHTS_URL"
"""Environment variable: an http(s) address that takes the place of the scheme and host of every weights URL."""

CONNECT_SECONDS = 6.0
"""From the request to the headers of the answer: names, connection, encryption and redirects together."""
READ_SECONDS = 10.0
"""Longest silence in the middle of a transfer."""
CHUNK_BYTES = 1 << 18
STALE_SECONDS = 3600.0
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

Progress = Callable[[int, int], None]


def by_hand(base: Base) -> Sentence:
    """What a person can do instead of fetching, in a sentence that suits the app and the command line."""
    return Sentence(
        "Instead, fetch {url} on another computer and give Thaw the file, or choose a base whose weights are installed "
        "with Thaw.",
        url=base.weights.url,
    )


def is_published(base: Base, path: Path, digests: dict[str, str]) -> bool:
    """Whether the file at `path`, with these digests by algorithm, is the one `base` names.

    Where no digest is published (MobileNet, MobileNetV2) the exact size and the HDF5 signature stand in for it.
    """
    algorithm, _, expected = base.weights.digest.partition(":")
    if expected:
        return digests[algorithm] == expected
    with path.open("rb") as file:
        return path.stat().st_size == base.weights.bytes and file.read(8) == HDF5_SIGNATURE


def fetch_file(
    base: Base, target: Path, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
) -> None:
    """Fetch the weights of `base` to `target`, atomically; several processes may do so at once.

    Args:
        base: a row whose weights have a URL.
        target: the path that appears, whole and checked, when all went well.
        progress: called with the bytes so far and the bytes in all (0 where the server does not say).
        cancelled: asked several times a second; answering True ends the transfer.

    Raises:
        WeightsError: no network, a refusal by the server, a broken or altered transfer, or cancelled.
        StorageError: the disk is full or can't be written.
    """
    _sweep(target)
    is_cancelled = cancelled or (lambda: False)
    with _open(base, is_cancelled) as response:
        total = int(response.headers.get("Content-Length") or 0)
        _check_space(target, total or base.weights.bytes)
        hashers = {"md5": hashlib.md5(usedforsecurity=False), "sha256": hashlib.sha256()}
        with atomic_path(target) as temporary:
            done = 0
            with temporary.open("wb") as file:
                while chunk := _read(base, response, done, total):
                    if is_cancelled():
                        raise _cancelled(base)
                    file.write(chunk)
                    for hasher in hashers.values():
                        hasher.update(chunk)
                    done += len(chunk)
                    if progress:
                        progress(done, total)
            if done < total:
                raise _broken(base, done, total)
            if not is_published(base, temporary, {name: hasher.hexdigest() for name, hasher in hashers.items()}):
                raise WeightsError(
                    "What came for {title} ({done:,} bytes) is not the published weights file: its digest or "
                    "size differs. Nothing was kept. A sign-in page of the network or a proxy often does this; "
                    "open {url} in a browser to see, then try again.",
                    title=base.title,
                    done=done,
                    url=base.weights.url,
                )


def _sweep(target: Path) -> None:
    # A process that was killed leaves its temporary file; one that is still being written is younger than this.
    with disk_errors(target):
        for old in target.parent.glob(f".{target.stem[:40]}.*{target.suffix}"):
            if old.stat().st_mtime < time.time() - STALE_SECONDS:
                old.unlink(missing_ok=True)


def _check_space(target: Path, needed: int) -> None:
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise StorageError(
            "The weights need {needed:.0f} MB in {parent}, where {free:.0f} MB are free, so "
            "nothing was fetched. Free some space and try again.",
            needed=needed / 1e6,
            parent=target.parent,
            free=free / 1e6,
        )


def _address(base: Base) -> str:
    url = base.weights.url
    if url is None:
        raise WeightsError(
            "The weights of {title} have no address to fetch them from; reinstall Thaw.", title=base.title
        )
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return url
    if not mirror.startswith(("http://", "https://")):
        raise WeightsError(
            "{variable} is {mirror!r}; expected an address that begins with https://.",
            variable=MIRROR_VARIABLE,
            mirror=mirror,
        )
    return mirror.rstrip("/") + urllib.parse.urlsplit(url).path


def _open(base: Base, cancelled: Callable[[], bool]) -> http.client.HTTPResponse:
    """The answer's headers, within `CONNECT_SECONDS` altogether.

    A socket timeout bounds neither the look-up of the name nor the number of addresses that are tried one after
    the other, so a thread connects and is left behind when time is up.
    """
    address = _address(base)
    answers: queue.SimpleQueue[http.client.HTTPResponse | Exception] = queue.SimpleQueue()

    def connect() -> None:
        request = urllib.request.Request(address, headers={"User-Agent": "thaw"})
        try:
            answers.put(urllib.request.urlopen(request, timeout=READ_SECONDS))
        except (OSError, http.client.HTTPException, ValueError) as error:
            answers.put(error)

    threading.Thread(target=connect, name="thaw-connect", daemon=True).start()
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        if cancelled():
            raise _cancelled(base)
        try:
            answer = answers.get(timeout=0.1)
        except queue.Empty:
            if time.monotonic() < deadline:
                continue
            raise _unreachable(
                base, address, Sentence("no answer within {seconds:.0f} seconds", seconds=CONNECT_SECONDS)
            ) from None
        if isinstance(answer, Exception):
            raise _refused(base, address, answer) from answer
        return answer


def _read(base: Base, response: http.client.HTTPResponse, done: int, total: int) -> bytes:
    try:
        # read1 gives what has arrived, so that a slow transfer still notices a cancellation.
        return response.read1(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _broken(base, done, total) from error


def _refused(base: Base, address: str, error: Exception) -> WeightsError:
    if isinstance(error, urllib.error.HTTPError):
        return WeightsError(
            "The server answered {code} ({reason}) when asked for the weights of {title} at {address}. {by_hand}",
            code=error.code,
            reason=error.reason,
            title=base.title,
            address=address,
            by_hand=by_hand(base),
        )
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return WeightsError(
            "The server of the weights of {title} could not be trusted: {verify_message}. The machine's "
            "certificates may be missing (on macOS run 'Install Certificates.command'). {by_hand}",
            title=base.title,
            verify_message=reason.verify_message,
            by_hand=by_hand(base),
        )
    return _unreachable(base, address, _plain(reason))


def _plain(reason: object) -> Sentence:
    """Why a connection failed, without error numbers."""
    match reason:
        case socket.gaierror():
            return Sentence("its name could not be looked up")
        case ConnectionRefusedError():
            return Sentence("it refused the connection")
        case TimeoutError():
            return Sentence("no answer in time")
        case OSError(strerror=str(words)) if words:
            system = words[0].lower() + words[1:]
            return Sentence("{words}", words=system)
        case _:
            return Sentence("{words}", words=reason)


def _unreachable(base: Base, address: str, reason: Sentence) -> WeightsError:
    host = urllib.parse.urlsplit(address).netloc
    return WeightsError(
        "The weights of {title} can't be fetched, because {host} could not be reached: {reason}. Is this "
        "computer online? {by_hand}",
        title=base.title,
        host=host,
        reason=reason,
        by_hand=by_hand(base),
    )


def _broken(base: Base, done: int, total: int) -> WeightsError:
    amount = Sentence("{done:,} of {total:,} bytes" if total else "{done:,} bytes", done=done, total=total)
    return WeightsError(
        "The transfer of the weights of {title} broke off after {amount}, and nothing was kept. Try again.",
        title=base.title,
        amount=amount,
    )


def _cancelled(base: Base) -> WeightsError:
    return WeightsError("Fetching the weights of {title} was cancelled, and nothing was kept.", title=base.title)
