"""How much a server takes on, and how it refuses what is more."""

from dataclasses import dataclass

from transfer_core.errors import TransferError
from transfer_core.text import Sentence

__all__ = ["Limits", "RequestError", "Room"]


@dataclass(frozen=True)
class Limits:
    """What one server takes on; the defaults suit a laptop.

    Usual photos leave it below 1 GB. At worst a large picture takes 1.4 GB while it is decoded, each of four threads
    0.5 GB with one that is just not large, and the requests `bytes_together`.
    """

    photo_bytes: int = 32 * 2**20
    """Of one photo's file."""
    bytes_together: int = 512 * 2**20
    """Of the requests that are being read or answered."""
    pixels: int = 50_000_000
    """That one photo is decoded to; a JPEG is made 2, 4 or 8 times smaller while it is decoded."""
    large: int = 16_000_000
    """Pixels above which photos are decoded one after another, because each takes hundreds of MB meanwhile."""
    requests: int = 128
    """That are being read or answered; more are told to come back."""
    connections: int = 512
    """That are open, idle ones included."""
    reading_seconds: float = 60.0
    """Until the whole of a request has come."""
    seconds: float = 30.0
    """From then until its answer."""


class RequestError(TransferError):
    """A request that gets no answer, and why."""

    def __init__(self, status: int, said: Sentence, headers: dict[str, str] | None = None) -> None:
        """Keep the status of HTTP (400 to 599), and what else goes into the head of the response."""
        super().__init__(said)
        self.status, self.headers = status, headers or {}

    @classmethod
    def busy(cls) -> "RequestError":
        """As much is being answered as there is room for."""
        said = Sentence("The server has as many photos at hand as it can hold. Send this one again in a second.")
        return cls(503, said, {"Retry-After": "1"})

    @classmethod
    def too_large(cls, limits: Limits) -> "RequestError":
        """The file has too many bytes."""
        return cls(
            413,
            Sentence(
                "The photo's file is larger than the {megabytes} MB that are taken: save it smaller, "
                "for example as JPEG.",
                megabytes=limits.photo_bytes // 2**20,
            ),
        )


class Room:
    """How many bytes all requests hold together; used from the event loop alone."""

    def __init__(self, most: int) -> None:
        """Hold at most so many bytes."""
        self.most, self.held = most, 0

    def take(self, count: int) -> None:
        """Hold so many bytes more.

        Raises:
            RequestError: that is more than there is room for; nothing is held then.
        """
        if self.held + count > self.most:
            raise RequestError.busy()
        self.held += count

    def give(self, count: int) -> None:
        """Hold so many bytes less."""
        self.held -= count
