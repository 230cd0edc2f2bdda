"""What is installed: Python, packages, TensorFlow, what exports need, and weights."""

import importlib.metadata
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable

from packaging.requirements import Requirement

from transfer_core.backbones.catalog import BASES, DEFAULT_BASE
from transfer_core.backbones.weights import weights_state
from transfer_core.disk.workspace import Workspace
from transfer_core.doctor.finding import NOTHING, Finding
from transfer_core.exports.formats import FORMATS
from transfer_core.jobs.process import ProcessId, kill, spawn, tail
from transfer_core.text import Sentence

__all__ = ["extras", "packages", "python", "tensorflow", "weights"]

_OLDEST = (3, 10)
_PATIENCE = 120.0  # seconds for TensorFlow to start from a slow disk
_ASK = ";".join(
    (
        "import tensorflow",
        "gpus=tensorflow.config.list_physical_devices('GPU')",
        "print('GPUS',len(gpus),tensorflow.__version__)",
    )
)


def python(workspace: Workspace) -> Finding:
    """The Python that runs this."""
    words = Sentence(
        "{version}, {bits} bits, {system}",
        version=platform.python_version(),
        bits=64 if sys.maxsize > 2**32 else 32,
        system=f"{platform.system()} {platform.machine()}",
    )
    good = sys.version_info >= _OLDEST and sys.maxsize > 2**32
    advice = NOTHING if good else Sentence("Install a Python of 64 bits, 3.10 or newer, and Thaw with it.")
    return Finding("python", Sentence("Python"), "ok" if good else "problem", words, advice)


def packages(workspace: Workspace) -> Finding:
    """Whether each package that Thaw needs is there, in a version that it was made for."""
    title = Sentence("Packages")
    try:
        wanted = importlib.metadata.requires("thaw") or []
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            "packages",
            title,
            "note",
            Sentence("Thaw itself is not installed: it runs from a checkout"),
            Sentence("Run in its folder: pip install -e ."),
        )
    wrong = list(_unfit(wanted))
    if wrong:
        return Finding(
            "packages",
            title,
            "problem",
            Sentence("not as they should be: {packages}", packages=[f"{name} ({version})" for name, version in wrong]),
            Sentence("Run: pip install --upgrade --force-reinstall thaw"),
        )
    names = ("thaw", "tensorflow", "keras", "streamlit", "numpy", "pillow")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
    return Finding("packages", title, "ok", Sentence("{versions}", versions=versions))


def _unfit(wanted: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Name and version of each package of these requirements that is missing or of another version."""
    for line in wanted:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield requirement.name, "missing"
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            yield requirement.name, version


def tensorflow(workspace: Workspace) -> Finding:
    """Whether TensorFlow starts, in a process of its own: on a processor that it is not made for, it ends that."""
    title = Sentence("TensorFlow")
    with tempfile.TemporaryFile() as output:
        process = spawn([sys.executable, "-c", _ASK], workspace, output)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            kill(ProcessId.of(process.pid))
            process.wait()
        said = tail(output)
    line = next((line.split() for line in said.splitlines() if line.startswith("GPUS ")), None)
    if line is None:
        last = (said.splitlines() or [""])[-1]
        return Finding(
            "tensorflow",
            title,
            "problem",
            Sentence("does not start (it ended with {code}): {last}", code=process.returncode, last=last),
            Sentence(
                "Run: pip install --force-reinstall tensorflow. If it ends without a word, this processor may be too "
                "old for it: it needs AVX."
            ),
        )
    if int(line[1]):
        words = Sentence("{version} starts, and sees {count} GPUs", version=line[2], count=int(line[1]))
    else:
        words = Sentence("{version} starts; it sees no GPU, and none is needed", version=line[2])
    return Finding("tensorflow", title, "ok", words)


def extras(workspace: Workspace) -> Finding:
    """Which formats can't be exported for want of a package."""
    missing = {row.extra: str(row.title) for row in FORMATS if row.missing}
    title = Sentence("Formats to export")
    if not missing:
        return Finding("extras", title, "ok", Sentence("all {count} can be written", count=len(FORMATS)))
    return Finding(
        "extras",
        title,
        "note",
        Sentence("all but {formats}", formats=list(missing.values())),
        Sentence("If you want them, run: pip install 'thaw[{extras}]'", extras=",".join(missing)),
    )


def weights(workspace: Workspace) -> Finding:
    """Whose weights are here; without those of the default base nothing starts."""
    here = [base for base in BASES if weights_state(workspace, base) in ("bundled", "cached")]
    title = Sentence("Pretrained weights")
    words = Sentence(
        "of {here} of {count} bases: {titles}", here=len(here), count=len(BASES), titles=[base.title for base in here]
    )
    if DEFAULT_BASE not in here:
        return Finding(
            "weights",
            title,
            "problem",
            words,
            Sentence("Those of the default base are missing. Run: {install}", install=DEFAULT_BASE.weights.install),
        )
    if len(here) == len(BASES):
        return Finding("weights", title, "ok", words)
    return Finding(
        "weights",
        title,
        "ok",
        words,
        Sentence("Others come with `thaw weights fetch BASE`, or from a memory stick with `thaw weights import DIR`."),
    )
