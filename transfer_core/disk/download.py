"""One file from the network to the disk: quick to fail, cancellable, checked; what broke off goes on the next time."""

import hashlib
import http.client
import os
import queue
import secrets
import shutil
import socket
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from transfer_core.disk.files import disk_errors
from transfer_core.errors import StorageError, TransferError
from transfer_core.text import Sentence

__all__ = ["Remote", "digests", "fetch"]

CONNECT_SECONDS = 6.0
"""From the request to the headers of the answer: names, connection, encryption and redirects together."""
READ_SECONDS = 10.0
"""Longest silence in the middle of a transfer."""
CHUNK_BYTES = 1 << 18
STALE_SECONDS = 3600.0

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Remote:
    """A file that can be fetched, and how to speak of it."""

    what: Sentence
    """Such as `the weights of VGG16`."""
    url: str
    bytes: int
    published: Callable[[Path, dict[str, str]], bool]
    """Whether a file, with these digests by algorithm, is the one that is meant."""
    by_hand: Sentence
    """What a person can do instead of fetching."""
    mirror: str
    """Environment variable: an http(s) address that takes the place of the scheme and host."""
    error: type[TransferError]


def fetch(
    remote: Remote, target: Path, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
) -> None:
    """Fetch a file to `target`, which appears whole and checked; several processes may do so at once.

    What came before a break lies beside it, and the next transfer goes on from there where the server can.

    Args:
        remote: the file.
        target: the path that appears, whole and checked, when all went well.
        progress: called with the bytes so far and the bytes in all (0 where the server does not say).
        cancelled: asked several times a second; answering True ends the transfer.

    Raises:
        TransferError: `remote.error`: no network, a refusal by the server, a broken or altered transfer, or cancelled.
        StorageError: the disk is full or can't be written.
    """
    _sweep(target)
    is_cancelled = cancelled or (lambda: False)
    part = target.with_name(f".{target.name}.part")
    mine = target.with_name(f".{target.stem[:40]}.{secrets.token_hex(6)}{target.suffix}")
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            part.replace(mine)  # whoever comes first goes on with it
    begun = mine.stat().st_size if mine.exists() else 0
    keep = False
    try:
        with _open(remote, is_cancelled, begun) as response:
            if response.status != 206:  # from the start, whatever was asked
                begun = 0
            total = begun + int(response.headers.get("Content-Length") or 0)
            _check_space(remote, target, (total or remote.bytes) - begun)
            keep = True
            with disk_errors(target), mine.open("ab" if begun else "wb") as file:
                done = _copy(remote, response, file, begun, total, progress, is_cancelled)
        if done < total:
            raise _broken(remote, done, total)
        keep = False
        if not remote.published(mine, digests(mine)):
            raise remote.error(
                "What came for {what} ({done:,} bytes) is not the published file: its digest or size differs. Nothing "
                "was kept. A sign-in page of the network or a proxy often does this; open {url} in a browser to see, "
                "then try again.",
                what=remote.what,
                done=done,
                url=remote.url,
            )
        with disk_errors(target):
            mine.replace(target)
    finally:
        with disk_errors(target), suppress(FileNotFoundError):
            if keep and mine.stat().st_size:
                mine.replace(part)
            mine.unlink(missing_ok=True)


def _copy(
    remote: Remote,
    response: http.client.HTTPResponse,
    file: BinaryIO,
    done: int,
    total: int,
    progress: Progress | None,
    cancelled: Callable[[], bool],
) -> int:
    """Write what comes; give how many bytes there are then."""
    while chunk := _read(remote, response, done, total):
        if cancelled():
            raise _cancelled(remote)
        file.write(chunk)
        done += len(chunk)
        if progress:
            progress(done, total)
    file.flush()
    os.fsync(file.fileno())
    return done


def digests(path: Path) -> dict[str, str]:
    """MD5 and SHA-256 of a file as hex digits, by name."""
    hashers = {"md5": hashlib.md5(usedforsecurity=False), "sha256": hashlib.sha256()}
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            for hasher in hashers.values():
                hasher.update(chunk)
    return {name: hasher.hexdigest() for name, hasher in hashers.items()}


def _sweep(target: Path) -> None:
    # A process that was killed leaves its temporary file; one that is still being written is younger than this.
    with disk_errors(target):
        for old in target.parent.glob(f".{target.stem[:40]}.*{target.suffix}"):
            if old.stat().st_mtime < time.time() - STALE_SECONDS:
                old.unlink(missing_ok=True)


