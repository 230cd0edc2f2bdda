"""The network's own thread: photos that wait at the same time are answered together."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answer", "Batches"]

_MOST = 32  # photos in one pass, as in `nn.inference.predictor`
Answer = dict[str, Any]


class Batches:
    """Asks about photos, one pass after another, each with all that came meanwhile; used from one event loop."""

    def __init__(self, describe: Callable[[NDArray[np.uint8]], list[Answer]]) -> None:
        """Ask by `describe`, which is never called twice at a time: photos (n, size, size, 3) to n answers."""
        self._describe = describe
        self._thread = ThreadPoolExecutor(1, "network")
        self._waiting: deque[tuple[NDArray[np.uint8], asyncio.Future[Answer]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, photo: NDArray[np.uint8]) -> Answer:
        """What is said of a decoded photo (size, size, 3), and `milliseconds`, its share of the pass.

        Raises:
            Exception: what `describe` raises.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((photo, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await future

    def close(self) -> None:
        """End the thread; call it when nobody waits any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
                group = [(photo, future) for photo, future in group if not future.done()]  # some gave up waiting
                if not group:
                    continue
                try:
                    answers = await loop.run_in_executor(self._thread, self._timed, [photo for photo, _ in group])
                except Exception as error:  # each of them is told, and the next ones are asked about
                    for _, future in group:
                        if not future.done():
                            future.set_exception(error)
                    continue
                for (_, future), answer in zip(group, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
        finally:
            self._task = None

    def _timed(self, photos: list[NDArray[np.uint8]]) -> list[Answer]:
        began = time.perf_counter()
        answers = self._describe(np.stack(photos))
        share = 1000 * (time.perf_counter() - began) / len(photos)
        return [answer | {"milliseconds": share} for answer in answers]
