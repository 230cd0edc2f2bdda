"""TensorFlow starts alike whoever imports it first, and with the garbage collector at rest."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from transfer_core.nn.features import litert as acceleration
from transfer_core.nn.numerics import numerics

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


ROOT = Path(__file__).parents[2]
STARTED = """
import json, os, sys
for name in sys.argv[1].split():
    if "=" in name:
        os.environ.update([name.split("=")])
    else:
        __import__(name)
from tensorflow.python.framework.test_util import IsMklEnabled
from transfer_core.nn.numerics import numerics
print(json.dumps([IsMklEnabled(), numerics(), os.environ["TF_CPP_MIN_LOG_LEVEL"]]))
"""


def started(first: str, **variables: str) -> tuple[bool, dict[str, Any], str]:
    """Whether TensorFlow has oneDNN, `numerics()` and what TensorFlow logs, after the steps of `first`."""
    ours = ("TF_ENABLE_ONEDNN_OPTS", "TF_CPP_MIN_LOG_LEVEL", "TF_NUM_INTRAOP_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in ours} | variables
    command = [sys.executable, "-c", STARTED, first]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    onednn, computes, level = json.loads(ended.stdout.splitlines()[-1])
    return onednn, computes, level


@pytest.fixture(scope="module")
def has_onednn() -> bool:
    """Whether this TensorFlow was built with oneDNN at all: for ARM's and Apple's processors it is not."""
    script = "from tensorflow.python.framework.test_util import IsMklEnabled; print(IsMklEnabled())"
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": "1"}
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return ended.stdout.split()[-1] == "True"


@pytest.mark.parametrize(
    "first",
    [
        "transfer_core.nn.features.constant_graph",
        "transfer_core.worker.job",
        "transfer_core keras",
        "transfer_core.nn.training.loop",
    ],
)
def test_onednn_is_on_whichever_module_is_first(first: str, has_onednn: bool) -> None:
    onednn, computes, level = started(first)
    assert (onednn, computes["onednn"], level) == (has_onednn, has_onednn, "2")


def test_what_somebody_set_goes_before_ours() -> None:
    assert started("transfer_core", TF_ENABLE_ONEDNN_OPTS="0", TF_CPP_MIN_LOG_LEVEL="1")[::2] == (False, "1")


def test_what_counts_is_what_tensorflow_was_started_with(has_onednn: bool) -> None:
    off, computes, _ = started("TF_ENABLE_ONEDNN_OPTS=0 tensorflow TF_ENABLE_ONEDNN_OPTS=1 transfer_core")
    assert (off, computes["onednn"]) == (False, False)
    on, computes, _ = started("TF_ENABLE_ONEDNN_OPTS=1 tensorflow TF_ENABLE_ONEDNN_OPTS=0 transfer_core")
    assert (on, computes["onednn"]) == (has_onednn, has_onednn)


def test_the_threads_are_those_tensorflow_was_given() -> None:
    assert started("transfer_core", TF_NUM_INTRAOP_THREADS="3")[1]["threads"] == 3


def test_the_tests_themselves_start_it_as_everything_does(has_onednn: bool) -> None:
    asked = os.environ["TF_ENABLE_ONEDNN_OPTS"] not in ("0", "false")
    assert numerics()["onednn"] == (asked and has_onednn)


def test_what_decides_the_bits_is_in_the_names_of_features(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {acceleration.engine()}
    now = numerics()
    for other in ({"onednn": not now["onednn"]}, {"instructions": "sse"}, {"threads": now["threads"] + 1}):
        monkeypatch.setattr(acceleration, "numerics", lambda other=other: now | other)
        names.add(acceleration.engine())
    assert len(names) == 4