def _check_space(remote: Remote, target: Path, needed: int) -> None:
    with disk_errors(target):
        free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise StorageError(
            "To fetch {what}, {needed:.0f} MB are needed in {parent}, where {free:.0f} MB are free, so nothing was "
            "fetched. Free some space and try again.",
            what=remote.what,
            needed=needed / 1e6,
            parent=target.parent,
            free=free / 1e6,
        )


def _address(remote: Remote) -> str:
    mirror = os.environ.get(remote.mirror)
    if not mirror:
        return remote.url
    if not mirror.startswith(("http://", "https://")):
        raise remote.error(
            "{variable} is {mirror!r}; expected an address that begins with https://.",
            variable=remote.mirror,
            mirror=mirror,
        )
    return mirror.rstrip("/") + urllib.parse.urlsplit(remote.url).path


def _open(remote: Remote, cancelled: Callable[[], bool], begun: int) -> http.client.HTTPResponse:
    """The answer's headers, within `CONNECT_SECONDS` altogether.

    A socket timeout bounds neither the look-up of the name nor the number of addresses that are tried one after
    the other, so a thread connects and is left behind when time is up.
    """
    address = _address(remote)
    answers: queue.SimpleQueue[http.client.HTTPResponse | Exception] = queue.SimpleQueue()

    def connect() -> None:
        headers = {"User-Agent": "thaw"} | ({"Range": f"bytes={begun}-"} if begun else {})
        request = urllib.request.Request(address, headers=headers)
        try:
            answers.put(urllib.request.urlopen(request, timeout=READ_SECONDS))
        except (OSError, http.client.HTTPException, ValueError) as error:
            answers.put(error)

    threading.Thread(target=connect, name="thaw-connect", daemon=True).start()
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        if cancelled():
            raise _cancelled(remote)
        try:
            answer = answers.get(timeout=0.1)
        except queue.Empty:
            if time.monotonic() < deadline:
                continue
            raise _unreachable(
                remote, address, Sentence("no answer within {seconds:.0f} seconds", seconds=CONNECT_SECONDS)
            ) from None
        if isinstance(answer, Exception):
            raise _refused(remote, address, answer) from answer
        return answer


def _read(remote: Remote, response: http.client.HTTPResponse, done: int, total: int) -> bytes:
    try:
        # read1 gives what has arrived, so that a slow transfer still notices a cancellation.
        return response.read1(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _broken(remote, done, total) from error


def _refused(remote: Remote, address: str, error: Exception) -> TransferError:
    if isinstance(error, urllib.error.HTTPError):
        return remote.error(
            "The server answered {code} ({reason}) when asked for {what} at {address}. {by_hand}",
            code=error.code,
            reason=error.reason,
            what=remote.what,
            address=address,
            by_hand=remote.by_hand,
        )
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return remote.error(
            "The server of {what} could not be trusted: {verify_message}. The machine's "
            "certificates may be missing (on macOS run 'Install Certificates.command'). {by_hand}",
            what=remote.what,
            verify_message=reason.verify_message,
            by_hand=remote.by_hand,
        )
    return _unreachable(remote, address, _plain(reason))


def _plain(reason: object) -> Sentence:
    """Why a connection failed, without error numbers."""
    match reason:
        case socket.gaierror():
            return Sentence("its address was not found")
        case ConnectionRefusedError():
            return Sentence("it refused the connection")
        case TimeoutError():
            return Sentence("no answer in time")
        case OSError(strerror=str(words)) if words:
            system = words[0].lower() + words[1:]
            return Sentence("{words}", words=system)
        case _:
            return Sentence("{words}", words=reason)


def _unreachable(remote: Remote, address: str, reason: Sentence) -> TransferError:
    host = urllib.parse.urlsplit(address).netloc
    return remote.error(
        "{host} could not be reached: {reason}. So {what} can't be fetched. Is this computer connected to the "
        "internet? {by_hand}",
        what=remote.what,
        host=host,
        reason=reason,
        by_hand=remote.by_hand,
    )


def _broken(remote: Remote, done: int, total: int) -> TransferError:
    amount = Sentence("{done:,} of {total:,} bytes" if total else "{done:,} bytes", done=done, total=total)
    return remote.error(
        "The transfer of {what} broke off after {amount}. Try again: it goes on from there.",
        what=remote.what,
        amount=amount,
    )


def _cancelled(remote: Remote) -> TransferError:
    return remote.error(
        "Fetching {what} was cancelled. What has come is kept for the next time.",
        what=remote.what,
    )
