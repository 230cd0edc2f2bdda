"""The options of `thaw train` that few need: each reaches the configuration, and a bad one is a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from transfer_core import api
from transfer_core.__main__ import main
from transfer_core.cli.train import train
from transfer_core.errors import RunError
from transfer_core.runs.config import RunConfig, TuningConfig

OPTIONS = ["--schedule", "cosine", "--warmup-epochs", "2", "--discriminative", "2.6", "--label-smoothing", "0.1"]
OPTIONS += ["--train-batch-norm", "--cache-precision", "float16"]
CHOSEN = TuningConfig("cosine", 2, 2.6, 0.1, True, "float16")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, thaw_home: Path) -> list[RunConfig]:
    """The configurations that `train` came to, which goes no further."""
    seen: list[RunConfig] = []

    def prepare(config: RunConfig, *rest: Any) -> None:
        seen.append(config)
        raise RunError("far enough")

    monkeypatch.setattr(api, "prepare", prepare)
    return seen


def test_each_option_reaches_the_configuration(asked: list[RunConfig], tmp_path: Path) -> None:
    CliRunner().invoke(train, ["photos", "--out", str(tmp_path / "run"), *OPTIONS])
    assert [config.tuning for config in asked] == [CHOSEN]


def test_without_options_an_earlier_configuration_stands(asked: list[RunConfig], tmp_path: Path) -> None:
    earlier = tmp_path / "config.json"
    earlier.write_text(json.dumps(RunConfig(tuning=CHOSEN).to_dict()))
    arguments = ["photos", "--out", str(tmp_path / "run"), "--config", str(earlier)]
    for more in ([], ["--no-train-batch-norm", "--schedule", "constant", "--cache-precision", "float32"]):
        CliRunner().invoke(train, [*arguments, *more])
    CliRunner().invoke(train, ["photos", "--out", str(tmp_path / "run")])
    assert [config.tuning for config in asked] == [
        CHOSEN,
        TuningConfig("constant", 2, 2.6, 0.1, False),
        TuningConfig(),
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--schedule", "linear"], "constant, cosine, plateau"),
        (["--warmup-epochs", "50"], "Warm-up must end before the last epoch"),
        (["--discriminative", "0.5"], "from 1 to 10"),
        (["--label-smoothing", "0.9"], "from 0 to 0.5"),
        (["--cache-precision", "float8"], "one of float32, float16; 'float8' came"),
    ],
)
def test_a_bad_option_is_a_sentence(
    thaw_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", "photos", "--out", str(tmp_path / "run"), *options])
    assert ended.value.code == 2
    assert words in capfd.readouterr().err
