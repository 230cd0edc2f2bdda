"""A step of fine-tuning as Thaw computes it against Keras', and against what the processor can do.

Forward and back through the suffix of a base in inference mode, 32 photos, the gradients of all that trains; no
optimizer and no reading of photos, so that nothing but the network is compared. The rival is Keras in TensorFlow as
that starts by itself: on a processor without AVX-512 VNNI or AMX that is without oneDNN, which Thaw switches on. The
note tells what oneDNN and what the rewriting (`nn.models.rewritten`) brings. Each side has processes of its own, which
take turns; within them Keras, the rewritten network and a product of two 2048 matrices take turns too. Medians.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.table import Row

CASES = {
    "efficientnet-lite0": "block6a",
    "mobilenet-v2": "block_13",
    "resnet50": "conv5_block1",
    "xception": "block13",
}
PHOTOS, STEPS, ROUNDS = 32, 7, 2
TARGET, SHARE = 1.5, 0.75
_SIDE = 2048  # of the matrices


def run(quick: bool = False) -> list[Row]:
    """Measure every base; `quick` only shows that it works."""
    rows = []
    for base, block in list(CASES.items())[: 1 if quick else None]:
        ours: dict[str, list[float]] = {}
        plain: dict[str, list[float]] = {}
        for _ in range(1 if quick else ROUNDS):
            for found, how in ((ours, "thaw"), (plain, "plain")):
                for name, seconds in _measured(base, block, how, 2 if quick else STEPS).items():
                    found.setdefault(name, []).extend(seconds)
        mine, its = ({name: statistics.median(values) for name, values in side.items()} for side in (ours, plain))
        case = f"{base} from {block}, {PHOTOS} photos"
        step, rival = mine["rewritten"], its["keras"]
        note = f"oneDNN {rival / mine['keras']:.2f} times as fast, the rewriting {mine['keras'] / step:.2f}"
        row = Row("step", case, 1e3 * step, 1e3 * rival, "ms", "Keras in TensorFlow as it starts", rival / step, ">=",
                  TARGET, note)  # fmt: skip
        rows.append(row)
        if base == "efficientnet-lite0":
            rate, peak = mine["operations"] / step / 1e9, 2 * _SIDE**3 / mine["product"] / 1e9
            title = f"a product of {_SIDE} matrices"
            rows.append(Row("step", case, rate, peak, "GFLOP/s", title, rate / peak, ">=", SHARE))
    return rows


def _measured(base: str, block: str, how: str, steps: int) -> dict[str, list[float]]:
    """Seconds by name, measured in a process of its own; `operations` are those of a step."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"THAW_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "tests.benchmarks.step", base, block, how, str(steps)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(base: str, block: str, steps: int) -> dict[str, list[float]]:
    import tensorflow as tf

    from tests.support import workspace
    from transfer_core.backbones.freeze_plan import cut, from_block
    from transfer_core.nn.backbones.build import build_base
    from transfer_core.nn.models.describe import build_tree
    from transfer_core.nn.models.partition import partition
    from transfer_core.nn.models.rewritten import RewrittenModel

    network = build_base(workspace(), base, "none")
    tree = build_tree(network, base)
    plan = from_block(tree, block)
    part = partition(network, plan)
    suffix = part.suffix
    assert suffix is not None
    inputs = [tf.random.normal((PHOTOS, *shape)) for shape in part.shapes]
    variables = [variable.value for variable in suffix.trainable_variables]

    def step(compute: Callable[[list[Any]], Any]) -> Callable[[], Any]:
        def forward_and_back(*values: Any) -> Any:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(variables)
                loss = tf.reduce_mean(tf.reduce_mean(compute(list(values)), [1, 2]) ** 2)
            return [loss, *tape.gradient(loss, variables)]

        compiled = tf.function(forward_and_back, autograph=False)
        return lambda: compiled(*inputs)[0].numpy()

    matrix = tf.random.normal((_SIDE, _SIDE))
    product = tf.function(lambda: tf.matmul(matrix, matrix), autograph=False)
    timed = {
        "keras": step(lambda values: suffix(values if len(values) > 1 else values[0], training=False)),
        "rewritten": step(RewrittenModel(suffix)),
        "product": lambda: product().numpy(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for once in timed.values():
        once()  # traces
    for _ in range(steps):
        for name, once in timed.items():
            began = time.perf_counter()
            once()
            seconds[name].append(time.perf_counter() - began)
    return seconds | {"operations": [3.0 * PHOTOS * cut(tree, plan).suffix_flops]}  # three passes, see `cut`


if __name__ == "__main__":
    name, first, mode, count = sys.argv[1:]
    if mode == "plain":
        import tensorflow  # noqa: F401 - before Thaw's settings are made, so as it starts by itself
    print(json.dumps(_measure(name, first, int(count))))
