"""Keeps TensorFlow from warning that steps are traced anew where that is meant: each trial trains another network."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["retracing_expected"]


def _other(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()


@contextmanager
def retracing_expected() -> Iterator[None]:
    """Drop that warning during the block; every other one is heard."""
    logger = logging.getLogger("tensorflow")
    logger.addFilter(_other)
    try:
        yield
    finally:
        logger.removeFilter(_other)
