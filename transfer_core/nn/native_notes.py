"""Keeps notes that native libraries print on standard error from whoever runs Thaw; what is no note still shows."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_notes"]

_NOTES = (b"INFO:", b"fully_quantize:")


@contextmanager
def without_notes() -> Iterator[None]:
    """Leave out the lines that begin as `_NOTES` do of what this process writes to standard error in the block.

    They are printed below Python and regardless of log levels. Everything else is written when the block ends, however
    it ends. Keep it around short calls: nothing shows meanwhile.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not line.startswith(_NOTES):
                    os.write(2, line)
