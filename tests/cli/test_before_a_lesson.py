"""What the README tells teachers to type before a lesson, each line of it."""

import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import thaw
from transfer_core.cli.servers.classroom import classroom

README = Path(__file__).parents[2] / "README.md"


def test_what_a_teacher_types(
    thaw_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THAW_WEIGHTS_URL", "http://127.0.0.1:9")  # where nobody answers
    section = README.read_text("utf-8").split("## For teachers")[1].split("\n## ")[0]
    lines = [shlex.split(line.split("#")[0])[1:] for line in section.splitlines() if line.startswith("thaw ")]
    doctor, bases, fetch, take, room = lines

    _, said, _ = thaw(capfd, *doctor)
    assert "Pretrained weights: of" in said and "thaw weights import DIR" in said
    code, said, _ = thaw(capfd, *bases)
    state = {row[0]: row[-1] for row in map(str.split, said.splitlines()) if row}
    assert (code, state["efficientnet-lite0"], state[fetch[-1]]) == (0, "bundled", "download")
    code, _, said = thaw(capfd, *fetch)
    assert code == 2 and "could not be reached" in said and "choose a base whose weights are installed" in said

    # Of the published files one that comes as a package is here without a network: it takes the place of ResNet50's.
    code, said, _ = thaw(capfd, *fetch[:-1], "efficientnet-lite1")
    file = Path(said.strip().partition(": ")[2])
    Path(take[-1]).mkdir()
    shutil.copy(file, take[-1])
    code, said, _ = thaw(capfd, *take)
    taken = Path(said.strip().partition(": ")[2])
    assert code == 0 and taken.read_bytes() == file.read_bytes() and thaw_home in taken.parents

    # What it starts is tried by tests/browser/test_classroom.py; here that it takes these words.
    with classroom.make_context(room[0], room[1:]) as given:
        assert (given.params["name"], given.params["students"]) == ("Class 7b", 30)
