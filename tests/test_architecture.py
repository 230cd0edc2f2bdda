"""The shape of the code: one rule of what may import what, and what the app's own process never loads."""

import ast
import importlib
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "transfer_core"
PAGES = ROOT / "pages"

# The rule: rooms from the bottom up. A module imports from rooms on an earlier line, or from its own.
ORDER = [
    "text",
    "errors",
    "disk stats",
    "photos",
    "samples backbones",
    "runs",
    "jobs",
    "nn",
    "labs",
    "lessons",  # they name labs and their settings and read their results, so after labs; pages alone use them
    "opening",
    "archive",
    "exports",
    "serving",
    "classroom",
    "doctor",
    "worker",
    "api",
    "cli",
]
NN_ORDER = [
    "tensorflow native_notes retracing numerics",
    "backbones",
    "models",
    "data export",
    "features",
    "training inference",
    "brought",
]
MOST_MODULES = 12  # of one folder; more is two rooms
MOST_LINES = 320  # of one file; more is two subjects


def _rank(order: list[str]) -> dict[str, int]:
    return {name: rank for rank, names in enumerate(order) for name in names.split()}


RANK, NN_RANK = _rank(ORDER), _rank(NN_ORDER)


@cache
def modules(root: Path) -> dict[str, Path]:
    """Every module below `root` by its dotted name."""
    paths = [path for path in sorted(root.rglob("*.py")) if "_app" not in path.parts]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


@cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Modules imported by a file, and whether when it is loaded (inside functions and TYPE_CHECKING blocks: not)."""
    found = []
    tree = ast.parse(path.read_text("utf-8"))
    top = set(map(id, tree.body))
    known = modules(CORE) | modules(PAGES)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            inner = [name for name in names if name in known]
            found += [(name, id(node) in top) for name in inner or [node.module]]
    return found


def may_load_keras(name: str) -> bool:
    """Whether the module may import TensorFlow and Keras: under nn, a lab's `run` modules, and the worker."""
    parts = name.split(".")[1:]
    if parts == ["nn", "tensorflow"]:
        return False  # it makes TensorFlow's settings for every process, and loads it only when told to
    return parts[:1] in (["nn"], ["worker"]) or (parts[:1] == ["labs"] and parts[-1].startswith("run"))


def is_keras(name: str) -> bool:
    return name.split(".")[0] in ("keras", "tensorflow", "h5py")


@pytest.mark.parametrize("name", modules(CORE))
def test_imports_point_to_earlier_rooms(name: str) -> None:
    parts = name.split(".")[1:]
    if not parts or parts == ["__main__"]:
        return  # the package itself and `python -m transfer_core` stand above all
    for imported, _ in imports(modules(CORE)[name]):
        other = imported.split(".")[1:]
        if imported.split(".")[0] != "transfer_core" or not other:
            continue
        if other[0] != parts[0]:
            assert RANK[other[0]] < RANK[parts[0]], f"{name} imports {imported}"
        elif parts[0] == "nn" and len(parts) > 1 and len(other) > 1 and other[1] != parts[1]:
            assert NN_RANK[other[1]] < NN_RANK[parts[1]], f"{name} imports {imported}"


def test_every_room_has_its_place() -> None:
    rooms = {path.stem for path in CORE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__", "__main__", "_app"} <= set(RANK)
    assert {path.stem for path in (CORE / "nn").iterdir() if path.name[0] != "_"} <= set(NN_RANK)


@pytest.mark.parametrize("root", [CORE, PAGES], ids=["transfer_core", "pages"])
def test_no_modules_import_each_other_in_a_circle(root: Path) -> None:
    """Imports inside functions count too: a circle is a circle."""
    arrows = {
        name: {i for i, _ in imports(path) if i in modules(root) and i != name} for name, path in modules(root).items()
    }
    seen: set[str] = set()

    def visit(name: str, way: list[str]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in seen:
            for other in sorted(arrows[name]):
                visit(other, [*way, name])
            seen.add(name)

    for name in arrows:
        visit(name, [])


def test_the_core_never_imports_streamlit() -> None:
    users = [n for n, path in modules(CORE).items() if any(i.split(".")[0] == "streamlit" for i, _ in imports(path))]
    assert users == []


def test_only_the_heavy_rooms_import_keras() -> None:
    """Nor does a light module load a heavy one when it is loaded itself."""
    heavy = {name for name in modules(CORE) if may_load_keras(name)}
    for name, path in (modules(CORE) | modules(PAGES)).items():
        if name not in heavy:
            assert [i for i, _ in imports(path) if is_keras(i)] == [], name
            assert [i for i, top in imports(path) if top and i in heavy] == [], name


def test_light_half_and_pages_load_no_tensorflow() -> None:
    names = [name for name in modules(CORE) | modules(PAGES) if not may_load_keras(name)]
    # The pages themselves run only inside the app (AppTest covers them); __main__ does at once what it is for, and so
    # does the server of a classroom.
    names = [name for name in names if name.split(".")[-1] not in ("page", "__main__")]
    names.remove("pages.classroom.server")
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "heavy = sorted(n for n in sys.modules if n.split('.')[0] in ('tensorflow', 'keras'))\n"
        "assert not heavy, heavy[:3]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_top_level_is_as_designed() -> None:
    allowed = {"pyproject.toml", "README.md", "LICENSE", "app.py", "pages", "transfer_core", "tests"}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} <= allowed


def test_all_is_true_everywhere() -> None:
    """Every light module says what it exports, and has it."""
    for name, path in modules(CORE).items():
        if not may_load_keras(name) and not name.endswith("__main__"):
            module = importlib.import_module(name)
            if path.name != "__init__.py":
                assert hasattr(module, "__all__"), name
            assert [export for export in getattr(module, "__all__", []) if not hasattr(module, export)] == []


def test_every_room_says_what_it_is_for() -> None:
    for folder in {path.parent for path in (modules(CORE) | modules(PAGES)).values()}:
        text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
        assert text, folder


def test_rooms_and_files_stay_small() -> None:
    both = modules(CORE) | modules(PAGES)
    folders = {path.parent for path in both.values()}
    crowded = {str(folder): n for folder in folders if (n := len(list(folder.glob("*.py"))) - 1) > MOST_MODULES}
    long = {name: n for name, path in both.items() if (n := len(path.read_text("utf-8").splitlines())) > MOST_LINES}
    assert (crowded, long) == ({}, {})
    assert all(first != second for first, second in pairwise(sorted(both)))
