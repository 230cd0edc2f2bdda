"""The process that reads a Keras file which somebody brought: `python -m transfer_core.worker.reader FOLDER`.

FOLDER is all it can write to. It holds `model.keras` and `request.json` {`kind`: base or classifier, `title`,
`scaling`, `classes`}; afterwards `made.keras` and `answer.json`, or a sentence under `error` in the latter.
"""

import os
import sys
from pathlib import Path

from transfer_core.disk.files import read_json, write_json
from transfer_core.errors import TransferError
from transfer_core.opening.confined import confine

__all__ = ["main"]

_MEMORY = 12_000_000_000  # bytes that it may hold beside the file, TensorFlow included


def main(folder: Path) -> int:
    """Read, make, and answer; the exit status is 0 whenever there is an answer."""
    source, request = folder / "model.keras", read_json(folder / "request.json")
    _limit_memory(source.stat().st_size)
    guarded = confine(folder)
    from transfer_core.nn.brought import read
    from transfer_core.nn.tensorflow import start_tensorflow

    start_tensorflow()
    try:
        model, made = read.load(source), folder / "made.keras"
        if request["kind"] == "base":
            answer = read.as_base(model, request["title"], request["scaling"], made)
        else:
            answer = read.as_classifier(model, request["scaling"], request["classes"], made)
    except TransferError as error:
        answer = {"error": error.sentence.to_json()}
    write_json(folder / "answer.json", answer | {"guarded": guarded})
    return 0


def _limit_memory(size: int) -> None:
    """Let a network that claims to be larger than this computer fail instead of the computer."""
    if os.name == "posix":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = _MEMORY + 4 * size
        resource.setrlimit(resource.RLIMIT_DATA, (wanted if most < 0 else min(wanted, most), most))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
