"""What is in a .keras file: refuses all but a plain model, before Keras reads it. Nothing in the file is run."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transfer_core.errors import ConfigError

__all__ = ["LABELS", "MOST_BYTES", "check_keras_file", "named_classes", "read_labels"]

CONFIG, WEIGHTS, LABELS = "config.json", "model.weights.h5", "labels.json"
_MEMBERS = {CONFIG, WEIGHTS, LABELS, "metadata.json"}
_MOST_CONFIG = 50_000_000  # bytes; the largest of keras.applications has 1 MB
MOST_BYTES = 4_000_000_000
_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
# Of Keras, and yet they run code or read files that the model names.
_REFUSED = {
    *("Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"),
    *("StringLookup", "IntegerLookup", "TextVectorization", "FeatureSpace"),
}


def check_keras_file(path: Path, name: str = "") -> None:
    """Refuse a file that is no .keras file, or holds more than layers of Keras and their weights.

    Args:
        path: the file.
        name: what people call it; empty: the name of the file.

    Raises:
        ConfigError: with what it is or holds, and what to do.
    """
    name = name or path.name
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise ConfigError(
            "The file {path} can't be read ({reason}). Give the path of a .keras file.",
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error
    if start == _HDF5:
        raise ConfigError(
            "{name} is in Keras' older format (HDF5), which can hold code that nobody sees. Load it where it was made "
            'and save it again: model.save("model.keras").',
            name=name,
        )
    if not start.startswith(_ZIP):
        raise ConfigError(
            '{name} is no .keras file. Save the model with Keras 3: model.save("model.keras").', name=name
        )
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(name, archive)
            config = json.loads(archive.read(CONFIG))
    except (zipfile.BadZipFile, ValueError, RecursionError, EOFError, NotImplementedError, OSError) as error:
        raise ConfigError("{name} is damaged. Copy it again, or save the model anew.", name=name) from error
    if not isinstance(config, dict):
        raise ConfigError("{name} is damaged. Copy it again, or save the model anew.", name=name)
    for found in _objects({key: value for key, value in config.items() if key != "compile_config"}):
        _check_object(name, found)


def read_labels(path: Path) -> list[str] | None:
    """The names of the classes, in the order of its outputs, that Thaw puts into a .keras file; None: it has none."""
    with zipfile.ZipFile(path) as archive:
        if LABELS not in archive.namelist() or archive.getinfo(LABELS).file_size > _MOST_CONFIG:
            return None
        try:
            return named_classes(archive.read(LABELS))
        except (zipfile.BadZipFile, NotImplementedError, EOFError):
            return None


def named_classes(data: bytes) -> list[str] | None:
    """The names of the classes in what labels.json holds; None where it names none."""
    try:
        classes = json.loads(data)["classes"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    named = isinstance(classes, list) and classes and all(isinstance(one, str) and one.strip() for one in classes)
    return classes if named else None


def _check_members(name: str, archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if any(one.endswith(("data.pkl", ".pickle", ".pkl")) for one in names):
        raise ConfigError(
            "{name} holds a pickle, as files of PyTorch do: reading one can run any program, so Thaw does not. "
            'It takes files of Keras: model.save("model.keras").',
            name=name,
        )
    if CONFIG not in names or WEIGHTS not in names:
        raise ConfigError(
            "{name} is a zip, but no .keras file: {missing} is missing in it. Save the model with Keras 3: "
            'model.save("model.keras").',
            name=name,
            missing=CONFIG if CONFIG not in names else WEIGHTS,
        )
    if strange := [one for one in names if one not in _MEMBERS]:
        raise ConfigError(
            "{name} holds {strange!r}, which no plain Keras model needs, so Thaw does not open it.",
            name=name,
            strange=strange[0],
        )
    if len(names) != len(set(names)) or any(member.flag_bits & 1 for member in members):
        raise ConfigError("{name} is damaged. Copy it again, or save the model anew.", name=name)
    sizes = {member.filename: member.file_size for member in members}
    if sizes[CONFIG] > _MOST_CONFIG or sum(sizes.values()) > MOST_BYTES:
        raise ConfigError(
            "{name} unpacks to {gigabytes:.1f} GB; Thaw opens networks of up to {most:.0f} GB.",
            name=name,
            gigabytes=sum(sizes.values()) / 1e9,
            most=MOST_BYTES / 1e9,
        )


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every object that the configuration tells Keras to make."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _check_object(name: str, found: dict[str, Any]) -> None:
    kind, module, registered = found["class_name"], found.get("module"), found.get("registered_name")
    if isinstance(kind, str) and kind in _REFUSED:
        raise ConfigError(
            "{name} holds {kind}, which runs code or reads files that came with it. Thaw opens models of plain layers "
            "alone: put its work into layers of Keras, such as Rescaling, and save it again.",
            name=name,
            kind="Lambda" if kind == "__lambda__" else kind,
        )
    of_keras = module is None or module == "builtins" or str(module).split(".")[0] == "keras"
    # Keras' own objects are registered under no name, or under that of their class; "package>name" is somebody's.
    own = registered in (None, kind, "function") or str(registered).partition(">")[0].lower() == "keras"
    if not (isinstance(kind, str) and of_keras and own):
        raise ConfigError(
            "{name} needs {kind!r}, which is no part of Keras but of the program that made it. Thaw opens models of "
            "Keras' own layers alone.",
            name=name,
            kind=str(registered or kind),
        )
