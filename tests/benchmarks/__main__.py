"""`python -m tests.benchmarks [NAME...] [--json]`: measure Thaw against its rivals. Nothing here is a test."""

import argparse
import importlib
import inspect
import json
import sys
from dataclasses import replace

from tests.benchmarks.table import Row, render

NAMES = (
    "head",
    "cut",
    "step",
    "prefix",
    "growth",
    "start",
    "page",
    "tree",
    "recipe",
    "views",
    "refinements",
    "strangers",
    "health",
    "evaluate",
    "where",
    "exports",
    "serve",
    "kills",
    "classroom",
    "field",
)


def main() -> None:
    """Run the named benchmarks, or all, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--quick", action="store_true", help="few photos where a benchmark can: shows only that it works"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    for name in arguments.names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        run = importlib.import_module(f"tests.benchmarks.{name}").run
        if arguments.quick and "quick" in inspect.signature(run).parameters:
            rows += [replace(row, quick=True) for row in run(quick=True)]
        else:
            rows += run()
    print(json.dumps([row.to_dict() for row in rows], indent=2) if arguments.json else render(rows))


if __name__ == "__main__":
    main()
