"""`python -m tests.benchmarks [NAME...] [--json]`: measure Thaw against its rivals. Nothing here is a test."""

import argparse
import importlib
import json
import sys

from tests.benchmarks.table import Row, render

NAMES = ("page", "tree", "start", "prefix")


def main() -> None:
    """Run the named benchmarks, or all, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    for name in arguments.names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"tests.benchmarks.{name}").run()
    print(json.dumps([row.to_dict() for row in rows], indent=2) if arguments.json else render(rows))


if __name__ == "__main__":
    main()
