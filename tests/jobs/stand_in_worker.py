"""A worker without TensorFlow: speaks the protocol of transfer_core.worker and does what the run's `part` file says."""

import json
import os
import sys
import time
from pathlib import Path

DEADLINE = time.monotonic() + 60  # whatever goes wrong in a test, no stand-in outlives it for long


def note(run: Path, **changes: object) -> None:
    """Change the run's status as a worker does."""
    path = run / "status.json"
    status = json.loads(path.read_text()) | {"heartbeat": time.time()} | changes
    temporary = run / f".status-{os.getpid()}"
    temporary.write_text(json.dumps(status))
    temporary.replace(path)


def wait(condition) -> None:
    """Wait for another process."""
    while not condition() and time.monotonic() < DEADLINE:
        time.sleep(0.01)


def carry_out(run: Path) -> None:
    """Play the part that the test wrote into the run's folder."""
    part = (run / "part").read_text()
    with (run.parents[3] / "starts").open("a") as file:
        file.write(f"{run}\n")
    print(f"playing {part} in {os.getpid()}")
    if part == "mute":  # ends before it has said anything
        wait(lambda: (run / "end").exists())
        sys.exit(4)
    note(run, state="RUNNING", pid=os.getpid(), started=time.time())
    if part == "train":
        note(run, phase="head", step="epochs", done=0, total=5)
        wait(lambda: any((run / name).exists() for name in ("epoch", "stop", "end")))
        epoch = {"event": "EpochEnded", "phase": "head", "epoch": 1, "metrics": {}, "seconds": 1, "learning_rate": 1}
        with (run / "events.jsonl").open("a") as file:
            file.write(json.dumps(epoch) + "\n")
        note(run, done=1)
        wait(lambda: (run / "stop").exists() or (run / "end").exists())
        note(run, state="STOPPED" if (run / "stop").exists() else "FINISHED", ended=time.time())
    elif part == "deaf":
        wait(lambda: False)
    elif part == "crash":
        print("the last words of a worker")
        sys.exit(3)
    elif part == "finish":
        note(run, state="FINISHED", ended=time.time())


def answer(folder: Path, request: dict) -> None:
    """Answer one question of the query worker, or fail to."""
    kind, args = request["kind"], request["args"]
    if kind == "hang":
        wait(lambda: False)
    if kind == "wait":
        wait(Path(args["for"]).exists)
    if kind == "die" and not ("unless" in args and Path(args["unless"]).exists()):
        if "unless" in args:
            Path(args["unless"]).touch()
        print("the worker's last words")
        sys.stdout.flush()
        os._exit(7)
    reply: dict = {"ok": True, "result": {"pid": os.getpid(), "args": args}}
    if kind == "refuse":
        reply = {"ok": False, "error": "There is no base 'alexnet'.", "kind": "TransferError"}
    if kind == "bug":
        print("Traceback: division by zero", flush=True)
        reply = {"ok": False, "error": "ZeroDivisionError: division by zero", "kind": "bug"}
    temporary = folder / f".{request['id']}"
    temporary.write_text(json.dumps(reply))
    temporary.replace(folder / f"{request['id']}.json")


def main() -> None:
    """Serve as one of the three kinds of worker."""
    if sys.argv[1] == "run":
        carry_out(Path(sys.argv[2]))
    elif sys.argv[1] == "standby":
        line = sys.stdin.readline()
        while line.startswith("likely "):
            with (Path(os.environ["THAW_HOME"]) / "likely").open("a") as file:
                file.write(f"{os.getpid()} {json.loads(line.removeprefix('likely '))['base']}\n")
            line = sys.stdin.readline()
        if line:
            run = Path(line.rstrip("\n"))
            with (run / "worker.log").open("ab") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            carry_out(run)
    else:
        for line in sys.stdin:
            answer(Path(os.environ["THAW_HOME"]) / "queries", json.loads(line))


main()
