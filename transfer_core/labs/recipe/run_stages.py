"""The stages of the recipe lab: how long each took, and which share of all the work is behind."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from transfer_core.labs.run_bench import Bench
from transfer_core.runs.progress import Reporter
from transfer_core.text import Sentence

__all__ = ["Stage", "Stages", "session_reporter"]


class Stage:
    """One of them, under way."""

    def __init__(self, bench: Bench, words: Sentence, share: Callable[[float], float]) -> None:
        """`share` turns the share of the stage (0..1) into that of the whole."""
        self._bench, self._words, self._share = bench, words, share
        self.reporter = bench.part(lambda event: self.done(event.done / event.total))
        """For its parts: what they say of their progress becomes the whole's."""
        self.done(0.0)

    def done(self, share: float) -> None:
        """Tell which share of the stage (0..1) is behind.

        Raises:
            Stopped: a stop was asked for.
        """
        self._bench.share(self._words, self._share(share))


class Stages:
    """All of them."""

    def __init__(self, bench: Bench, expected: Mapping[str, float], taken: Mapping[str, float]) -> None:
        """Expect so many seconds a stage; those in `taken` were done before, in another go."""
        self.taken = dict(taken)
        """Seconds of each stage, the first time it was done: what a later go finds in the cache took no time."""
        self._bench = bench
        # The share is that of this go, so that the time left, which is drawn from it, holds after a break too.
        self._ahead = {name: seconds for name, seconds in expected.items() if name not in taken}
        self._total = sum(self._ahead.values()) or 1.0
        self._behind = 0.0
        self.share = 0.0
        """Of all the work, as told last: never less than before, though steps within a stage begin anew."""

    @contextmanager
    def stage(self, name: str, words: Sentence) -> Iterator[Stage]:
        """Enter the stage `name`; `words` say what is done."""
        began, weight = time.perf_counter(), self._ahead.pop(name, 0.0)

        def whole(share: float) -> float:
            self.share = max(self.share, (self._behind + min(share, 1.0) * weight) / self._total)
            return self.share

        yield Stage(self._bench, words, whole)
        self._behind += weight
        self.taken.setdefault(name, round(time.perf_counter() - began, 2))


def session_reporter(bench: Bench, share: float = 0.0) -> Reporter:
    """For decoding the photos, or finding them decoded, which is no stage: the share stays as it is."""
    return Stage(bench, Sentence("photos"), lambda _: share).reporter
