"""Notes of native libraries are left out; errors are not."""

import os

import pytest

from transfer_core.nn.native_notes import without_notes


def test_only_notes_are_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    with without_notes():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nERROR: no memory\nlast")
    os.write(2, b" words\n")
    assert capfd.readouterr().err == "ERROR: no memory\nlast words\n"


def test_what_was_said_before_a_failure_shows(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="torn"), without_notes():
        os.write(2, b"WARNING: odd\n")
        raise ValueError("torn")
    assert capfd.readouterr().err == "WARNING: odd\n"
