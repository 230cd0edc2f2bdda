"""This computer: processor, memory, disk, network, the app's port, and where a camera works."""

import os
import shutil
import socket
import tempfile
import urllib.error
import urllib.request

import psutil

from transfer_core.backbones.catalog import get_base
from transfer_core.backbones.weights import MIRROR_VARIABLE
from transfer_core.disk.workspace import Workspace
from transfer_core.doctor.finding import Finding
from transfer_core.jobs.process import processors
from transfer_core.text import Sentence

__all__ = ["camera", "disk", "memory", "network", "port", "processor", "workspace"]

_LEAST_MEMORY = 3e9  # bytes; training on a few hundred photos takes about 1.5 GB beside the system
_LEAST_DISK = 3e9
_PORT = 8501  # Streamlit's own
_PATIENCE = 4.0  # seconds


def processor(workspace: Workspace) -> Finding:
    """How many cores there are to work with."""
    cores = processors()
    words = Sentence("{cores} cores", cores=cores)
    if cores > 1:
        return Finding("processor", Sentence("Processor"), "ok", words)
    advice = Sentence("It works, at half the pace; with one core the page waits while a training runs.")
    return Finding("processor", Sentence("Processor"), "note", words, advice)


def memory(workspace: Workspace) -> Finding:
    """How much memory is free."""
    found = psutil.virtual_memory()
    words = Sentence("{free:.1f} of {total:.1f} GB free", free=found.available / 1e9, total=found.total / 1e9)
    if found.available >= _LEAST_MEMORY:
        return Finding("memory", Sentence("Memory"), "ok", words)
    advice = Sentence("Close other programs, and choose a small base: training takes 1 to 3 GB.")
    return Finding("memory", Sentence("Memory"), "problem" if found.total < _LEAST_MEMORY else "note", words, advice)


def workspace(workspace: Workspace) -> Finding:
    """Whether the folder of all projects can be written."""
    title, words = Sentence("Folder of the projects"), Sentence("{folder}", folder=workspace.root)
    try:
        workspace.root.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=workspace.root, prefix=".doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Finding(
            "workspace",
            title,
            "problem",
            Sentence("{folder} can't be written: {reason}", folder=workspace.root, reason=error.strerror or str(error)),
            Sentence("Make room there, or name another folder in the environment variable THAW_HOME."),
        )
    return Finding("workspace", title, "ok", words)


def disk(workspace: Workspace) -> Finding:
    """How much room is left for photos, runs and the cache."""
    place = next(path for path in (workspace.root, *workspace.root.parents) if path.exists())
    found = shutil.disk_usage(place)
    words = Sentence("{free:.1f} of {total:.0f} GB free", free=found.free / 1e9, total=found.total / 1e9)
    if found.free >= _LEAST_DISK:
        return Finding("disk", Sentence("Disk"), "ok", words)
    advice = Sentence("Make room, or let the cache grow less: *Disk space* in the app, or THAW_CACHE_GB.")
    return Finding("disk", Sentence("Disk"), "problem" if found.free < _LEAST_DISK / 10 else "note", words, advice)


def network(workspace: Workspace) -> Finding:
    """Whether weights could be fetched now."""
    address = os.environ.get(MIRROR_VARIABLE) or str(get_base("mobilenet-v2").weights.url)
    host = address.split("/")[2]
    title = Sentence("Network")
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=_PATIENCE).close()
    except urllib.error.HTTPError:
        pass  # it answers
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Finding(
            "network",
            title,
            "note",
            Sentence("{host} can't be reached ({reason})", host=host, reason=str(reason)),
            Sentence(
                "Thaw works without a network. More bases need their weights: fetch them elsewhere, and give Thaw the "
                "files with `thaw weights import DIR`."
            ),
        )
    return Finding("network", title, "ok", Sentence("{host} answers: weights can be fetched", host=host))


def port(workspace: Workspace) -> Finding:
    """Whether the app's usual port is free."""
    title = Sentence("Port of the app")
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", _PORT))
        except OSError:
            return Finding(
                "port",
                title,
                "note",
                Sentence("{port} is taken, perhaps by the app itself", port=_PORT),
                Sentence("The app then takes the next free one, or the one you name: thaw app --port 8600."),
            )
    return Finding("port", title, "ok", Sentence("{port} is free", port=_PORT))


def camera(workspace: Workspace) -> Finding:
    """Where browsers give a page the camera."""
    return Finding(
        "camera",
        Sentence("Camera"),
        "ok",
        Sentence("works in the app on this computer, at http://localhost"),
        Sentence("From another computer browsers give a page the camera only over https."),
    )
