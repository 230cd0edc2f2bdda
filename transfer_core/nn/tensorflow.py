"""Starts TensorFlow the same way in every process of ours, in less time than `import tensorflow` takes.

`transfer_core/__init__.py` imports this module, so the settings below are made before any module of ours can import
TensorFlow or NumPy, whichever comes first and whoever imports it: the worker, the command line, a script, a test.
"""

import gc
import importlib
import os
import sys

__all__ = ["keep_quiet", "start_tensorflow"]

_SETTINGS = {
    # TensorFlow itself turns oneDNN on only with AVX-512 VNNI or AMX. With AVX2 alone fine-tuning is 1.2 to 1.5 times
    # as fast with it, and a photo's features do not depend on its place in the batch.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",  # errors only in the log
    # NumPy's threads wait by spinning, which made the many small fits of a probe five times as long.
    "OPENBLAS_NUM_THREADS": "1",
}
# What somebody set goes before ours.
_made = {name: value for name, value in _SETTINGS.items() if name not in os.environ}
os.environ.update(_made)


def keep_quiet() -> None:
    """Let TensorFlow print no errors either, unless somebody set what it prints: on a terminal they are no one's."""
    if _made.pop("TF_CPP_MIN_LOG_LEVEL", None):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def start_tensorflow() -> None:
    """Import TensorFlow, unless it is there already; call it where that is about to happen anyway.

    An import makes some million objects that live as long as the process. The garbage collector looks through them
    again and again meanwhile, and once more when the process ends: 0.4 s of 2.6 s, and 0.5 s. So it rests during the
    import, and what the import made is left out of its looks for good (`gc.freeze`).
    """
    if "tensorflow" in sys.modules:
        return
    collects = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module("tensorflow")
        gc.freeze()
    finally:
        if collects:
            gc.enable()
