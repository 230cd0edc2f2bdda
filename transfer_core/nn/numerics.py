"""What decides the last bits of what is computed here, besides versions: for the keys of caches, and for reports."""

import os
import platform
from functools import cache
from typing import Any, TypedDict

import numpy as np
import tensorflow as tf

from transfer_core.jobs.process import processors

__all__ = ["Numerics", "numerics"]


class Numerics(TypedDict):
    """How this process computes; other values may round differently."""

    onednn: bool
    """Whether TensorFlow was started with oneDNN. `nn.tensorflow` asks for it; what somebody else set, or a
    TensorFlow imported before Thaw, goes before that."""
    instructions: str
    """The processor's: `avx512` or `avx2`, or else the family's name. Kernels are chosen by them."""
    threads: int
    """Among which TensorFlow divides an operation: sums are divided among them, too."""


@cache
def numerics() -> Numerics:
    """How this process computes, as TensorFlow was really started: fixed when it was imported."""
    return {"onednn": _onednn(), "instructions": _instructions(), "threads": _threads()}


def _onednn() -> bool:
    # Not the variable: it may have been set after TensorFlow was imported, or where TensorFlow was built without.
    try:
        from tensorflow.python.util import _pywrap_util_port

        return bool(_pywrap_util_port.IsMklEnabled())
    except (ImportError, AttributeError):
        return False  # not known: nothing is promised that only oneDNN keeps


def _instructions() -> str:
    extensions: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    known = {name for group in ("baseline", "found") for name in extensions.get(group, ())}
    machine = platform.machine().lower()
    # oneDNN may be held below what the processor can do.
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA")
    if any(name.startswith(("AVX512", "X86_V4")) for name in known):
        level = "avx512"
    elif known & {"AVX2", "X86_V3"}:
        level = "avx2"
    else:
        level = machine or "unknown"
    return f"{level} up to {limit.lower()}" if limit else level


def _threads() -> int:
    # What somebody set goes before the number of processors this process may use, as in TensorFlow.
    if chosen := int(tf.config.threading.get_intra_op_parallelism_threads()):
        return chosen
    try:
        chosen = int(os.environ.get("TF_NUM_INTRAOP_THREADS", "0"))
    except ValueError:
        chosen = 0
    return chosen if chosen > 0 else processors()
