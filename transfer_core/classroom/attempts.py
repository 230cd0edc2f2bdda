"""How often an address may try a code, so that nobody can go through them all."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from transfer_core.errors import TransferError

__all__ = ["Attempts"]

_MOST_ADDRESSES = 10_000


class Attempts:
    """Counts the wrong codes of each address; safe to use from any thread.

    A code of two groups has 40 bits. At 20 tries a minute one address would look for one of 30 codes for some 3,500
    years, a thousand addresses for three and a half.
    """

    def __init__(self, most: int = 20, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Let `most` wrong codes of one address pass within `seconds`."""
        self._most, self._seconds, self._clock = most, seconds, clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, address: str) -> None:
        """Let a try pass, or refuse it without a look at the code.

        Raises:
            TransferError: there were too many wrong ones.
        """
        with self._lock:
            wrong = self._recent(address)
            if len(wrong) >= self._most:
                raise TransferError(
                    "Too many wrong codes came from here. Try again in {seconds:.0f} seconds.",
                    seconds=max(1.0, wrong[0] + self._seconds - self._clock()),
                )

    def failed(self, address: str) -> None:
        """Count a wrong code."""
        with self._lock:
            wrong = self._recent(address)
            wrong.append(self._clock())
            self._wrong[address] = wrong
            self._wrong.move_to_end(address)
            while len(self._wrong) > _MOST_ADDRESSES:  # somebody makes addresses up; the oldest are forgotten
                self._wrong.popitem(last=False)

    def _recent(self, address: str) -> "deque[float]":
        wrong = self._wrong.get(address, deque())
        while wrong and wrong[0] + self._seconds <= self._clock():
            wrong.popleft()
        if not wrong:
            self._wrong.pop(address, None)
        return wrong
