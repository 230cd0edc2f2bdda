"""The shape of the code: what may import what, and what the app's own process never loads."""

import ast
import importlib
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "transfer_core"

# From the bottom up; a module may import only what stands on a line below its own. A package stands for its modules.
LIGHT = [
    ["errors", "file_kinds", "imagenet_names", "intervals", "mcnemar", "sample_drawing", "tensorflow_start"],
    ["storage", "images", "presets"],
    ["architecture", "projects", "catalog", "events", "photo_database", "photo_files", "photo_sources", "samples"],
    ["plan", "trees", "fetching", "photo_rows", "cache_limit", "hints"],
    ["config", "estimates", "weights", "manifest", "importing"],
    ["datasets", "runs", "rates"],
    ["sources", "jobs", "labs"],
    ["engines"],
]
HEAVY = [
    [
        "batch_norm",
        "drift",
        "half_precision",
        "linear_probe",
        "mapped_memory",
        "native_notes",
        "numerics",
        "optimizers",
    ],
    ["graph", "watch", "array_cache", "batches", "folding", "checkpoint", "network", "evaluation", "augmentation"],
    ["frozen_graph"],
    ["bases", "flops", "grouping", "pixels", "fitting", "acceleration"],
    ["layer_tree", "features", "assembly", "views"],
    ["freezing", "live_batches", "reuse"],
    ["session", "predicting"],
    ["block_features", "imagenet", "reporting", "rate_finder"],
    ["training"],
    ["experiments"],
    ["answering"],
    ["worker"],
    ["api"],
    ["commands"],
    ["__main__"],
]
LEVELS = {name: level for level, names in enumerate(LIGHT + HEAVY) for name in names}
LIGHT_NAMES = {name for names in LIGHT for name in names}
# Light too, though they stand above: they load TensorFlow only inside the functions that need it.
LIGHT_AT_IMPORT = LIGHT_NAMES | {"api", "commands", "__main__"}


def modules() -> dict[str, Path]:
    """Every module of transfer_core by dotted name below the package."""
    return {
        ".".join(path.relative_to(CORE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(CORE.rglob("*.py"))
        if path != CORE / "__init__.py" and "_app" not in path.parts
    }


@cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Modules imported by a file, and whether at its top level (TYPE_CHECKING blocks count as not)."""
    found = []
    tree = ast.parse(path.read_text("utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            inner = [name for name in names if name.removeprefix("transfer_core.") in modules()]
            found += [(name, id(node) in top) for name in inner or [node.module]]
    return found


def level(module: str) -> int:
    return LEVELS[module.split(".")[0]]


def test_every_module_has_its_place() -> None:
    missing = sorted({name.split(".")[0] for name in modules()} - set(LEVELS))
    assert not missing, f"name their level in this test: {missing}"


@pytest.mark.parametrize("name", modules())
def test_imports_point_downwards(name: str) -> None:
    package = name.split(".")[0]
    for imported, _ in imports(modules()[name]):
        if imported.startswith("transfer_core."):
            inner = imported.removeprefix("transfer_core.")
            assert inner.split(".")[0] == package or level(inner) < level(name), f"{name} imports {imported}"


def test_the_core_never_imports_streamlit() -> None:
    users = [name for name, path in modules().items() if any(i.split(".")[0] == "streamlit" for i, _ in imports(path))]
    assert users == []


def test_light_modules_do_not_import_keras() -> None:
    for name, path in modules().items():
        if name.split(".")[0] in LIGHT_AT_IMPORT:
            for imported, top in imports(path):
                heavy = imported.split(".")[0] in ("keras", "tensorflow")
                assert not (heavy and (top or name in LIGHT_NAMES)), f"{name} imports {imported}"


def test_light_half_and_pages_load_no_tensorflow() -> None:
    light = [f"transfer_core.{name}" for name in modules() if name.split(".")[0] in LIGHT_AT_IMPORT]
    light = [name for name in light if not name.endswith("__main__")]
    pages = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / "pages").rglob("*.py")
        if path.parent != ROOT / "pages"  # the pages themselves run only inside the app; AppTest covers them
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {light + pages!r}: importlib.import_module(name)\n"
        "heavy = sorted(n for n in sys.modules if n.split('.')[0] in ('tensorflow', 'keras'))\n"
        "assert not heavy, heavy[:3]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_pages_do_not_import_keras() -> None:
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]:
        heavy = [name for name, _ in imports(path) if name.split(".")[0] in ("keras", "tensorflow")]
        assert heavy == [], path


def test_top_level_is_as_designed() -> None:
    allowed = {"pyproject.toml", "README.md", "LICENSE", "app.py", "pages", "transfer_core", "tests"}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} <= allowed


def test_all_is_true_everywhere() -> None:
    """Every module says what it exports, and has it."""
    for name in modules():
        if name.split(".")[0] in LIGHT_AT_IMPORT and name != "__main__":
            module = importlib.import_module(f"transfer_core.{name}")
            assert hasattr(module, "__all__"), name
            assert [export for export in module.__all__ if not hasattr(module, export)] == []


def test_files_stay_small() -> None:
    """Three hundred lines is one subject; more is two."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*CORE.rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"]
        if (lines := len(path.read_text("utf-8").splitlines())) > 320
    }
    assert long == {}
