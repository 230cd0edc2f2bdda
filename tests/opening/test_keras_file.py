"""What is let through of a file that somebody brings: a plain Keras model, and nothing else, whatever its bytes."""

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_core.errors import ConfigError
from transfer_core.opening.keras_file import check_keras_file, read_labels

DENSE: dict[str, Any] = {
    "module": "keras.layers",
    "class_name": "Dense",
    "config": {"name": "dense", "units": 2, "activation": "softmax"},
    "registered_name": None,
}


def inner(*layers: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a model within another."""
    return {key: value for key, value in model(*layers).items() if key != "compile_config"}


def model(*layers: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a sequential model that was compiled with a loss of somebody's own."""
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "model", "layers": list(layers)},
        "registered_name": None,
        "compile_config": {"loss": {"module": "theirs", "class_name": "function", "config": "loss"}},
    }


def keras_file(path: Path, config: Any, **more: bytes) -> Path:
    """A .keras file with this configuration."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config if isinstance(config, bytes) else json.dumps(config))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n")
        for name, data in more.items():
            archive.writestr(name, data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        check_keras_file(path)
    return str(caught.value)


def test_a_plain_model_passes_and_how_it_was_compiled_does_not_matter(tmp_path: Path) -> None:
    check_keras_file(keras_file(tmp_path / "model.keras", model(DENSE, inner(DENSE))))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({"module": "keras.layers", "class_name": "Lambda", "config": {}}, "holds Lambda, which runs code"),
        ({"class_name": "__lambda__", "config": {"value": "4wEAAAAA"}}, "holds Lambda, which runs code"),
        ({"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}}, "TorchModuleWrapper"),
        ({"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/"}}, "TFSMLayer"),
        ({"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}, "reads"),
        ({"module": "theirs.layers", "class_name": "Ours", "config": {}}, "needs 'Ours', which is no part of Keras"),
        ({"module": None, "class_name": "Ours", "registered_name": "theirs>Ours"}, "needs 'theirs>Ours'"),
        ({"module": "os", "class_name": "system", "config": "ls"}, "needs 'system'"),
        ({"module": "keras_hub.layers", "class_name": "Dense", "config": {}}, "no part of Keras"),
        ({"module": "keras.layers", "class_name": ["Dense"], "config": {}}, "no part of Keras"),
    ],
)
def test_what_brings_code_is_refused_however_deep_it_lies(tmp_path: Path, layer: dict[str, Any], words: str) -> None:
    with_it = DENSE | {"config": DENSE["config"] | {"kernel_initializer": layer}}
    for number, config in enumerate((model(layer), model(DENSE, inner(inner(layer))), model(with_it))):
        assert words in refusal(keras_file(tmp_path / f"{number}.keras", config)), config


def test_other_files_are_named_for_what_they_are(tmp_path: Path) -> None:
    old, text, torch, bare = (tmp_path / name for name in ("old.h5", "notes.keras", "torch.pt", "other.zip"))
    old.write_bytes(b"\x89HDF\r\n\x1a\n")
    text.write_text("milk")
    for path, member in ((torch, "archive/data.pkl"), (bare, "photo.jpg")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, b"")
    assert "older format" in refusal(old) and "is no .keras file" in refusal(text)
    assert "pickle" in refusal(torch) and "config.json is missing in it" in refusal(bare)
    assert "can't be read (No such file or directory)" in refusal(tmp_path / "none.keras")
    assert "can't be read" in refusal(tmp_path)
    strange = keras_file(tmp_path / "strange.keras", model(DENSE), **{"../evil.py": b"print()"})
    assert "holds '../evil.py', which no plain Keras model needs" in refusal(strange)


@pytest.mark.parametrize("config", [b"", b"{", b"[1]", b"null", b"[" * 100_000, b'{"class_name": "\xff"}'])
def test_damaged_ones_are_refused(tmp_path: Path, config: bytes) -> None:
    assert "is damaged" in refusal(keras_file(tmp_path / "model.keras", config))


def test_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    path = keras_file(tmp_path / "model.keras", model(DENSE))
    data = bytearray(path.read_bytes())
    # The directory says that the weights unpack to 4 GB.
    entry = data.rindex(b"model.weights.h5") - 46
    data[entry + 24 : entry + 28] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(data)
    assert "unpacks to 4.3 GB" in refusal(path)


@given(st.data())
def test_whatever_its_bytes_it_is_let_through_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "model.keras"
    whole = bytearray(keras_file(path, model(DENSE)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(1, len(whole)))])
    try:
        check_keras_file(path)
    except ConfigError as error:
        assert str(error)
    else:
        read_labels(path)


def test_names_of_classes_come_with_the_file_or_not_at_all(tmp_path: Path) -> None:
    named = {"labels.json": json.dumps({"classes": ["cat", "dog"]}).encode()}
    assert read_labels(keras_file(tmp_path / "1.keras", model(DENSE), **named)) == ["cat", "dog"]
    assert read_labels(keras_file(tmp_path / "2.keras", model(DENSE))) is None
    for number, text in enumerate((b"{", b"[]", b'{"classes": [1]}', b'{"classes": []}', b'{"classes": ["", "x"]}')):
        assert not read_labels(keras_file(tmp_path / f"bad {number}.keras", model(DENSE), **{"labels.json": text}))
