"""TensorFlow is imported with the garbage collector at rest, which afterwards does what it did before."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import gc, json, sys
from transfer_core.nn.tensorflow import start_tensorflow
before = "tensorflow" in sys.modules
if sys.argv[1] == "off":
    gc.disable()
start_tensorflow()
start_tensorflow()
print(json.dumps([before, "tensorflow" in sys.modules, gc.isenabled(), gc.get_freeze_count()]))
"""


@pytest.mark.parametrize("collector", ["on", "off"])
def test_the_collector_is_as_it_was_and_leaves_out_what_the_import_made(collector: str) -> None:
    ended = subprocess.run([sys.executable, "-c", SCRIPT, collector], capture_output=True, text=True, check=True)
    before, after, enabled, frozen = json.loads(ended.stdout.splitlines()[-1])
    assert (before, after, enabled) == (False, True, collector == "on")
    assert frozen > 100_000
